"""Equipment on a hand-over (EQP-01, EQP-02, HND-05): what is due, what failed in this shift, what the shift began with; on both
databases.
"""

from datetime import date
from typing import Any

import msgspec

from duty import equipment_acts
from duty.pre_shift import Said
from ingest import acts, handover, packet
from sites.duty_policies import DutyPolicies, PreShift
from sites.equipment_words import EquipmentTest
from sites.people import Role
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.duty.test_pre_shift import LIST
from tests.night import HARBOUR, Night, by_id, words


def again(name: str, since: date, by: Role = Role.OPERATOR) -> EquipmentTest:
    return EquipmentTest(id=name, name=words(name), devices=("B2-07",), every_days=7, since=since, by=by)


def equipped() -> Register:
    """On the first of March, where the clock stands: what is long overdue, due today, not due, and not an operator's."""
    tests = (
        again("pump", date(2026, 2, 15)),
        again("ups", date(2026, 2, 22)),
        again("cctv", date(2026, 2, 23)),
        again("lift", date(2026, 2, 15), Role.ENGINEER),
    )
    policies = msgspec.structs.replace(HARBOUR.policies, duty=DutyPolicies(pre_shift=PreShift.FLAG))
    return msgspec.structs.replace(
        HARBOUR, equipment_tests=by_id(tests), pre_checks={"centre": LIST}, policies=policies
    )


def on_duty(store: Store, clock: HandClock) -> Night:
    night = Night(store, clock, equipped())
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        said = [Said("panel", fine=False, note="dark")]
        acts.sign_on(tx, desk, "centre", "wang", clock(), checks=said)
    clock.tick(600)
    return night


def record(night: Night, test: str, *, passed: bool, note: str = "") -> None:
    with night.db.begin([night.site]) as tx:
        equipment_acts.record(tx, equipped(), test, passed=passed, note=note, by="wang", at=night.clock())


def shown(night: Night, h: Any) -> dict[str, tuple[str, str, bool]]:
    with night.db.read() as conn:
        now = packet.current(conn, equipped(), h)
    mine = [i for i in now.items if i.key.startswith(("equipment/", "precheck/"))]
    return {i.key: (i.kind.value, i.data.get("found", ""), i.over) for i in mine}


def begin(night: Night) -> Any:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        return handover.begin(tx, desk, "centre", "wang", night.clock())


def test_what_is_due_today_or_open_since_the_sign_on_stands_in_the_packet(store: Store, clock: HandClock) -> None:
    """Of the work of whoever hands over: the lift is the engineer's."""
    night = on_duty(store, clock)
    h = begin(night)
    assert shown(night, h) == {
        "equipment/pump": ("equipment_due", "", False),
        "equipment/ups": ("equipment_due", "", False),
        "precheck/panel": ("pre_check", "dark", False),
        "precheck/radio": ("pre_check", "", False),
    }
    overdue = {i.key: i.data["overdue"] for i in h.items if i.key.startswith("equipment/")}
    assert overdue == {"equipment/pump": True, "equipment/ups": False}
    assert not any(i.owed for i in h.items if i.live), "nobody has to count or to check it once more"


def test_a_test_that_fails_in_the_shift_is_told_and_one_that_passes_is_over(store: Store, clock: HandClock) -> None:
    night = on_duty(store, clock)
    h = begin(night)
    clock.tick(60)
    record(night, "pump", passed=True)
    record(night, "ups", passed=False, note="ten minutes only")
    record(night, "cctv", passed=False, note="camera 3 is dark")
    told = shown(night, h)
    assert told["equipment/pump"] == ("equipment_due", "", True)
    assert told["equipment/ups"] == ("equipment_failed", "ten minutes only", False)
    assert told["equipment/cctv"] == ("equipment_failed", "camera 3 is dark", False)
    clock.tick(60)
    record(night, "ups", passed=True)
    assert shown(night, h)["equipment/ups"][2], "it was done once more, and passed"


def test_what_failed_before_the_shift_began_is_not_told_again(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, equipped())
    record(night, "ups", passed=False, note="ten minutes only")
    clock.tick(60)
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        acts.sign_on(tx, desk, "centre", "wang", clock())
    assert "equipment/ups" not in shown(night, begin(night))
