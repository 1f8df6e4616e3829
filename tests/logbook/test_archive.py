"""A month is closed into one file that can be read by people and checked by anyone (LOG-09, LOG-10, RPT-06)."""

import io
import random
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import Invalid, Refusal
from logbook import acts, archive, entries, files, months, printing, typeset
from logbook.archive_check import check
from logbook.checkpoints import checkpoint
from logbook.errors import AlreadyArchived, AlreadyReceived, FileChanged, LogBroken, MonthNotOver, NoFont, NoSuchArchive
from logbook.forms import Attached, Draft
from logbook.notes import fingerprint, raw_public
from logbook.rules import Line
from logbook.walk import Why
from store.db import Store
from tests.logbook.conftest import SITE, exported, line
from tests.logbook.test_tampering import check as check_export
from tests.logbook.test_tampering import unguarded
from tests.night import HARBOUR

REGISTER = msgspec.structs.replace(HARBOUR, site_id=SITE, version=1, time_zone="Asia/Shanghai")
MARCH = datetime(2026, 3, 1, tzinfo=UTC) - timedelta(hours=8)  # midnight in Shanghai
APRIL = datetime(2026, 4, 1, tzinfo=UTC) - timedelta(hours=8)


def written(store: Store, key: Ed25519PrivateKey, folder: Path) -> str:
    """Five entries in February, twelve in March with a checkpoint and a photo, three in April. Gives the photo's hash."""
    photo = files.keep(folder, b"\x89PNG\r\n\x1a\n" + bytes(64))
    for start, count in ((MARCH - timedelta(days=3), 5), (MARCH, 11), (APRIL, 3)):
        with store.begin([SITE]) as tx:
            lines = [msgspec.structs.replace(line(i), at=start + i * timedelta(hours=5)) for i in range(count)]
            entries.append(tx, SITE, lines)
            checkpoint(tx, SITE, start + timedelta(hours=5 * count), key)
            if start == MARCH:
                at = start + timedelta(days=20)
                acts.upload(tx, SITE, photo, "wang", at)
                draft = Draft(
                    {"text": "二楼漏水，见照片"}, zone="b7", attachments=(Attached(photo.sha256, "漏水.png"),)
                )
                acts.write(tx, REGISTER, draft, "wang", at)
    return photo.sha256


def make(store: Store, key: Ed25519PrivateKey, folder: Path, month: str = "2026-03", **given: Any) -> months.Archived:
    told = {"at": APRIL + timedelta(days=1), "by": "the-manager", **given}
    return archive.make(store, REGISTER, month, folder / "archives", folder / "files", key=key, **told)


def opened(folder: Path, month: str = "2026-03") -> bytes:
    return archive.place(folder / "archives", SITE, month).read_bytes()


