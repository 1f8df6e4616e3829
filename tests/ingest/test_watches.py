"""A pass asks only the watches that have something due, and finds them in one statement, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from duty import presence_store
from ingest import attendance, away, lone_work, presence, watches
from ingest.watches import WATCHES, Watch
from sites import pack
from store.db import Store
from store.due import which
from tests.conftest import HandClock
from tests.night import Night

GARDEN = pack.read(Path(__file__).parents[2] / "packs" / "harbour-garden")
ROWED = [watch for watch in WATCHES if watch.DUE_ROWS is not None]
IDLE = 20  # each further one is asked in every pass over every site: let a watch that has nothing due not be asked


def name(watch: Watch) -> str:
    return str(getattr(watch, "__name__", watch))


@contextmanager
def counted(db: Store) -> Iterator[list[str]]:
    said: list[str] = []

    def says(*told: object) -> None:
        said.append(str(told[2]))

    event.listen(db.engine, "before_cursor_execute", says)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", says)


def rested(store: Store, clock: HandClock) -> Night:
    """A night in which nothing is due now."""
    night = Night(store, clock)
    while night.sweeper.run():
        pass
    return night


def test_a_pass_with_nothing_due_asks_little(store: Store, clock: HandClock) -> None:
    night = rested(store, clock)
    with counted(store) as said:
        night.sweeper.site(night.site)
    assert len([sql for sql in said if not sql.startswith("BEGIN")]) <= IDLE, "\n".join(said)


def test_a_watch_with_nothing_due_is_not_looked_at(
    store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = rested(store, clock)

    def not_now(*_: object) -> None:
        pytest.fail("nothing is due")

    for watch in ROWED:
        monkeypatch.setattr(watch, "conditions", not_now)
        monkeypatch.setattr(watch, "look", not_now)
    night.sweeper.site(night.site)


def test_where_seats_are_settled_all_are_asked(store: Store, clock: HandClock) -> None:
    """To settle a seat makes other watches due in the same pass."""
    night = rested(store, clock)
    with store.read() as conn:
        assert watches.awake(conn, night.site, clock(), settles=True) == list(WATCHES)
        assert watches.awake(conn, night.site, clock(), settles=False) == [w for w in WATCHES if w not in ROWED]


@pytest.mark.parametrize("hours", [0, 3, 30, 1000])
def test_the_one_statement_finds_what_each_would(store: Store, clock: HandClock, hours: float) -> None:
    night = Night(store, clock, GARDEN)
    night.sweeper.run()
    at = clock() + timedelta(hours=hours)
    with store.read() as conn:
        each = {name(w) for w in ROWED if night.site in w.sites_due(conn, at)}
        due = which(conn, tuple(str(w.DUE_ROWS) for w in ROWED), night.site, at)
        nowhere = which(conn, tuple(str(w.DUE_ROWS) for w in ROWED), "elsewhere", at)
    assert {name(w) for w in ROWED if w.DUE_ROWS in due} == each
    assert nowhere == set()
    assert len(each) >= (0 if hours < 1000 else 3)


@pytest.mark.parametrize(
    ("look", "watch"),
    [
        (presence_store.ATTENDANCE, attendance),
        (presence_store.AWAY, away),
        (presence_store.LONE, lone_work),
        (presence_store.PRESENCE, presence),
    ],
)
def test_a_look_that_is_due_wakes_its_watch(store: Store, clock: HandClock, look: str, watch: Watch) -> None:
    night = rested(store, clock)
    with store.begin([night.site]) as tx:
        presence_store.look_at(tx, night.site, look, clock() + timedelta(minutes=1))
        rested_still = watches.awake(tx.conn, night.site, clock(), settles=False)
        awake = watches.awake(tx.conn, night.site, clock() + timedelta(minutes=1), settles=False)
    assert [w for w in awake if w not in rested_still] == [watch]
