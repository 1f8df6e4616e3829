"""A site's parameters are versions: each in force from its time, by itself; what is old is judged by the old (SITE-06, ROLE-08,
ROLE-10). On both databases.
"""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.imports import import_site
from core.clock import micros
from core.errors import Refusal
from ingest import versions as path
from ingest.day_sheet import day_sheet
from ingest.desks import register_at
from sites import versions
from sites.acts import ImportResult
from sites.pack import digest
from sites.register import Register
from sites.versions import Terms, VersionState
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night

HOUR = timedelta(hours=1)


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock)


def ruled(register: Register = HARBOUR, **fields: Any) -> Register:
    return msgspec.structs.replace(register, policies=msgspec.structs.replace(register.policies, **fields))


def quicker(seconds: int) -> Register:
    """The same site, where an alarm of the first priority has to be dealt with so soon."""
    return ruled(handle_by_s={1: seconds, 2: seconds, 3: 3600, 4: 14400})


def bring(night: Night, register: Register, by: str = "zhao", **terms: Any) -> ImportResult:
    return import_site(night.db, night.desks, register, digest(register), night.clock(), by, terms=Terms(**terms))


def states(night: Night) -> dict[int, str]:
    with night.db.read() as conn:
        return {v.version: v.state.value for v in reversed(versions.listed(conn, night.site))}


def test_a_version_comes_into_force_by_itself_and_what_was_raised_before_keeps_its_own(night: Night) -> None:
    night.say("water.leak", "L-1")
    begins = night.clock() + HOUR
    made = bring(night, quicker(120), effective_from=begins, reason="shorter answers from tonight")
    assert (made.version, made.waits_until) == (2, begins)
    assert states(night) == {1: "in_force", 2: "to_come"}

    night.clock.set(begins - timedelta(seconds=1))
    night.sweeper.run()
    night.say("fire.alarm", "X-1", gateway="gw-b")
    night.clock.set(begins)
    night.say("fire.alarm", "B2-07")  # at the very second, before any sweep has seen to it
    night.sweeper.run()

    handled = {a.subject: a.ladder.handle_s for a in night.open()}
    usual = HARBOUR.policies.handle_by_s
    assert (handled["L-1"], handled["X-1"], handled["B2-07"]) == (usual[2], usual[1], 120)
    assert states(night) == {1: "past", 2: "in_force"}
    line = night.log("site")[-1]
    assert (line.act, line.actor, line.data["version"]) == ("site.in_force", "system", 2)
    assert line.data["reason"] == "shorter answers from tonight"
    assert [kind for _, kind, _ in night.pushes()].count("register") == 3


def test_the_sweep_knows_when_a_version_comes(night: Night) -> None:
    begins = night.clock() + HOUR
    bring(night, quicker(120), effective_from=begins)
    with night.db.read() as conn:
        assert versions.next_due(conn) == begins
        assert versions.sites_due(conn, begins) == {night.site}
        assert versions.sites_due(conn, begins - timedelta(microseconds=1)) == set()
    night.clock.set(begins + HOUR)  # nobody was there at the time: it was in force from it all the same
    night.restart()
    night.sweeper.run()
    with night.db.read() as conn:
        assert versions.next_due(conn) is None
        assert versions.in_force(conn, night.site, begins - timedelta(seconds=1)) == (1, micros(begins - HOUR))
        assert versions.in_force(conn, night.site, begins) == (2, micros(begins))


def test_what_is_judged_at_its_own_time_is_judged_by_the_rules_of_then(night: Night) -> None:
    then = night.clock()
    night.clock.tick(3600)
    bring(night, quicker(120))
    with night.db.read() as conn:
        desk = night.desks.get(conn, night.site)
        assert desk is not None
        assert register_at(conn, desk, night.clock()).version == 2
        assert register_at(conn, desk, then).policies == HARBOUR.policies
        assert register_at(conn, desk, then - HOUR).version == 1  # before anything was in force: the first


def test_a_day_is_reviewed_by_the_rules_that_it_was_worked_under(night: Night) -> None:
    """QA-01: what was in time under the rules of the day does not become late by the rules of tomorrow."""
    duty = msgspec.structs.replace(HARBOUR.policies.duty, late_grace_s=600)
    bring(night, ruled(duty=duty))
    night.clock.set(night.local(3, 8, 5))  # the day shift began at eight
    night.act("sign_on", "li", "centre")
    night.clock.set(night.local(3, 12))
    bring(night, ruled(duty=msgspec.structs.replace(duty, late_grace_s=0)))
    with night.db.read() as conn:
        register = night.desks.register(conn, night.site)
        assert register is not None
        assert register.policies.duty.late_grace_s == 0
        found = day_sheet(conn, register, night.local(3, 12).date(), night.clock())
    assert [one.person for one in found.late if one.person == "li"] == []


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"effective_from": -HOUR}, "effective_in_past"),
        ({"effective_from": HOUR}, "version_pending"),
        ({}, "version_pending"),
        ({"effective_from": 3 * HOUR, "approved_by": "zhao"}, "own_version"),
    ],
    ids=["never before now", "before one that waits", "now, while one waits", "approved by its author"],
)
def test_what_cannot_be_is_refused_and_nothing_changes(night: Night, terms: dict[str, Any], code: str) -> None:
    bring(night, quicker(120), effective_from=night.clock() + 2 * HOUR)
    if "effective_from" in terms:
        terms = terms | {"effective_from": night.clock() + terms["effective_from"]}
    with pytest.raises(Refusal) as no:
        bring(night, quicker(90), **terms)
    assert no.value.code == code
    assert states(night) == {1: "in_force", 2: "to_come"}


