"""Attachments: what may be attached, where it lies, and what happens when the disk lies (LOG-02, LOG-03)."""

import io
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import Refusal
from logbook import acts, files
from logbook.errors import FileChanged, FileGone, FileTooLarge, FileType, NotAttached
from logbook.forms import Attached, Draft
from logbook.verify import verify
from logbook.walk import Why
from store.db import Store
from tests.logbook.conftest import exported
from tests.logbook.test_writing import AT, SITE

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        (PNG, "image/png"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7\n\xe2\xe3", "application/pdf"),
        ("现场情况\r\n".encode(), "text/plain"),
        (b"<html><script>", "text/plain"),
        (b"", None),
        (b"MZ\x90\0", None),
        (b"GIF89a\xff", None),
        (b"RIFF\x10\0\0\0WAVEfmt \0", None),
        (b"nul\0", None),
        ("烟感".encode("gb18030"), None),
    ],
)
def test_the_bytes_say_what_a_file_is(data: bytes, kind: str | None) -> None:
    assert files.sniff(data) == kind


def test_a_file_lies_under_its_hash_for_the_server_alone(tmp_path: Path) -> None:
    kept = files.keep(tmp_path, PNG)
    place = tmp_path / kept.sha256[:2] / kept.sha256[2:]
    assert (kept.size, kept.type, place.read_bytes()) == (72, "image/png", PNG)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert files.keep(tmp_path, PNG) == kept
    assert [p.name for p in place.parent.iterdir()] == [place.name]
    assert files.fetch(tmp_path, kept.sha256) == PNG


@pytest.mark.parametrize(
    ("data", "refusal"), [(b"x" * (files.MAX_FILE + 1), FileTooLarge), (b"\0", FileType), (b"", FileType)]
)
def test_what_may_not_be_attached_leaves_nothing(tmp_path: Path, data: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        files.keep(tmp_path, data)
    assert list(tmp_path.iterdir()) == []


def test_a_crash_in_the_middle_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", die)
    with pytest.raises(OSError, match="disk full"):
        files.keep(tmp_path, PNG)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_file_changed_on_disk_is_refused_and_mended_by_the_same_upload(tmp_path: Path) -> None:
    kept = files.keep(tmp_path, PNG)
    place = tmp_path / kept.sha256[:2] / kept.sha256[2:]
    for damage in (PNG[:-1], PNG + b"x", bytes([PNG[0] ^ 1]) + PNG[1:]):
        place.write_bytes(damage)
        with pytest.raises(FileChanged):
            files.fetch(tmp_path, kept.sha256)
        files.keep(tmp_path, PNG)
        assert files.fetch(tmp_path, kept.sha256) == PNG
    place.unlink()
    for name in (kept.sha256, "../../etc/passwd", kept.sha256.upper(), ""):
        with pytest.raises(FileGone):
            files.fetch(tmp_path, name)


def test_the_verifier_finds_a_changed_or_missing_attachment(
    store: Store, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    """The hash is in the entry, so the file is under the same seal."""
    kept = files.keep(tmp_path, PNG)
    draft = Draft({"text": "见照片"}, attachments=(Attached(kept.sha256, "漏水.png"),))
    with store.begin([SITE.site_id]) as tx:
        with pytest.raises(NotAttached):
            acts.write(tx, SITE, draft, "wang", AT)
        acts.write(tx, SITE, Draft({"text": '"attachments":[{'}), "wang", AT)
        acts.upload(tx, SITE.site_id, kept, "wang", AT)
        acts.upload(tx, SITE.site_id, kept, "li", AT)
        acts.write(tx, SITE, draft, "wang", AT)
    with store.read() as conn:
        assert acts.uploaded(conn, "elsewhere", [kept.sha256]) == {}
    data = exported(store, key, SITE.site_id)
    assert verify(io.BytesIO(data), attachments=tmp_path).ok
    place = tmp_path / kept.sha256[:2] / kept.sha256[2:]
    place.write_bytes(PNG[:-1])
    answer = verify(io.BytesIO(data), attachments=tmp_path)
    assert (answer.why, answer.first_bad) == (Why.FILE_CHANGED, 2)
    assert "漏水.png" in answer.detail
    place.unlink()
    assert verify(io.BytesIO(data), attachments=tmp_path).why is Why.FILE_GONE
    assert verify(io.BytesIO(data)).ok
