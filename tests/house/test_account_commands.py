"""`watchroom account …`, as somebody at the server's own keyboard uses it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.passwords import Passwords
from api.sessions import by_login
from app.account_commands import account_app
from app.imports import import_site
from ingest.desks import Desks
from logbook import entries
from sites import acts
from sites.pack import digest
from store.db import Store
from store.migrate import upgrade
from tests.servers import ROOT


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("WATCHROOM_DATA", str(tmp_path))
    store = Store(f"sqlite:///{tmp_path}/watchroom.db")
    upgrade(store)
    register = acts.check(ROOT / "packs/lakeside-office")
    import_site(store, Desks(), register, digest(register), datetime(2026, 3, 1, tzinfo=UTC), "system")
    yield store
    store.close()


def run(*words: str) -> str:
    done = CliRunner().invoke(account_app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


async def test_somebody_new_is_given_a_password_that_must_be_changed_and_the_logbook_says_so(db: Store) -> None:
    assert "emma.davis" in run("list")
    assert "no password yet" in run("list")
    word = run("password", "emma.davis").strip()
    with db.read() as conn:
        emma = by_login(conn, "emma.davis")
        assert emma is not None
        assert emma.must_change
        assert emma.password_hash is not None
        assert await Passwords().fits(word, emma.password_hash)
        last = entries.read(conn, "lakeside-office", limit=1)[0]
    assert (last.act, last.actor, last.data) == ("account.password", "system", {"login": "emma.davis"})
    assert word not in str(last)


def test_an_account_is_shut_out_and_let_in_again(db: Store) -> None:
    run("disable", "emma.davis")
    with db.read() as conn:
        assert by_login(conn, "emma.davis").disabled  # type: ignore[union-attr]
    run("enable", "emma.davis")
    with db.read() as conn:
        assert not by_login(conn, "emma.davis").disabled  # type: ignore[union-attr]


def test_an_account_that_is_not_there_is_named(db: Store) -> None:
    done = CliRunner().invoke(account_app, ["password", "nobody"])
    assert done.exit_code == 1
    assert "there is no account 'nobody'" in done.stderr