def test_versions_to_come_stand_on_each_other(night: Night) -> None:
    first, second = night.clock() + HOUR, night.clock() + 2 * HOUR
    bring(night, quicker(120), effective_from=first)
    made = bring(night, quicker(90), effective_from=second, approved_by="chen")
    assert [(c.field, c.old["1"], c.new["1"]) for c in made.changes] == [("handle_by_s", 120, 90)]
    night.clock.set(second)
    night.sweeper.run()
    assert states(night) == {1: "past", 2: "past", 3: "in_force"}
    assert [e.data["version"] for e in night.log("site") if e.act == "site.in_force"] == [2, 3]


def test_the_same_again_is_no_version(night: Night) -> None:
    begins = night.clock() + HOUR
    assert not bring(night, HARBOUR).changed
    assert not bring(night, HARBOUR, effective_from=begins).changed
    bring(night, quicker(120), effective_from=begins)
    assert not bring(night, quicker(120), effective_from=begins).changed
    assert not bring(night, HARBOUR).changed  # it is what stands, whatever waits
    assert states(night) == {1: "in_force", 2: "to_come"}


def test_a_version_that_waits_can_be_withdrawn_and_makes_way(night: Night) -> None:
    begins = night.clock() + HOUR
    bring(night, quicker(120), effective_from=begins)
    with night.db.begin([night.site]) as tx:
        gone = path.withdraw(tx, night.site, 2, "zhao", "too hasty", night.clock())
    assert (gone.state, gone.ended_why) == (VersionState.WITHDRAWN, "too hasty")
    for number, code in ((2, "version_not_to_come"), (1, "version_not_to_come"), (7, "version_not_found")):
        with night.db.begin([night.site]) as tx, pytest.raises(Refusal) as no:
            path.withdraw(tx, night.site, number, "zhao", "again", night.clock())
        assert no.value.code == code
    assert bring(night, quicker(90)).version == 3
    night.clock.set(begins + HOUR)
    night.sweeper.run()
    assert states(night) == {1: "past", 2: "withdrawn", 3: "in_force"}
    assert [e.act for e in night.log("site")][-2:] == ["site.withdrawn", "site.imported"]


def test_people_of_a_version_to_come_may_sign_in_from_its_time_on(night: Night) -> None:
    people = dict(HARBOUR.people)
    people["sun"] = msgspec.structs.replace(people.pop("guard"), id="sun", login="sun")
    begins = night.clock() + HOUR
    bring(night, msgspec.structs.replace(HARBOUR, people=people), effective_from=begins)
    members = "SELECT count(*) FROM member WHERE person_id = ?"
    assert (night.count(members, "guard"), night.count(members, "sun")) == (1, 0)
    assert night.count("SELECT count(*) FROM account WHERE login = ?", "sun") == 0
    night.clock.set(begins)
    night.sweeper.run()
    assert (night.count(members, "guard"), night.count(members, "sun")) == (0, 1)


def test_a_version_that_has_become_impossible_is_refused_at_its_time_and_the_old_one_stands(
    night: Night, clock: HandClock
) -> None:
    people = dict(HARBOUR.people)
    people["sun"] = msgspec.structs.replace(people["guard"], id="sun", login="sun")
    begins = clock() + HOUR
    bring(night, msgspec.structs.replace(HARBOUR, people=people), effective_from=begins)
    Night(night.db, clock, msgspec.structs.replace(HARBOUR, site_id="garden", people={
        name: msgspec.structs.replace(p, login="sun" if name == "wang" else f"far-{name}") for name, p in HARBOUR.people.items()
    }))  # fmt: skip
    clock.set(begins)
    night.sweeper.run()
    assert states(night) == {1: "in_force", 2: "refused"}
    line = night.log("site")[-1]
    assert (line.act, line.data["field"]) == ("site.refused", "people.sun.login")
    night.say("fire.alarm")
    assert night.alert("fire.alarm").state == "raised"


def test_a_clock_that_was_set_back_still_lets_a_change_stand_at_once(night: Night) -> None:
    night.clock.tick(-3600)
    assert bring(night, quicker(120)).waits_until is None
    night.say("fire.alarm")
    assert night.only().ladder.handle_s == 120
    assert states(night) == {1: "past", 2: "in_force"}
