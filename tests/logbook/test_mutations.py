"""Ten thousand ways to tamper, made by seed (LOG-03, faults §4): whatever somebody with the file, a key of their own, or
even the server's key does to a log, the offline verifier finds it.
"""

import io
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from logbook import acts, files
from logbook.forms import Attached, Draft
from logbook.notes import raw_public
from logbook.verify import verify
from store.db import Store
from tests.logbook.conftest import SITE, START, exported, sworn, write
from tests.logbook.test_retention import REGISTER
from tests.logbook.test_tampering import Lines, lines_of, resealed
from tests.servers import create_schema

COUNT = 10_000
Dice = random.Random


class Book:
    """Six entries, two photos and two checkpoints; a second log of the same site; and what was kept elsewhere."""

    def __init__(self, folder: Path, key: Ed25519PrivateKey, other: Ed25519PrivateKey) -> None:
        self.key, self.other, self.folder = key, other, folder / "files"
        self.data, self.notes, self.names = self._made(folder / "mine.db", 0)
        self.foreign, _, _ = self._made(folder / "second.db", 100)
        self.lines, self.others = lines_of(self.data), lines_of(self.foreign)
        self.places = [self.folder / name[:2] / name[2:] for name in self.names]

    def _made(self, file: Path, start: int) -> tuple[bytes, list[str], list[str]]:
        create_schema(f"sqlite:///{file}")
        store = Store(f"sqlite:///{file}")
        kept = [files.keep(self.folder, f"photo {start} {i}".encode()) for i in range(2)]
        notes = []
        for part in range(2):
            write(store, 2, start=start + 2 * part)
            with store.begin([SITE]) as tx:
                acts.upload(tx, SITE, kept[part], "wang", START)
                acts.write(
                    tx, REGISTER, Draft({"text": "见照片"}, attachments=(Attached(kept[part].sha256),)), "wang", START
                )
            notes.append(sworn(store, self.key, part))
        data = exported(store, self.key)
        store.close()
        return data, notes, [one.sha256 for one in kept]

    def found(self, data: bytes) -> bool:
        """Whether somebody who knows the key's fingerprint and kept the last checkpoint finds that something is wrong."""
        return not verify(
            io.BytesIO(data), keys=[raw_public(self.key)], pins=(), kept=self.notes, attachments=self.folder
        ).ok


def flip(book: Book, dice: Dice) -> bytes:
    made = bytearray(book.data)
    made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)
    return bytes(made)


def overwrite(book: Book, dice: Dice) -> bytes:
    at, size = dice.randrange(len(book.data)), dice.randrange(1, 40)
    return book.data[:at] + dice.randbytes(size) + book.data[at + size :]


def drop_bytes(book: Book, dice: Dice) -> bytes:
    at = dice.randrange(len(book.data))
    return book.data[:at] + book.data[at + dice.randrange(1, 60) :]


def insert_bytes(book: Book, dice: Dice) -> bytes:
    at, start = dice.randrange(len(book.data) + 1), dice.randrange(len(book.data))
    return book.data[:at] + book.data[start : start + dice.randrange(1, 60)] + book.data[at:]


def truncate(book: Book, dice: Dice) -> bytes:
    return book.data[: dice.randrange(len(book.data))]


def delete_lines(book: Book, dice: Dice) -> bytes:
    at = dice.randrange(len(book.lines))
    return b"".join(book.lines[:at] + book.lines[at + dice.randrange(1, 4) :])


def swap_lines(book: Book, dice: Dice) -> bytes:
    lines = [*book.lines]
    a, b = dice.sample(range(len(lines)), 2)
    lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


def insert_line(book: Book, dice: Dice) -> bytes:
    """A line of its own twice, or one of the second log, which the same key signed."""
    at = dice.randrange(len(book.lines) + 1)
    return b"".join([*book.lines[:at], dice.choice(book.lines + book.others), *book.lines[at:]])


