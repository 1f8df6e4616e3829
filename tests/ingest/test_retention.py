"""The server goes through its logs once a day by itself (LOG-04), on both databases."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from ingest import retention
from ingest.desks import Desks
from logbook import archive, entries, files
from logbook.audit import verify_store
from logbook.checkpoints import checkpoint
from logbook.retention import stands
from logbook.rules import Line
from sites.register import Policies
from sites.store import save
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SITE = HARBOUR.site_id


@pytest.fixture
def old(store: Store, clock: HandClock) -> Store:
    """A site that keeps its log for a year, and wrote something every ten days for two."""
    register = msgspec.structs.replace(HARBOUR, version=1, policies=Policies(log_retention_days=365))
    with store.begin() as tx:
        save(tx.conn, register, "hash", clock())
    for _ in range(73):
        with store.begin([SITE]) as tx:
            entries.append(tx, SITE, [Line(clock(), "alert.note", "wang", "site", {"text": "t"})])
            checkpoint(tx, SITE, clock(), KEY)
        clock.tick(10 * 86400)
    return store


def test_once_a_day_what_is_over_goes(old: Store, clock: HandClock, tmp_path: Path) -> None:
    """The texts, the file that no entry has, and the archive of a month that is over; the log verifies as before."""
    with old.read() as conn:
        register = Desks().register(conn, SITE)
    assert register is not None
    archive.make(old, register, "2026-03", tmp_path / "archives", None, key=KEY, by="x", at=clock())
    files.keep(tmp_path / "files", b"nobody's")
    look = lambda: retention.look(old, Desks(), tmp_path / "files", tmp_path / "archives", clock)  # noqa: E731
    assert look() == 37
    assert look() == 0
    with old.read() as conn:
        assert verify_store(conn, SITE).ok
        looked = stands(conn, SITE)
        last = entries.read(conn, SITE, limit=1)[0]
    assert looked is not None
    assert (looked.looked_at, last.act, last.actor) == (clock(), "logbook.purged", "system")
    assert not archive.place(tmp_path / "archives", SITE, "2026-03").exists()
    clock.tick(10 * 86400)
    assert look() == 1


def test_a_clock_that_jumped_is_said_and_deletes_nothing(old: Store, clock: HandClock, tmp_path: Path) -> None:
    clock.tick(10 * 365 * 86400)
    with capture_logs() as said:
        assert retention.look(old, Desks(), tmp_path, tmp_path, clock) == 0
    assert [line["event"] for line in said] == ["logbook.not_purged"]
    clock.tick(timedelta(days=-3650).total_seconds())
    assert retention.look(old, Desks(), tmp_path, tmp_path, clock) == 37
