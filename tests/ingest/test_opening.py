"""Who signs on writes the opening entry, or it is an alert (LOG-01), on both databases."""

import msgspec
import pytest

from alerts.rules import State
from ingest import acts, opening, writing
from logbook import openings
from logbook.forms import Draft
from sites.duty_policies import DutyPolicies
from sites.register import Policies
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night

ASKED = msgspec.structs.replace(HARBOUR, policies=Policies(duty=DutyPolicies(opening_entry_required=True)))
FIELDS = {"weather": "晴", "plan": "巡查消防泵房", "cautions": "无"}


def ringing(night: Night, minutes: float = 0) -> list[tuple[str, str]]:
    night.clock.tick(minutes * 60)
    night.sweeper.run()
    return [(a.subject, a.state) for a in night.open() if a.kind == opening.DUE]


def sign(night: Night, person: str, *, on: bool = True) -> None:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        (acts.sign_on if on else acts.sign_off)(tx, desk, "centre", person, night.clock())


def write(night: Night, person: str) -> None:
    with night.db.begin([night.site]) as tx:
        register = night.desks.register(tx.conn, night.site)
        assert register is not None
        writing.write(tx, register, Draft(FIELDS, "opening"), person, night.clock())


def owed(night: Night) -> list[str]:
    with night.db.read() as conn:
        return [row.person for row in openings.rows(conn, night.site) if row.due_at is not None]


def test_it_rings_after_a_quarter_of_an_hour_until_it_is_written(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, ASKED)
    sign(night, "wang")
    assert ringing(night) == []
    assert owed(night) == ["wang"]
    assert ringing(night, 14.9) == []
    assert ringing(night, 0.2) == [("seat/centre", State.RAISED)]
    assert ringing(night, 60) == [("seat/centre", State.RAISED)]
    write(night, "li")  # somebody else's is not theirs
    assert ringing(night) == [("seat/centre", State.RAISED)]
    write(night, "wang")
    assert ringing(night) == [("seat/centre", State.CLEARED)]
    assert owed(night) == []
    assert ringing(night, 600) == [("seat/centre", State.CLEARED)]


def test_one_written_in_time_or_before_signing_on_is_no_alert(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, ASKED)
    write(night, "wang")
    clock.tick(600)
    sign(night, "wang")
    assert ringing(night, 16) == []
    assert owed(night) == []


def test_who_leaves_takes_it_along(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, ASKED)
    sign(night, "wang")
    ringing(night)
    assert ringing(night, 16) == [("seat/centre", State.RAISED)]
    sign(night, "wang", on=False)
    assert ringing(night) == [("seat/centre", State.CLEARED)]


def test_a_site_that_does_not_ask_for_it_never_rings(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, HARBOUR)
    sign(night, "wang")
    assert ringing(night, 1) == []
    assert ringing(night, 60) == []
    with store.read() as conn:
        assert opening.sites_due(conn, clock()) == set()
        assert opening.next_due(conn) is None


@pytest.mark.parametrize("minutes", [0, 5])
def test_the_watch_says_when_to_look(store: Store, clock: HandClock, minutes: float) -> None:
    night = Night(store, clock, ASKED)
    clock.tick(60 * minutes)
    at = clock()
    sign(night, "wang")
    with store.read() as conn:
        assert opening.next_due(conn) == at
    ringing(night)
    with store.read() as conn:
        assert opening.next_due(conn) == at + openings.GRACE
