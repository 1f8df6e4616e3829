"""Major incidents: which alerts are one, and who is named to write down what happens (LOG-13)."""

from datetime import UTC, date

import msgspec
import pytest

from alerts import acts, major_store
from alerts.errors import NoSuchRecorder, NotAllowed, NotHolder, NotMajor
from alerts.majors import Major
from alerts.rules import Alert, Close, Disposition
from ingest.day_sheet import day_sheet
from ingest.packet import live_items
from sites.major_words import MajorPolicy
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night


def watched(policy: MajorPolicy | None) -> Register:
    policies = msgspec.structs.replace(HARBOUR.policies, major=policy)
    return msgspec.structs.replace(HARBOUR, policies=policies)


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock, watched(MajorPolicy(priorities=(1,), kinds=("water",))))


def major(night: Night, alert: Alert) -> Major | None:
    with night.db.read() as conn:
        return major_store.get(conn, night.site, alert.id)


def name(night: Night, alert: Alert, recorder: str, by: str) -> Major:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        _, made = acts.record(tx, desk.register, alert.id, recorder, by=by, roles=night.roles(by), at=night.clock())
        return made


@pytest.mark.parametrize(
    ("policy", "kind", "priority", "is_one"),
    [
        (MajorPolicy(), "fire.alarm", 1, True),
        (MajorPolicy(), "fire.prealarm", 2, False),
        (MajorPolicy((), ("fire",)), "fire.prealarm", 2, True),
        (MajorPolicy((), ("fire",)), "firearm.shot", 1, False),
        (MajorPolicy((1, 2)), "duty.gap", 2, True),
    ],
)
def test_which_alerts_are_major(policy: MajorPolicy, kind: str, priority: int, is_one: bool) -> None:
    assert policy.has(kind, priority) is is_one


def test_the_holder_names_a_recorder_and_may_name_another(night: Night) -> None:
    night.say("fire.alarm")
    alert = night.only()
    found = major(night, alert)
    assert found is not None
    assert (found.needs_recorder, found.recorder, found.unrecorded) == (True, None, True)
    with pytest.raises(NotHolder):
        name(night, alert, "li", "wang")  # nobody has it yet
    night.ack("wang")
    with pytest.raises(NotHolder):
        name(night, alert, "li", "li")
    with pytest.raises(NoSuchRecorder):
        name(night, alert, "nobody", "wang")
    assert name(night, alert, "li", "wang").recorder == "li"
    name(night, alert, "li", "wang")  # said twice, told once
    assert name(night, alert, "guard", "chen").named_by == "chen", "a supervisor may, too"
    told = [(e.actor, e.data["recorder"], e.data.get("was")) for e in night.log() if e.act == "incident.recorder"]
    assert told == [("wang", "li", None), ("chen", "guard", "li")]


def test_an_incident_without_a_recorder_is_flagged_in_the_review_and_at_the_hand_over(night: Night) -> None:
    night.say("fire.alarm")
    alert = night.only()
    night.ack("wang")
    night.clock.tick(60)
    with night.db.read() as conn:
        register = night.desks.get(conn, night.site).register  # type: ignore[union-attr]
        day = night.clock().astimezone(register.zone_info).date()
        assert [u.number for u in day_sheet(conn, register, day, night.clock()).unrecorded] == [alert.number]
        (item,) = [i for i in live_items(conn, register, "centre", "wang", None) if i.key == f"alert/{alert.id}"]
        assert item.data["unrecorded"] is True
    name(night, alert, "li", "wang")
    with night.db.read() as conn:
        assert day_sheet(conn, register, day, night.clock()).unrecorded == []
        assert day_sheet(conn, register, date(2020, 1, 1), night.clock().astimezone(UTC)).unrecorded == []
        (item,) = [i for i in live_items(conn, register, "centre", "wang", None) if i.key == f"alert/{alert.id}"]
        assert "unrecorded" not in item.data


def test_what_is_closed_is_not_recorded_any_more_and_stays_flagged(night: Night) -> None:
    night.say("water.leak", "L-1")
    alert = night.only()
    night.ack("wang")
    night.say("water.restore", "L-1")
    night.dispose("wang", Close(Disposition.CONFIRMED, None, "阀门"))
    with pytest.raises(NotAllowed):
        name(night, alert, "li", "chen")
    found = major(night, alert)
    assert found is not None
    assert found.unrecorded


def test_other_alerts_need_no_recorder(night: Night) -> None:
    night.say("access.forced", "D-1")
    alert = night.only()
    night.ack("wang")
    assert major(night, alert) is None
    with pytest.raises(NotMajor):
        name(night, alert, "li", "wang")


def test_a_site_without_the_rule_has_no_major_incidents(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, watched(None))
    night.say("fire.alarm")
    assert major(night, night.only()) is None