def swap_checkpoint(book: Book, dice: Dice) -> bytes:
    """One for the other, or for one of the second log."""
    marks = [i for i, text in enumerate(book.lines) if text.startswith(b'{"checkpoint"')]
    at = dice.choice(marks)
    there = [text for text in book.lines + book.others if text.startswith(b'{"checkpoint"') and text != book.lines[at]]
    return b"".join([*book.lines[:at], dice.choice(there), *book.lines[at + 1 :]])


def _edited(book: Book, dice: Dice) -> Lines:
    """An entry's words changed, an entry taken out, one doubled, or two exchanged."""
    lines = [*book.lines]
    rows = [i for i, text in enumerate(lines) if text.startswith(b'{"n":')]
    at, other = dice.sample(rows, 2)
    match dice.randrange(4):
        case 0:
            old, new = ((b"2026-03-01", b"2026-03-02"), (b'\\"site\\":', b'\\"sites\\":'))[dice.randrange(2)]
            lines[at] = lines[at].replace(old, new)
            assert lines != book.lines
        case 1:
            del lines[at]
        case 2:
            lines.insert(at, lines[other])
        case _:
            lines[at], lines[other] = lines[other], lines[at]
    return lines


def rehash_with_another_key(book: Book, dice: Dice) -> bytes:
    """Chain, tree, checkpoints and seal made anew by who has not the key."""
    return resealed(_edited(book, dice), book.other, checkpoints=dice.random() < 0.8)


def fork(book: Book, dice: Dice) -> bytes:
    """The same by who has the key: a second log of the site, as long or shorter, is found by what was kept elsewhere."""
    return resealed(_edited(book, dice), book.key, checkpoints=dice.random() < 0.8)


def old_backup(book: Book, dice: Dice) -> bytes:
    """Cut at an entry, and sealed again with the true key."""
    rows = [i for i, text in enumerate(book.lines) if text.startswith(b'{"n":')]
    return resealed([*book.lines[: dice.choice(rows)], book.lines[-1]], book.key)


WAYS: dict[Callable[[Book, Dice], bytes], int] = {
    flip: 30,
    overwrite: 8,
    drop_bytes: 8,
    insert_bytes: 8,
    truncate: 8,
    delete_lines: 6,
    swap_lines: 8,
    insert_line: 8,
    swap_checkpoint: 4,
    rehash_with_another_key: 5,
    fork: 5,
    old_backup: 2,
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    keys = (Ed25519PrivateKey.from_private_bytes(bytes(range(i, 32 + i))) for i in (0, 1))
    return Book(tmp_path_factory.mktemp("book"), *keys)


def test_the_log_itself_is_good(book: Book) -> None:
    assert not book.found(book.data)


def test_ten_thousand_ways_to_tamper_are_found(book: Book) -> None:
    dice, done, missed = random.Random(20260302), Counter[str](), []
    ways, weights = list(WAYS), list(WAYS.values())
    while sum(done.values()) < COUNT:
        way = dice.choices(ways, weights)[0]
        made = way(book, dice)
        if made == book.data:
            continue  # a line swapped with itself is no tampering
        done[way.__name__] += 1
        if not book.found(made):
            missed.append((way.__name__, done[way.__name__]))
    assert missed == []
    assert set(done) == {way.__name__ for way in WAYS}
    assert min(done.values()) > 150


def test_a_photo_that_was_changed_on_disk_is_found(book: Book) -> None:
    """Every bit of both, and a missing one."""
    count = 0
    for place in book.places:
        true = place.read_bytes()
        for i in range(len(true) * 8):
            broken = bytearray(true)
            broken[i // 8] ^= 1 << i % 8
            place.write_bytes(bytes(broken))
            assert book.found(book.data)
            count += 1
        place.unlink()
        assert book.found(book.data)
        place.write_bytes(true)
    assert count > 100
    assert not book.found(book.data)
