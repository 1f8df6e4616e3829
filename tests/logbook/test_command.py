"""`watchroom logbook export|verify` as a person uses it (LOG-03, LOG-05)."""

import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from app.logbook_commands import logbook_app
from core.words import LANGUAGES, say
from logbook import entries
from logbook.audit import verify_store
from logbook.checkpoints import checkpoint
from logbook.finding import Asked, find
from logbook.keys import key_fingerprint, load_or_make_key
from logbook.tables import log_text
from logbook.walk import Why
from sites.store import save
from store.db import Store
from tests.logbook.conftest import SITE, START, Told, line, write
from tests.night import HARBOUR
from tests.servers import create_schema

ROOT = Path(__file__).parents[2]


@pytest.fixture
def saved(told: Told, tmp_path: Path) -> Path:
    file = tmp_path / "export.jsonl"
    file.write_bytes(told.data)
    return file


def run(*args: object) -> tuple[int, str]:
    done = CliRunner().invoke(logbook_app, [str(a) for a in args])
    return done.exit_code, done.output


def test_a_good_export_is_told_with_what_it_does_not_prove(saved: Path, key: Ed25519PrivateKey) -> None:
    code, said = run("verify", saved)
    assert code == 0
    assert said.startswith("OK  完好  harbour-garden: 21 entries")
    assert key_fingerprint(key) in said
    assert "NOT proven: whose key that is." in said
    assert "last 7 entries" in said


def test_a_known_key_and_a_kept_checkpoint_leave_nothing_unproven(
    saved: Path, told: Told, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    pem, note = tmp_path / "public.pem", tmp_path / "note"
    pem.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    note.write_text(told.notes[1], encoding="utf-8")
    code, said = run("verify", saved, "--public-key", pem, "--checkpoint", note)
    assert (code, "NOT proven" in said) == (0, False)
    code, said = run("verify", saved, "--fingerprint", key_fingerprint(key).upper().replace("-", " "))
    assert (code, "whose key" in said) == (0, False)


def test_another_key_is_not_believed(saved: Path, other_key: Ed25519PrivateKey) -> None:
    code, said = run("verify", saved, "--fingerprint", key_fingerprint(other_key))
    assert code == 1
    assert "由未知密钥签名 / Signed with a key that is not known" in said
    assert run("verify", saved, "--fingerprint", "12ab")[0] == 2


def test_a_changed_entry_is_named(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes().replace(b"B2-11", b"B2-12"))
    code, said = run("verify", saved)
    assert code == 1
    assert "BAD 不完好  harbour-garden: 记录被改动 / An entry was changed\n    entry 记录 12\n" in said
    assert "第 12 条的内容、它的链值，或它之前某条，在写入之后被改动。" in said
    assert "The text of entry 12, its chain value, or an entry before it was changed after it was written." in said
    assert run("verify", saved, "--quiet") == (1, "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", sorted(Why))
def test_whatever_is_wrong_is_explained(why: Why, language: str) -> None:
    told = say(f"verify_means.{why}", language, first=3, last=9)
    assert told != f"verify_means.{why}"
    assert say(f"verify.{why}", language) != f"verify.{why}"
    assert "{" not in told


def test_verifying_needs_no_database_and_starts_quickly(saved: Path) -> None:
    program = "import sys; from app.logbook_commands import logbook_app; sys.argv[0] = 'x'; logbook_app(standalone_mode=False)\n"
    program += "assert not {'sqlalchemy', 'fastapi', 'store'} & sys.modules.keys()"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program, "verify", saved], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 10


