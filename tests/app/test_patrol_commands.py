"""`watchroom patrol tags`: what is printed for an encoder makes reads that the server believes (PAT-11)."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.imports import import_site
from app.patrol_commands import patrol_app
from app.settings import Settings
from ingest.desks import Desks
from patrol import sun, tag_store
from patrol.keys import GuessableKey, Ring, refuse_guessable
from patrol.sun import Keys, Read
from sites.pack import digest
from store.db import Store
from tests.api.conftest import MINE, START, staffed
from tests.servers import create_schema

UID = "04DE5F1EACC040"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WATCHROOM_DATA", str(tmp_path))
    settings = Settings()
    create_schema(settings.store_url)
    register = staffed(MINE)
    store = Store(settings.store_url)
    import_site(store, Desks(), register, digest(register), START, "system")
    store.close()
    return settings


def run(*words: str) -> tuple[int, str]:
    made = CliRunner().invoke(patrol_app, ["tags", *words])
    return made.exit_code, made.output


def printed(text: str) -> Keys:
    return Keys(*(bytes.fromhex(key) for key in re.findall(r"key \(\d\)\s+([0-9A-F]{32})", text)))


def test_a_tag_is_provisioned_and_rotated(data: Settings) -> None:
    point = next(iter(staffed(MINE).checkpoints))
    code, text = run("provision", MINE, point, UID)
    assert (code, f"/t?s={MINE}&p=" in text) == (0, True)
    first = printed(text)
    ring = Ring(data.tag_key())
    address, mac = sun.spoken(Read(UID, 1), first, b"12345")
    assert ring.named(MINE, address, 1) == Read(UID, 1)
    assert ring.proved(MINE, Read(UID, 1), mac, 1)
    code, text = run("rotate", MINE, UID)
    assert (code, printed(text) != first) == (0, True)
    assert f"{UID:<20} sun  active    v2 #0" in run("list", MINE)[1]
    assert run("provision", MINE, point, UID)[0] == 1
    assert run("rotate", MINE, "04DE5F1EACC041")[0] == 1
    store = Store(data.store_url)
    with store.read() as conn:
        assert tag_store.versions(conn, MINE) == (1, 2)
    store.close()


def test_the_master_key_is_the_server_s_own_and_nobody_else_reads_it(data: Settings) -> None:
    assert data.tag_key() == data.tag_key()
    assert (data.data / "keys" / "tags").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("master", [bytes(16), b"\xff" * 16, b"ab" * 8])
def test_a_key_that_can_be_guessed_keeps_a_server_from_starting(master: bytes) -> None:
    with pytest.raises(GuessableKey):
        refuse_guessable("up", master)
    refuse_guessable("demo", master)
