"""Somebody says that they are on the way to an alert; their tap near it says that they are there (EMG-10)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts import acts, way_store
from alerts.rules import Alert, Close, Disposition, State
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_proofs import tap
from tests.ingest.test_rounds import TAGS, site
from tests.night import Night


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    made = Night(store, clock, site())
    made.say("water.leak", "L-1")
    return made


def go(night: Night, by: str = "chen", said_at: datetime | None = None) -> Alert:
    with night.db.begin([night.site]) as tx:
        (leak,) = [a for a in night.open() if a.kind == "water.leak"]
        return acts.go(tx, site(), leak.id, by=by, at=night.clock(), said_at=said_at)


def said(night: Night) -> list[tuple[str, str, Any]]:
    acts_ = [e for e in night.log() if e.act in {"alert.go", "alert.arrive"}]
    return [(e.act, e.actor, e.data.get("checkpoint")) for e in acts_]


def test_going_moves_nothing_and_a_tap_near_it_says_who_arrived(night: Night) -> None:
    before = next(a for a in night.open() if a.kind == "water.leak")
    after = go(night)
    assert (after.state, after.custody_by, after.due_at) == (before.state, before.custody_by, before.due_at)
    assert go(night).version == after.version, "said twice it is said once"
    night.clock.tick(90)
    tap(night, TAGS["C2"])
    night.clock.tick(5)
    tap(night, TAGS["C1"])
    assert said(night) == [("alert.go", "chen", None), ("alert.arrive", "chen", "C2")]
    assert next(e for e in night.log() if e.act == "alert.arrive").data["after_s"] == 90


def test_somebody_elses_tap_and_one_from_before_say_nothing(night: Night) -> None:
    go(night, by="li")
    tap(night, TAGS["C2"])
    assert said(night) == [("alert.go", "li", None)]
    with night.db.read() as conn:
        assert [w.person_id for w in way_store.going(conn, night.site)] == ["li"]


def test_a_phone_that_had_no_line_tells_when_it_was(night: Night) -> None:
    earlier = night.clock() - timedelta(minutes=3)
    go(night, said_at=earlier)
    with night.db.read() as conn:
        assert way_store.going(conn, night.site)[0].since == earlier


def test_nobody_need_go_to_what_is_closed(night: Night) -> None:
    go(night)
    leak = next(a for a in night.open() if a.kind == "water.leak")
    with night.db.begin([night.site]) as tx:
        holders = {leak.seat_id: "wang"}
        acts.acknowledge(tx, site(), holders, leak.id, by="wang", roles=(), at=night.clock())
        close = Close(Disposition.CONFIRMED, reason="拖干了")
        done = acts.dispose(
            tx,
            site(),
            leak.id,
            close,
            by="wang",
            roles=("supervisor",),
            at=night.clock(),  # type: ignore[arg-type]
        )
        assert done.state is State.CLOSED
    tap(night, TAGS["C2"])
    assert said(night) == [("alert.go", "chen", None)]
    with night.db.read() as conn:
        assert way_store.going(conn, night.site) == []
