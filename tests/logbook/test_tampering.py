"""Everything a person with the file, or with the database, may try (LOG-03, faults §4). The verifier must name it."""

import hashlib
import io
import json
import random
import unicodedata
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, update

from logbook import entries, guards
from logbook.audit import verify_store
from logbook.checkpoints import checkpoint
from logbook.notes import (
    Checkpoint,
    Seal,
    fingerprint,
    raw_public,
    sign_checkpoint,
    sign_seal,
    verifier_key,
)
from logbook.rules import NO_CHAIN, grow, leaf, link, root
from logbook.tables import log_checkpoint, log_entry
from logbook.verify import verify
from logbook.walk import Verdict, Why
from store.db import Store
from store.tables import site_head
from tests.logbook.conftest import SITE, START, Told, exported, line, sworn, write

Lines = list[bytes]


def check(data: bytes, **known: object) -> Verdict:
    return verify(io.BytesIO(data), **known)  # type: ignore[arg-type]


def lines_of(data: bytes) -> Lines:
    return data.splitlines(keepends=True)


def at_entry(lines: Lines, n: int) -> int:
    """Where entry `n` stands in the file."""
    return next(i for i, text in enumerate(lines) if text.startswith(b'{"n":%d,' % n))


def resealed(lines: Lines, key: Ed25519PrivateKey, *, checkpoints: bool = True) -> bytes:
    """What somebody with a key makes of an export's lines: numbers, chain, tree, checkpoints and seal all anew."""
    made: Lines = []
    chain, peaks, n, marks = NO_CHAIN, [], 0, 0
    size = sum(text.startswith(b'{"n":') for text in lines)
    for text in lines:
        said = json.loads(text)
        if "watchroom_logbook" in said:
            said |= {"size": size, "keys": [verifier_key(SITE, raw_public(key))]}
        elif "n" in said:
            hashed = leaf(said["body"].encode())
            chain = link(chain, hashed)
            grow(peaks, n, hashed)
            n += 1
            said |= {"n": n, "chain": chain.hex()}
        elif "checkpoint" in said:
            if not checkpoints:
                continue
            marks += 1
            said = {"checkpoint": sign_checkpoint(Checkpoint(SITE, n, root(n, b"".join(peaks)), chain, START), key)}
        elif "end" in said:
            at = json.loads(made[0])["exported_at"]
            digest = hashlib.sha256(b"".join(made)).digest()
            seal = sign_seal(Seal(SITE, n, digest, START.fromisoformat(at)), key)
            top = root(n, b"".join(peaks)).hex()
            said = {"end": n, "chain": chain.hex(), "root": top, "checkpoints": marks, "seal": seal}
        made.append(json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
    return b"".join(made)


@pytest.fixture
def export(told: Told) -> bytes:
    return told.data


def test_both_databases_export_the_same_bytes(
    store: Store, watches: list[str], key: Ed25519PrivateKey, told: Told
) -> None:
    assert (exported(store, key), watches) == told


def test_an_export_verifies_from_the_file_alone(export: bytes, key: Ed25519PrivateKey) -> None:
    answer = check(export)
    assert answer.ok
    assert (answer.site_id, answer.size, answer.checkpoints, answer.sealed) == (SITE, 21, 2, 14)
    assert answer.keys == (fingerprint(raw_public(key)),)
    assert not answer.pinned
    assert check(export, pins=answer.keys).ok
    assert check(export, keys=[raw_public(key)]).pinned


def test_an_empty_log_is_exported_too(store: Store, key: Ed25519PrivateKey) -> None:
    answer = check(exported(store, key))
    assert (answer.ok, answer.size) == (True, 0)


def test_text_reads_back_as_it_was_written(export: bytes) -> None:
    said = json.loads(json.loads(lines_of(export)[at_entry(lines_of(export), 3)])["body"])
    assert said["data"] == line(2).data


def test_every_byte_of_the_file_counts(export: bytes) -> None:
    """One bit of every byte, chosen by seed: more than ten thousand flips, each found; one in an entry is found there."""
    dice = random.Random(20260301)
    lines = lines_of(export)
    missed, misplaced, flips = [], [], 0
    start = 0
    for text in lines:
        number = json.loads(text).get("n")
        for i in range(start, start + len(text)):
            broken = bytearray(export)
            broken[i] ^= 1 << dice.randrange(8)
            answer = check(bytes(broken))
            flips += 1
            if answer.ok:
                missed.append(i)
            elif number is not None and answer.first_bad != number:
                misplaced.append((i, number, answer))
        start += len(text)
    assert (missed, misplaced) == ([], [])
    assert flips == len(export) > 5000


def swap(lines: Lines, a: int, b: int) -> Lines:
    i, j = at_entry(lines, a), at_entry(lines, b)
    lines[i], lines[j] = lines[j], lines[i]
    return lines


def without(lines: Lines, n: int) -> Lines:
    del lines[at_entry(lines, n)]
    return lines


def twice(lines: Lines, n: int) -> Lines:
    i = at_entry(lines, n)
    return [*lines[: i + 1], lines[i], *lines[i + 1 :]]


def changed(lines: Lines, n: int, old: str, new: str) -> Lines:
    i = at_entry(lines, n)
    made = lines[i].decode().replace(old, new).encode()
    assert made != lines[i]
    lines[i] = made
    return lines


def chain_of(lines: Lines, n: int, chain: str) -> Lines:
    i = at_entry(lines, n)
    lines[i] = json.dumps(json.loads(lines[i]) | {"chain": chain}, separators=(",", ":"), ensure_ascii=False).encode()
    lines[i] += b"\n"
    return lines


def field(lines: Lines, i: int, **new: object) -> Lines:
    made = json.dumps(json.loads(lines[i]) | new, separators=(",", ":"), ensure_ascii=False)
    lines[i] = made.encode() + b"\n"
    return lines


CASES: list[tuple[str, Callable[[Lines], Lines], Why, int | None]] = [
    ("first entry deleted", lambda x: without(x, 1), Why.MISSING, 1),
    ("middle entry deleted", lambda x: without(x, 11), Why.MISSING, 11),
    ("last entry deleted", lambda x: without(x, 21), Why.CUT, 21),
    ("neighbours swapped", lambda x: swap(x, 4, 5), Why.MISSING, 4),
    ("first and last swapped", lambda x: swap(x, 1, 21), Why.MISSING, 1),
    ("entry duplicated", lambda x: twice(x, 9), Why.OUT_OF_ORDER, 10),
    ("order reversed", lambda x: [x[0], *x[-2:0:-1], x[-1]], Why.MISSING, 1),
    ("stored hash changed alone", lambda x: chain_of(x, 8, "00" * 32), Why.CHANGED, 8),
    ("stored hash in capitals", lambda x: chain_of(x, 8, "AB" * 32), Why.WRONG_SHAPE, 8),
    ("another person named", lambda x: changed(x, 6, '\\"p0\\"', '\\"p9\\"'), Why.CHANGED, 6),
    ("another time", lambda x: changed(x, 6, "14:00:05", "14:00:06"), Why.CHANGED, 6),
    ("number written as another float", lambda x: changed(x, 8, '\\"ratio\\":1.0', '\\"ratio\\":1.00'), Why.CHANGED, 8),
    ("accents decomposed", lambda x: changed(x, 3, "café", unicodedata.normalize("NFD", "café")), Why.CHANGED, 3),
    ("space added in the body", lambda x: changed(x, 3, '{\\"act', '{ \\"act'), Why.CHANGED, 3),
    ("field added to the line", lambda x: field(x, at_entry(x, 3), more=1), Why.WRONG_SHAPE, 3),
    ("checkpoint deleted", lambda x: [t for i, t in enumerate(x) if i != 8], Why.TOTALS, None),
    ("checkpoint moved", lambda x: [*x[:8], x[9], x[8], *x[10:]], Why.CHECKPOINT_PLACE, 1),
    ("checkpoint repeated", lambda x: [*x[:9], x[8], *x[9:]], Why.CHECKPOINT_PLACE, 7),
    ("site renamed in the header", lambda x: field(x, 0, site="office"), Why.FOREIGN_SITE, 1),
    ("time zone changed in the header", lambda x: field(x, 0, time_zone="Asia/Tokyo"), Why.SEAL, None),
    ("time of export changed", lambda x: field(x, 0, exported_at="2027-01-01T00:00:00Z"), Why.SEAL, None),
    ("size changed in the header", lambda x: field(x, 0, size=20), Why.TOTALS, None),
    ("format of a later version", lambda x: field(x, 0, watchroom_logbook=2), Why.NEWER_FORMAT, None),
    ("header gone", lambda x: x[1:], Why.NOT_AN_EXPORT, None),
    ("last line gone", lambda x: x[:-1], Why.CUT, 22),
    ("cut in the middle of a line", lambda x: [*x[:9], x[9][:30]], Why.CUT, 8),
    ("cut after the last newline but one byte", lambda x: [*x[:-1], x[-1][:-1]], Why.CUT, 22),
    ("something after the end", lambda x: [*x, b"\n"], Why.AFTER_END, None),
    ("total changed in the last line", lambda x: field(x, -1, root="00" * 32), Why.TOTALS, None),
    (
        "cut at a checkpoint, totals rewritten",
        lambda x: field([*field(x, 0, size=14)[:17], x[-1]], -1, end=14),
        Why.TOTALS,
        None,
    ),
    ("empty file", lambda _: [], Why.NOT_AN_EXPORT, None),
    ("another file", lambda _: [b"PK\x03\x04\xff\xfe"], Why.NOT_AN_EXPORT, None),
]


@pytest.mark.parametrize(("tamper", "why", "first"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_changed_export_is_found_and_the_place_named(
    export: bytes, tamper: Callable[[Lines], Lines], why: Why, first: int | None
) -> None:
    answer = check(b"".join(tamper(lines_of(export))))
    assert (answer.ok, answer.why, answer.first_bad) == (False, why, first), answer


def test_rehashing_the_chain_without_the_key_meets_the_checkpoint(export: bytes, other_key: Ed25519PrivateKey) -> None:
    """Everything is recomputed, only the true checkpoints cannot be."""
    made = lines_of(resealed(changed(lines_of(export), 9, "p3", "p4"), other_key))
    true = lines_of(export)
    made[0] = field(lines_of(export), 0)[0]
    made[8], made[16] = true[8], true[16]
    answer = check(b"".join(made))
    assert (answer.why, answer.first_bad, answer.last_bad) == (Why.REWRITTEN, 8, 14)


def test_a_log_signed_anew_with_another_key_is_found_by_the_pinned_key(
    export: bytes, key: Ed25519PrivateKey, other_key: Ed25519PrivateKey
) -> None:
    """Without anything known from elsewhere nobody can tell, and the answer says which key it was."""
    forged = resealed(changed(lines_of(export), 9, "p3", "p4"), other_key)
    alone = check(forged)
    assert (alone.ok, alone.pinned, alone.keys) == (True, False, (fingerprint(raw_public(other_key)),))
    for pinned in (
        check(forged, pins=[fingerprint(raw_public(key))]),
        check(forged, keys=[raw_public(key)]),
        check(resealed(lines_of(export), other_key, checkpoints=False), keys=[raw_public(key)]),
    ):
        assert (pinned.ok, pinned.why) == (False, Why.UNKNOWN_KEY)


def test_a_log_cut_by_someone_with_the_key_is_found_by_a_checkpoint_kept_elsewhere(
    export: bytes, key: Ed25519PrivateKey, told: Told
) -> None:
    """Truncated at a checkpoint and sealed again: in itself it is a good log, so only what was kept elsewhere tells."""
    lines = lines_of(export)
    shorter = resealed([*lines[:9], lines[-1]], key)
    assert check(shorter, keys=[raw_public(key)]).ok
    answer = check(shorter, kept=[told.notes[1]])
    assert (answer.why, answer.first_bad, answer.last_bad) == (Why.KEPT_LONGER, 8, 14)
    assert check(export, kept=told.notes).ok


def test_an_old_backup_is_found_by_a_newer_checkpoint(store: Store, key: Ed25519PrivateKey) -> None:
    write(store, 5)
    old = exported(store, key)
    write(store, 5, start=5)
    kept = sworn(store, key, 1)
    answer = check(old, kept=[kept])
    assert (answer.why, answer.first_bad) == (Why.KEPT_LONGER, 6)


def test_a_fork_is_found_by_a_checkpoint_kept_elsewhere(export: bytes, key: Ed25519PrivateKey, told: Told) -> None:
    """Two heads of one size, both signed by the true key."""
    fork = resealed(changed(lines_of(export), 9, "p3", "p4"), key)
    assert check(fork, keys=[raw_public(key)]).ok
    assert check(fork, kept=told.notes[:1]).ok  # they part after the first
    answer = check(fork, kept=told.notes)
    assert (answer.why, answer.last_bad) == (Why.KEPT_DIFFERS, 14)


def test_a_kept_checkpoint_that_was_touched_is_not_believed(export: bytes, told: Told) -> None:
    assert check(export, kept=[told.notes[0].replace("\n7\n", "\n8\n")]).why is Why.KEPT_NOTE
    assert check(export, kept=["nonsense"]).why is Why.KEPT_NOTE


def test_a_checkpoint_older_than_the_one_before_it_is_found(export: bytes, key: Ed25519PrivateKey, told: Told) -> None:
    lines = lines_of(export)
    first, second = (dict(zip("os", n.split("\n")[:2], strict=True)) for n in told.notes)
    assert (first["s"], second["s"]) == ("7", "14")
    said = [json.loads(t) for t in lines]
    peaks: list[bytes] = []
    for n in range(7):
        grow(peaks, n, leaf(said[n + 1]["body"].encode()))
    late = Checkpoint(SITE, 7, root(7, b"".join(peaks)), bytes.fromhex(said[7]["chain"]), START.replace(year=2030))
    lines[8] = json.dumps({"checkpoint": sign_checkpoint(late, key)}, separators=(",", ":")).encode() + b"\n"
    assert check(b"".join(lines)).why is Why.CHECKPOINT_TIME


def test_a_key_that_was_replaced_is_in_the_file_with_the_new_one(
    store: Store, key: Ed25519PrivateKey, other_key: Ed25519PrivateKey
) -> None:
    write(store, 3)
    sworn(store, other_key, 1)
    write(store, 3, start=3)
    sworn(store, key, 2)
    answer = check(exported(store, key))
    assert answer.ok
    assert answer.keys == (fingerprint(raw_public(other_key)), fingerprint(raw_public(key)))
    with store.read() as conn:
        assert verify_store(conn, SITE).ok
        assert verify_store(conn, SITE, [raw_public(key)]).why is Why.UNKNOWN_KEY


def unguarded(store: Store) -> None:
    """Who owns the database can take its guards away."""
    with store.begin() as tx:
        guards.remove(tx.conn)


def body_of(store: Store, n: int) -> bytes:
    with store.read() as conn:
        return bytes(conn.execute(select(log_entry.c.body).where(log_entry.c.n == n)).scalar_one())


OWNER: list[tuple[str, Callable[[Store], object], Why, int | None]] = [
    ("a word", lambda s: update(log_entry).where(log_entry.c.n == 5).values(body=body_of(s, 5).replace(b"p4", b"p3")), Why.CHANGED, 5),
    ("a hash", lambda s: update(log_entry).where(log_entry.c.n == 5).values(chain=b"\1" * 32), Why.CHANGED, 5),
    ("a column", lambda s: update(log_entry).where(log_entry.c.n == 5).values(actor="p1"), Why.COLUMNS, 5),
    ("a time", lambda s: update(log_entry).where(log_entry.c.n == 5).values(at=log_entry.c.at + 1), Why.COLUMNS, 5),
    ("not UTF-8", lambda s: update(log_entry).where(log_entry.c.n == 5).values(body=b"\xff\xfe"), Why.CHANGED, 5),
    ("first gone", lambda s: delete(log_entry).where(log_entry.c.n == 1), Why.MISSING, 1),
    ("middle gone", lambda s: delete(log_entry).where(log_entry.c.n == 12), Why.MISSING, 12),
    ("last gone", lambda s: delete(log_entry).where(log_entry.c.n == 21), Why.CUT, 21),
    ("all gone", lambda s: delete(log_entry), Why.CUT, 1),
    ("head set back", lambda s: update(site_head).values(log_size=20), Why.TOTALS, None),
    ("head set back behind a checkpoint", lambda s: update(site_head).values(log_size=10), Why.CUT, 11),
    ("head's chain", lambda s: update(site_head).values(log_chain=b"\1" * 32), Why.TOTALS, None),
    ("head's tree", lambda s: update(site_head).values(log_frontier=b"\1" * 96), Why.TOTALS, None),
    ("a checkpoint's text", lambda s: update(log_checkpoint).where(log_checkpoint.c.size == 7).values(note="x"), Why.CHECKPOINT, 1),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "why", "first"), [c[1:] for c in OWNER], ids=[c[0] for c in OWNER])
def test_the_owner_of_the_database_cannot_edit_unseen(
    store: Store, watches: list[str], key: Ed25519PrivateKey, edit: Callable[[Store], object], why: Why, first: int
) -> None:
    with store.read() as conn:
        assert verify_store(conn, SITE, [raw_public(key)]).ok
    unguarded(store)
    with store.begin() as tx:
        tx.conn.execute(edit(store))  # type: ignore[call-overload]
    with store.read() as conn:
        answer = verify_store(conn, SITE, [raw_public(key)])
    assert (answer.ok, answer.why, answer.first_bad) == (False, why, first), answer
    if why is not Why.COLUMNS and first is not None:
        assert not check(exported(store, key)).ok


@pytest.mark.parametrize("broken", [{"log_frontier": b"\1" * 32}, {"log_chain": b"\1" * 32}, {"log_size": 10}])
def test_a_head_that_was_edited_is_not_sworn_to(
    store: Store, watches: list[str], key: Ed25519PrivateKey, broken: dict[str, object]
) -> None:
    with store.begin() as tx:
        tx.conn.execute(update(site_head).values(**broken))
    with store.begin([SITE]) as tx:
        assert checkpoint(tx, SITE, START.replace(hour=20), key) is None


def test_the_owner_who_recomputes_the_chain_meets_the_checkpoint(
    store: Store, watches: list[str], key: Ed25519PrivateKey
) -> None:
    with store.begin([SITE]) as tx:
        guards.remove(tx.conn)
        tx.conn.execute(delete(log_entry))
        head = tx.heads[SITE]
        head.log_size, head.log_chain, head.log_frontier = 0, NO_CHAIN, b""
        entries.append(tx, SITE, [line(i if i != 9 else 99) for i in range(21)])
    with store.read() as conn:
        answer = verify_store(conn, SITE, [raw_public(key)])
    assert (answer.why, answer.first_bad, answer.last_bad) == (Why.REWRITTEN, 8, 14)