def test_a_month_is_archived_and_verifies_from_the_file_alone(
    store: Store, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    photo = written(store, key, tmp_path / "files")
    seen: list[tuple[int, int]] = []
    made = make(store, key, tmp_path, progress=lambda done, whole: seen.append((done, whole)))
    assert (made.first, made.last, seen[-1]) == (6, 17, (24, 24))
    data = opened(tmp_path)
    assert len(data) == made.size
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = packed.namelist()
        assert packed.read("checkpoint.txt").decode() == made.note
        assert packed.read("volume-01.pdf").startswith(b"%PDF-1.7")
    assert set(names) == {
        *("SHA256SUMS", "SHA256SUMS.seal", "checkpoint.txt", "logbook.jsonl", "volume-01.pdf"),
        f"attachments/{photo}.png",
    }
    mine = fingerprint(raw_public(key))
    answer = check(io.BytesIO(data), pins=[mine], kept=[made.note])
    assert (answer.ok, answer.size, answer.sealed, answer.keys) == (True, 17, 17, (mine,)), answer
    assert check(io.BytesIO(data), pins=["0" * 32]).why is Why.UNKNOWN_KEY
    assert check_export(exported(store, key), kept=[made.note]).ok  # the archive's note is worth keeping
    with store.read() as conn:
        last = entries.read(conn, SITE, limit=1)[0]
        assert [a.month for a in months.archived(conn, SITE)] == ["2026-03"]
        assert months.not_archived(conn, SITE, REGISTER.zone_info, APRIL + timedelta(days=40)) == ["2026-02", "2026-04"]
    assert (last.act, last.subject, last.data["sha256"]) == ("logbook.archived", "month/2026-03", made.sha256)


def test_months_follow_each_other_without_a_gap(store: Store, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    """The second begins where the first ended, without the log being followed from its start; an empty month has its page."""
    written(store, key, tmp_path / "files")
    at = APRIL + timedelta(days=70)
    made = [make(store, key, tmp_path, month, at=at) for month in ("2026-02", "2026-03", "2026-04", "2026-05")]
    assert [(m.first, m.last) for m in made] == [(1, 5), (6, 17), (18, 20), (21, 20)]
    for one in made:
        assert check(io.BytesIO(opened(tmp_path, one.month)), kept=[one.note]).ok
    assert check(io.BytesIO(opened(tmp_path, "2026-04")), kept=[made[0].note]).why is Why.KEPT_OUTSIDE
    assert check(io.BytesIO(opened(tmp_path, "2026-03")), kept=[made[2].note]).why is Why.KEPT_OUTSIDE


def test_whatever_is_done_to_an_archive_is_found(store: Store, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    """Each file changed, taken out, or added; and bytes of the file itself, by seed."""
    written(store, key, tmp_path / "files")
    make(store, key, tmp_path)
    data = opened(tmp_path)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        whole = {name: packed.read(name) for name in packed.namelist()}
    cases: list[dict[str, bytes]] = [whole | {"more.txt": b""}]
    for name, content in whole.items():
        cases += [{k: v for k, v in whole.items() if k != name}, whole | {name: content[:-1]}]
        cases.append(whole | {name: bytes([content[0] ^ 1]) + content[1:]})
    for case in cases:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            for name, content in case.items():
                packed.writestr(name, content)
        assert not check(out).ok
    dice, missed = random.Random(20260401), []
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        starts = {i.filename: i.header_offset + 30 + len(i.filename) for i in packed.infolist()}
    for i in sorted(dice.sample(range(len(data)), 200)):
        broken = bytearray(data)
        broken[i] ^= 1 << dice.randrange(8)
        if check(io.BytesIO(bytes(broken))).ok and _content(bytes(broken)) != whole:
            missed.append(i)
    assert missed == [], starts
    assert check(io.BytesIO(b"PK\x03\x04")).why is Why.ARCHIVE_FILE


def _content(data: bytes) -> dict[str, bytes]:
    """A bit of the zip's own book-keeping (a time, a mode) is nobody's evidence: what counts is what is in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_lines_that_begin_elsewhere_are_found(store: Store, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    """What the header says of the time before is vouched for by the last checkpoint only."""
    written(store, key, tmp_path / "files")
    make(store, key, tmp_path)
    lines = _content(opened(tmp_path))["logbook.jsonl"]
    assert check_export(lines).ok
    head = msgspec.json.decode(lines.splitlines()[0])
    for name, wrong in [("chain", "00" * 32), ("frontier", "00" * 64), ("after", 4), ("frontier", "zz")]:
        changed = {**head, "part": {**head["part"], name: wrong}}
        told = msgspec.json.encode(changed) + b"\n" + b"".join(lines.splitlines(keepends=True)[1:])
        assert not check_export(told).ok
    short = [text for text in lines.splitlines(keepends=True) if not text.startswith(b'{"checkpoint"')]
    assert check_export(b"".join(short)).why is Why.NOT_SWORN


@pytest.mark.parametrize(
    ("month", "given", "refusal"),
    [
        ("2026-04", {}, MonthNotOver),
        ("2026-13", {}, Invalid),
        ("march", {}, Invalid),
    ],
)
def test_what_cannot_be_archived_is_refused(
    store: Store, key: Ed25519PrivateKey, tmp_path: Path, month: str, given: dict[str, Any], refusal: type[Refusal]
) -> None:
    written(store, key, tmp_path / "files")
    with pytest.raises(refusal):
        make(store, key, tmp_path, month, **given)
    assert not list((tmp_path / "archives").rglob("*.zip"))


def test_nothing_is_archived_that_does_not_verify(store: Store, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    photo = written(store, key, tmp_path / "files")
    place = tmp_path / "files" / photo[:2] / photo[2:]
    place.write_bytes(b"another")
    with pytest.raises(FileChanged):
        make(store, key, tmp_path)
    files.keep(tmp_path / "files", b"\x89PNG\r\n\x1a\n" + bytes(64))
    unguarded(store)
    with store.begin() as tx:
        tx.conn.exec_driver_sql("UPDATE log_entry SET chain = body WHERE n = 9")
    with pytest.raises(LogBroken):
        make(store, key, tmp_path)
    assert [p.name for p in (tmp_path / "archives").rglob("*")] == [SITE]
    with store.read() as conn:
        assert months.archived(conn, SITE) == []


def test_a_month_is_archived_once_and_received_once(store: Store, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    """RPT-06."""
    written(store, key, tmp_path / "files")
    with store.begin([SITE]) as tx, pytest.raises(NoSuchArchive):
        months.receive(tx, SITE, "2026-03", "", by="archivist", at=APRIL)
    make(store, key, tmp_path)
    with pytest.raises(AlreadyArchived):
        make(store, key, tmp_path)
    with store.begin([SITE]) as tx:
        had = months.receive(tx, SITE, "2026-03", "档案室", by="archivist", at=APRIL + timedelta(days=2))
    assert (had.received_by, had.comment) == ("archivist", "档案室")
    with store.begin([SITE]) as tx, pytest.raises(AlreadyReceived):
        months.receive(tx, SITE, "2026-03", "", by="archivist", at=APRIL + timedelta(days=3))


def test_without_a_font_for_chinese_there_is_no_archive(
    store: Store, key: Ed25519PrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of boxes is no evidence."""
    written(store, key, tmp_path / "files")
    monkeypatch.setattr(printing.subprocess, "run", lambda *_a, **_k: CompletedProcess([], typeset.NO_FONT, b"", b""))
    with pytest.raises(NoFont):
        make(store, key, tmp_path)
    assert not list((tmp_path / "archives").rglob("*.zip"))


def test_a_family_that_is_missing_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(typeset, "font", lambda: "No Such Family")
    data = printing._encode({"made_at": "2026-04-01T00:00:00+00:00", "lang": "zh", "cover": None, "days": [], **WORDS})
    monkeypatch.setattr(typeset.sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert typeset.main() == typeset.NO_FONT
    assert "no such family" in capsys.readouterr().err.lower()


WORDS = {"title": "t", "volume": "v", "chain": "c", "words": {"nothing": "n"}}


def test_an_archive_goes_with_its_time(store: Store, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    """LOG-04: the file holds the texts, too."""
    written(store, key, tmp_path / "files")
    make(store, key, tmp_path)
    late = APRIL + timedelta(days=400)
    with store.begin([SITE]) as tx:
        entries.append(tx, SITE, [Line(late, "x", "system", "site", {})])
    for at, there in ((APRIL + timedelta(days=364), True), (late, False)):
        archive.expire(store, REGISTER, tmp_path / "archives", before=at - timedelta(days=365), at=at)
        assert archive.place(tmp_path / "archives", SITE, "2026-03").exists() is there
    with store.read() as conn:
        assert months.one(conn, SITE, "2026-03").gone_at == late
