"""Taps that waited in their gateway (PAT-11, EVT-14): judged by when the gateway took them, on both databases."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from alerts.rules import State
from core import wire
from core.wire import Channel, Status
from ingest.batches import Message
from patrol import rounds as round_rules
from patrol import store as taps
from patrol.rules import Tap
from patrol.verdicts import Point
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_rounds import HOURLY, TAGS, all_rounds, at, missed, site, tap
from tests.night import Night

MINUTE = timedelta(minutes=1)


def begun(db: Store, clock: HandClock) -> Night:
    """Rounds each full hour, whose last moments are five past the next."""
    clock.set(datetime.fromisoformat("2026-03-01T21:55:00+08:00").astimezone(clock().tzinfo))
    night = Night(db, clock, site(HOURLY))
    night.sweeper.run()
    return night


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    """Ten past ten, in the middle of a round; the gateway has said that it is there."""
    made = begun(store, clock)
    online(made)
    at(made, 22, 10)
    return made


@pytest.fixture
def sqlite_night(sqlite_url: str, clock: HandClock) -> Iterator[Night]:
    """The same, where the database is beside the point."""
    made = begun(Store(sqlite_url), clock)
    online(made)
    at(made, 22, 10)
    yield made
    made.db.close()


def status(night: Night, clock: datetime, boot: str | None = None) -> Message:
    said = wire.encode(Status("online", boot or night.boot, clock, 0))
    return Message(wire.topic(night.site, "gw-a", Channel.STATUS), said, False, 1, 0, False)


def online(night: Night, behind: timedelta = timedelta()) -> None:
    """The gateway says what its clock shows."""
    night.flow.handle([status(night, night.clock() - behind)])


def kept(night: Night, name: str, kept_at: datetime, **more: object) -> Message:
    """A tap as the gateway brings it, late."""
    data = {"tag": TAGS[name], "guard": "guard", "proof": "uid"}
    return night.message("patrol.tap", "H-1", **{"data": data, "said_at": kept_at, "kept_at": kept_at} | more)


def newest(night: Night) -> Tap:
    with night.db.read() as conn:
        return taps.newest(conn, night.site, 1)[0]


def point(night: Night, name: str = "C1") -> Point:
    found = next(r for r in all_rounds(night) if r.opens_at == night.local(1, 22))
    return round_rules.verdict(found, night.clock()).points[name]


def test_what_was_missed_is_explained_and_its_alert_ends_by_itself(night: Night) -> None:
    at(night, 22, 20)
    tap(night, "C2")
    tap(night, "C3")
    at(night, 23, 30)
    assert [a.state for a in missed(night)] == [State.RAISED]
    night.flow.handle([kept(night, "C1", night.local(1, 22, 40))])
    assert [a.state for a in missed(night)] == [State.CLEARED], "somebody still says what became of it"
    found = next(r for r in all_rounds(night) if r.opens_at == night.local(1, 22))
    (line,) = [e for e in night.log(f"round/{found.id}") if e.act == "patrol.explain"]
    (times,) = line.data["taps"]["C1"]
    assert {name: datetime.fromisoformat(when) for name, when in times.items()} == {
        "said_at": night.local(1, 22, 40),
        "kept_at": night.local(1, 22, 40),
        "heard_at": night.local(1, 23, 30),
    }


def test_the_readers_own_clock_decides_nothing_and_is_flagged_if_it_is_off(night: Night) -> None:
    at(night, 23, 30)
    years_off = night.local(1, 22, 40) - timedelta(days=9 * 365)
    night.flow.handle([kept(night, "C1", night.local(1, 22, 40), said_at=years_off)])
    assert point(night) is Point.EXPLAINED
    assert "clock_skew" in newest(night).flags
    night.flow.handle([kept(night, "C2", night.local(1, 22, 45))])
    assert "clock_skew" not in newest(night).flags, "it only waited"
    skewed = night.count("SELECT count(*) FROM event WHERE kind = 'patrol.tap' AND (flags & 16) <> 0")
    assert skewed == 1


@pytest.mark.parametrize("behind_min", [-60, 1, 60 * 24 * 365])
def test_a_gateways_own_wrong_clock_is_put_right(sqlite_night: Night, behind_min: int) -> None:
    """Its statuses say how far it is off: a live tap stays live, and one that waited is as old as it is."""
    night, behind = sqlite_night, behind_min * MINUTE
    night.flow.handle([status(night, night.clock() - behind, boot="0190a8a0-0000-7a11-8000-3c9b1b2e4d55")])
    night.clock.tick(60)
    night.flow.handle([kept(night, "C1", night.clock() - behind, said_at=night.clock())])
    assert (point(night), newest(night).synced) == (Point.ON_TIME, False)
    taken = night.clock()
    at(night, 23, 30)
    night.flow.handle([kept(night, "C2", taken - behind, said_at=taken)])
    assert (point(night, "C2"), newest(night).at) == (Point.EXPLAINED, taken)


def test_a_status_that_waited_does_not_make_a_right_clock_wrong(sqlite_night: Night) -> None:
    """The server was away: statuses and taps of half an hour come at once, in several batches."""
    night = sqlite_night
    waiting = [status(night, night.local(1, 22, minute)) for minute in (40, 50)]
    at(night, 23, 30)
    for one in waiting:
        night.flow.handle([one])
    night.flow.handle([kept(night, "C1", night.local(1, 22, 45))])
    assert point(night) is Point.EXPLAINED


def test_a_gateway_that_never_said_what_its_clock_shows_vouches_for_nothing(sqlite_url: str, clock: HandClock) -> None:
    night = begun(Store(sqlite_url), clock)
    at(night, 23, 30)
    night.flow.handle([kept(night, "C1", night.local(1, 22, 40))])
    assert (point(night), newest(night).synced) == (Point.MISSED, False)
    night.flow.handle([status(night, night.clock()), kept(night, "C2", night.local(1, 22, 40))])
    assert point(night, "C2") is Point.EXPLAINED, "a status in the same batch is enough"
    night.db.close()
