"""The call sheet promises exactly the calls that the night then makes (EMG-11)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from app.scenario_worlds import virtual
from duty.rules import Attended
from simulators.scenario import load
from simulators.scenario.callsheet import Alarm, CallSheet, Duty, alarms_of, call_sheet, duty_of, roster
from simulators.scenario.duty_acts import DutyAct
from simulators.scenario.model import Expect, Reports, Says, Scenario, SignsOff, SignsOn, Step
from simulators.scenario.world import play
from sites.register import Contact, Ladder, Register, Rota, Rung
from store.db import Store
from store.migrate import upgrade
from tests.app.running import ROOT
from tests.conftest import HandClock
from tests.night import HARBOUR, Night

EVENING = datetime(2026, 3, 1, 14, 4, tzinfo=UTC)  # 22:04 at the site


def sheet(register: Register = HARBOUR, device: str = "B2-07", kind: str = "fire.alarm", **more: object) -> CallSheet:
    at = more.pop("at", EVENING)
    assert isinstance(at, datetime)
    stays = more.pop("stays", ())
    assert isinstance(stays, tuple)
    made = call_sheet(register, device, kind, at, Duty(roster(register, at), stays))
    assert made is not None
    return made


def calls(made: CallSheet) -> list[tuple[float, int, list[str]]]:
    """(seconds after the alarm, rung, whom), as a night tells it of its alert."""
    return [
        ((r.at - made.at).total_seconds(), r.rung, list(dict.fromkeys(c.person for c in r.calls))) for r in made.rungs
    ]


def owed(made: CallSheet) -> set[tuple[str, str, int]]:
    return {(c.person, c.channel, r.rung) for r in made.rungs for c in r.calls if c.channel not in {None, "console"}}


def without(seat: str) -> Register:
    return msgspec.structs.replace(HARBOUR, rotas=tuple(r for r in HARBOUR.rotas if r.seat != seat))


def laddered(*rungs: Rung, repeat_s: int = 60) -> Register:
    return msgspec.structs.replace(HARBOUR, ladders={"main": Ladder("main", rungs, repeat_s)})


@pytest.mark.parametrize(
    ("register", "device", "kind", "at"),
    [
        (HARBOUR, "B2-07", "fire.alarm", EVENING),
        (HARBOUR, "D-key", "access.forced", EVENING),
        (HARBOUR, "D-1", "access.denied", EVENING),
        (
            HARBOUR,
            "L-1",
            "water.leak",
            EVENING - timedelta(hours=2, minutes=4, seconds=20),
        ),  # the shift ends on the way
        (without("centre"), "B2-07", "fire.alarm", EVENING),
        (without("leader"), "B2-07", "fire.alarm", EVENING),
        (msgspec.structs.replace(HARBOUR, rotas=()), "B2-07", "fire.fault", EVENING),
        (
            laddered(Rung(0, "seat:leader"), Rung(45, "post:centre"), Rung(50, "person:li")),
            "P-1",
            "manual.panic",
            EVENING,
        ),
        (laddered(Rung(0, "role:engineer"), repeat_s=30), "B2-07", "fire.alarm", EVENING),
    ],
    ids=str,
)
def test_the_night_calls_whom_the_sheet_names_and_when(
    tmp_path: Path, register: Register, device: str, kind: str, at: datetime
) -> None:
    """ESC-06, EMG-11: the sheet is made of values; here the production path is asked the same."""
    db = Store(f"sqlite:///{tmp_path / 'night.db'}")
    upgrade(db)
    clock = HandClock(at)
    night = Night(db, clock, register)
    night.say(kind, device)
    alert = night.alert(kind)
    promised = sheet(register, device, kind, at=at)
    night.pass_((promised.again_at - at).total_seconds())
    made = [(after, rung, people) for _, rung, _, people, after in night.fired(alert)]
    last = len(alert.ladder.rungs)
    assert made[: len(calls(promised))] == calls(promised)
    assert made[len(calls(promised))][:2] == ((promised.again_at - at).total_seconds(), last)
    with db.read() as conn:
        rows = conn.exec_driver_sql(
            "select person_id, channel, rung from notice where alert_id = ? and rung < ?", (alert.id, last)
        )
        assert {tuple(r) for r in rows} == owed(promised)
    db.close()


@pytest.mark.parametrize("file", sorted((ROOT / "tests/scenarios").glob("*.yaml")), ids=lambda f: f.stem)
def test_on_the_whole_shelf_the_sheet_names_whom_the_raising_called(file: Path) -> None:
    """EMG-11: who is called first, in every scenario that we ship, is who `scenario explain` says."""
    scenario = load.read(file)
    raised = {
        (h.about, h.at.replace(microsecond=0)): h.who
        for h in play(scenario, virtual(scenario)).happenings
        if h.topic == "alert" and h.what == "raised"
    }
    # The sheet goes by the roster of the start and by who signs on and off: what is granted or handed over is not in it.
    moved = min((s.at for s in scenario.steps if isinstance(s.act, DutyAct)), default=scenario.end)
    for alarm in (a for a in alarms_of(scenario) if a.at <= moved):
        promised = call_sheet(scenario.register, alarm.subject, alarm.kind, alarm.at, duty_of(scenario))
        who = raised.get(((alarm.subject, alarm.kind), alarm.at.replace(microsecond=0)))
        if promised is not None and who is not None:
            assert tuple(dict.fromkeys(c.person for c in promised.rungs[0].calls)) == who


def test_whoever_signs_on_is_called_instead_of_whoever_is_rostered() -> None:
    made = sheet(stays=(Attended("1", "centre", "li", EVENING - timedelta(minutes=1)),))
    assert made.rungs[0].calls[0].person == "li"
    assert made.holding.basis == "signed_on"


def test_an_empty_seat_is_named_with_whoever_comes_next() -> None:
    register = msgspec.structs.replace(HARBOUR, rotas=(Rota("centre", "2026-01-01", ({"day": "li"},)),))
    made = sheet(register)
    remark = made.remarks[0]
    assert (remark.code, remark.data["seat"], remark.data["person"]) == ("empty_until", "centre", "li")
    assert {r.code for r in made.remarks} >= {"rung_nobody"}
    assert made.rungs[1].at == made.at, "an empty seat costs no delay"


def test_a_rung_that_cannot_reach_somebody_says_so() -> None:
    chen = msgspec.structs.replace(HARBOUR.people["chen"], contacts=(Contact("webhook", "https://hooks.example/x"),))
    register = msgspec.structs.replace(HARBOUR, people={**HARBOUR.people, "chen": chen})
    assert ("only_console", "chen") in [(r.code, r.data.get("person")) for r in sheet(register).remarks]
    only_mail = Ladder("main", (Rung(0, "seat:centre"), Rung(30, "seat:leader", ("email",))))
    remarks = sheet(msgspec.structs.replace(register, ladders={"main": only_mail})).remarks
    assert ("no_address", "chen") in [(r.code, r.data.get("person")) for r in remarks]


def test_a_ladder_on_which_nobody_stands_says_so_and_still_ends() -> None:
    register = msgspec.structs.replace(laddered(Rung(0, "seat:centre"), Rung(30, "role:engineer")), rotas=())
    assert [r.code for r in sheet(register).remarks][-1] == "nobody_at_all"


def test_what_rings_for_nobody_has_no_sheet() -> None:
    for kind in ("access.granted", "fire.restore", "made.up"):
        assert call_sheet(HARBOUR, "B2-07", kind, EVENING, Duty(())) is None


def test_a_scenarios_alarms_and_attendance_are_taken_from_its_lines() -> None:
    def step(minute: int, act: object) -> Step:
        return Step(EVENING + timedelta(minutes=minute), act, minute, "")  # type: ignore[arg-type]

    scenario = Scenario(
        file=Path("x.yaml"),
        about="",
        register=HARBOUR,
        zone="Asia/Shanghai",
        start=EVENING,
        end=EVENING + timedelta(hours=1),
        steps=(
            step(1, Says("B2-07", "fire.alarm", times=8, within_s=1.4)),
            step(1, Says("B2-07", "fire.alarm")),
            step(2, Says("L-1", "water.leak", retained=True)),
            step(3, Says("D-1", "access.forced", test=True)),
            step(4, SignsOn("li", "centre")),
            step(5, Reports("wang", "manual.panic", "b7")),
            step(6, SignsOff("li", "centre")),
            step(7, SignsOff("chen", "leader")),
        ),
        expects=tuple(
            Expect(line=n, text="", at=EVENING, form=form, topic="alert", about=about, what="raised")
            for n, form, about in (
                (1, "happens", ("B2-07", "fire.alarm")),  # said above
                (2, "happens", ("gateway/gw-a", "gateway.offline")),
                (3, "happens", ("L-1",)),
                (4, "never", ("seat/centre", "duty.gap")),
            )
        ),
        signed_on={"leader": "zhao"},
    )
    minute = timedelta(minutes=1)
    assert alarms_of(scenario) == [
        Alarm("gateway/gw-a", "gateway.offline", EVENING),
        Alarm("B2-07", "fire.alarm", EVENING + minute),
        Alarm("zone/b7", "manual.panic", EVENING + 5 * minute),
    ]
    duty = duty_of(scenario)
    who = [duty.held(HARBOUR, EVENING + n * minute)["centre"].person for n in (3, 4, 6)]
    assert who == ["wang", "li", "wang"]
    assert duty.held(HARBOUR, EVENING)["leader"].person == "zhao"