def test_an_export_writes_its_own_line_and_is_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOG-05: every export is in the log; the checkpoint that goes with it covers all."""
    monkeypatch.setenv("WATCHROOM_DATA", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'watchroom.db'}"
    create_schema(url)
    store = Store(url)
    write(store, 3)
    with store.begin() as tx:
        save(tx.conn, msgspec.structs.replace(HARBOUR, site_id=SITE, version=1), "", START)
    out = tmp_path / "out.jsonl"
    code, said = run("export", SITE, "-o", out)
    assert code == 0, said
    assert out.stat().st_mode & 0o777 == 0o600
    lines = out.read_bytes().splitlines()
    assert json.loads(lines[0])["time_zone"] == "Asia/Shanghai"
    assert '"act":"logbook.exported"' in json.loads(lines[4])["body"]
    code, said = run("verify", out)
    assert (code, "last " in said) == (0, False)
    assert key_fingerprint(load_or_make_key(tmp_path / "keys" / "logbook.pem")) in said
    with store.read() as conn:
        assert verify_store(conn, SITE).sealed == 4
    store.close()
    assert run("export", "nowhere")[0] == 2


def test_the_key_is_made_once_and_for_the_server_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "logbook.pem"
    first = load_or_make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert key_fingerprint(load_or_make_key(path)) == key_fingerprint(first)
    assert [p.name for p in path.parent.iterdir()] == ["logbook.pem"]
    path.write_text("nonsense")
    with pytest.raises(ValueError, match=r"logbook\.pem"):
        load_or_make_key(path)


def test_the_index_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOG-07: derived data, by a command."""
    url = f"sqlite:///{tmp_path / 'watchroom.db'}"
    monkeypatch.setenv("WATCHROOM_STORE", url)
    create_schema(url)
    store = Store(url)
    with store.begin() as tx:
        save(tx.conn, msgspec.structs.replace(HARBOUR, site_id=SITE, version=1), "", START)
    write(store, 3)
    with store.begin() as tx:
        tx.conn.execute(log_text.delete())
    assert CliRunner().invoke(logbook_app, ["reindex", SITE]).exit_code == 0
    with store.read() as conn:
        assert find(conn, SITE, Asked("烟感"), 10) == [3, 2, 1]
    store.close()
    assert CliRunner().invoke(logbook_app, ["reindex", "nowhere"]).exit_code == 2


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose site wrote three entries in March 2022, under a checkpoint, and one just now."""
    monkeypatch.setenv("WATCHROOM_DATA", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'watchroom.db'}"
    create_schema(url)
    store, key = Store(url), load_or_make_key(tmp_path / "keys" / "logbook.pem")
    then = START.replace(year=2022)
    with store.begin([SITE]) as tx:
        save(tx.conn, msgspec.structs.replace(HARBOUR, site_id=SITE, version=1), "", START)
        entries.append(tx, SITE, [msgspec.structs.replace(line(i), at=then) for i in range(3)])
        checkpoint(tx, SITE, then, key)
        entries.append(tx, SITE, [line(9)])
    store.close()
    return tmp_path


def test_a_month_is_archived_by_a_command_and_verified_by_another(served: Path) -> None:
    """LOG-09."""
    out = served / "out.zip"
    code, said = run("archive", SITE, "2022-03", "-o", out)
    assert code == 0, said
    assert out.stat().st_mode & 0o777 == 0o600
    code, said = run("verify", out)
    assert (code, said.startswith("OK  完好  harbour-garden: 3 entries")) == (0, True)
    assert run("archive", SITE, "2022-03", "-o", out)[0] == 0  # the same again
    out.write_bytes(out.read_bytes()[:-400])
    assert run("verify", out)[0] == 1
    code, said = run("archive", SITE, "2099-01")
    assert (code, "A month can be archived when it is over." in said) == (2, True)
    assert run("archive", "nowhere", "2022-03")[0] == 2
    assert run("archive", SITE, "2022-03", "--language", "fr")[0] == 2


def test_what_is_over_is_deleted_by_a_command_that_asks(served: Path) -> None:
    """LOG-04."""
    code, said = run("purge", SITE, "--dry-run")
    assert (code, f"{SITE}: 3 texts" in said) == (0, True)
    assert CliRunner().invoke(logbook_app, ["purge", SITE], input="n\n").exit_code == 1
    code, said = run("purge", SITE, "--yes")
    assert (code, "3 texts and 0 files deleted" in said) == (0, True)
    assert "0 texts" in run("purge", SITE, "--yes")[1]
    out = served / "out.jsonl"
    assert run("export", SITE, "-o", out)[0] == 0
    assert run("verify", out)[0] == 0
    code, said = run("archive", SITE, "2022-03")
    assert (code, "deleted after its time" in said) == (2, True)
