"""The call sheet: who would be called, when and by which channel, if this alarm came now and nobody answered it.

A dry run of the production judgement itself: the same `Judgement` that the path uses raises the alarm and climbs its
ladder, moment after moment, on values alone. So a sheet cannot promise a call that the night would not make. Pure.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alerts.climb import Fired
from alerts.rules import Alert
from core.clock import seconds
from core.ids import derived
from duty.calendar import shift_days
from duty.rules import Attended, Basis, Holding, dated, next_change, who_holds
from ingest.rules import GAP, Changes, Judgement, Origin
from ingest.scene import Desk, Scene
from simulators.scenario.model import Reports, Says, Scenario, SignsOff, SignsOn
from sites.register import CHANNELS, Contact, Dated, Register

CONSOLE: Final = CHANNELS[0]


class Duty(msgspec.Struct, frozen=True):
    """Who is on: the roster's shifts, and who came and went."""

    shifts: Sequence[Dated]
    attended: Sequence[Attended] = ()

    def held(self, register: Register, at: datetime) -> dict[str, Holding]:
        """Who holds each seat at `at`."""
        return {
            seat: who_holds(seat, at, self.shifts, self.attended, self._keeper(register, seat, at))
            for seat in register.seats
        }

    def _keeper(self, register: Register, seat: str, at: datetime) -> str | None:
        """Where seats are handed over, whoever came first keeps theirs as long as they are there."""
        if not register.policies.duty.handover_required:
            return None
        here = [a for a in self.attended if a.seat == seat and a.on_at <= at and (a.off_at is None or at < a.off_at)]
        return min(here, key=lambda a: (a.on_at, a.person)).person if here else None


class Call(msgspec.Struct, frozen=True):
    """One person (or outside contact) called by one channel; `channel` None: this rung has no way to reach them.

    `basis` says why they stand in the seat; None where the rung calls a role, a person or somebody outside.
    """

    person: str
    channel: str | None
    target: str = ""
    seat: str | None = None
    basis: Basis | None = None


class RungCalls(msgspec.Struct, frozen=True):
    """One rung when it fires. No calls: nobody is there, and the next rung fires at once."""

    at: datetime
    rung: int
    who: str
    calls: tuple[Call, ...]


class Remark(msgspec.Struct, frozen=True):
    """Something that whoever reads the sheet should know. `code` has words (`explain.CODE`), `data` fills their blanks."""

    code: str
    data: Mapping[str, str] = {}


class CallSheet(msgspec.Struct, frozen=True):
    """What one alarm would set off. All spans in seconds; times are UTC."""

    subject: str
    kind: str
    klass: str
    priority: int
    zone: str | None
    at: datetime
    seat: str
    holding: Holding
    ladder: str
    ack_by: datetime
    rungs: tuple[RungCalls, ...]
    again_at: datetime  # the last rung's next call
    repeat_s: int
    handle_s: int
    remarks: tuple[Remark, ...]


def call_sheet(register: Register, subject: str, kind: str, at: datetime, duty: Duty) -> CallSheet | None:
    """The sheet of `kind` from `subject` (a device, `zone/ID`, `gateway/ID`, `seat/ID`); None when that rings for nobody."""
    desk = Desk(register, {})
    if not desk.meaning(subject, kind).kind.rings:
        return None
    judgement = Judgement(_scene(desk, subject, kind, at, duty))
    alert_id, _ = judgement.occur(subject, kind, Origin(derived(at, "call sheet", subject, kind), at))
    raised = judgement.changes.raised[str(alert_id)]
    rungs = list(_rungs(register, raised, judgement.changes, duty))
    now = raised
    while now.rung < len(now.ladder.rungs) - 1 and now.due_at is not None:
        judgement = Judgement(_scene(desk, subject, kind, now.due_at, duty))
        judgement.due(now)
        now = judgement.changes.stepped[now.id][1]
        rungs += _rungs(register, now, judgement.changes, duty)
    return CallSheet(
        subject=subject,
        kind=kind,
        klass=raised.klass,
        priority=raised.priority,
        zone=raised.zone_id,
        at=at,
        seat=raised.seat_id,
        holding=duty.held(register, at)[raised.seat_id],
        ladder=raised.ladder.id,
        ack_by=raised.ack_by,
        rungs=tuple(rungs),
        again_at=now.due_at or at + seconds(raised.ladder.repeat_s),
        repeat_s=raised.ladder.repeat_s,
        handle_s=raised.ladder.handle_s,
        remarks=tuple(_remarks(register, raised, rungs, duty)),
    )


def _scene(desk: Desk, subject: str, kind: str, at: datetime, duty: Duty) -> Scene:
    """A site where nothing is open yet."""
    asked = frozenset({(subject, kind), *((f"seat/{seat}", GAP) for seat in desk.register.seats)})
    return Scene(desk, at, duty.held(desk.register, at), {}, {}, 1, asked)


def _rungs(register: Register, alert: Alert, changes: Changes, duty: Duty) -> list[RungCalls]:
    """The rungs of this alert that fired in one judgement, with every call that each of them makes."""
    made = []
    for fired in (f for f in changes.fired if f.alert_id == alert.id):
        sent = [(n.person_id, Contact(n.channel, n.target)) for n in changes.notices if _of(n.alert_id, n.rung, fired)]
        channels = alert.ladder.rungs[fired.rung].channels
        calls = [
            call
            for person in fired.people
            for call in _calls(register, fired, person, [c for p, c in sent if p == person], CONSOLE in channels, duty)
        ]
        made.append(RungCalls(fired.at, fired.rung, fired.who, tuple(calls)))
    return made


def _of(alert_id: str, rung: int, fired: Fired) -> bool:
    return alert_id == fired.alert_id and rung == fired.rung


def _calls(
    register: Register, fired: Fired, person: str, contacts: list[Contact], console: bool, duty: Duty
) -> list[Call]:
    seat, basis = _seat_of(register, fired, person, duty)
    ways = [Contact(CONSOLE, "")] if console and person in register.people else []
    return [Call(person, c.channel, c.target, seat, basis) for c in [*ways, *contacts]] or [
        Call(person, None, "", seat, basis)
    ]


def _seat_of(register: Register, fired: Fired, person: str, duty: Duty) -> tuple[str | None, Basis | None]:
    """The seat in which a rung finds somebody, and why they stand in it."""
    what, _, name = fired.who.partition(":")
    for seat, holding in duty.held(register, fired.at).items():
        wanted = {"seat": seat, "post": register.seats[seat].post}.get(what)
        if holding.person == person and wanted == name:
            return seat, holding.basis
    return None, None


def _remarks(register: Register, raised: Alert, rungs: list[RungCalls], duty: Duty) -> list[Remark]:
    """What is amiss: empty seats, rungs that reach nobody, people without an address, rungs that wake nobody new."""
    made = []
    held = duty.held(register, raised.heard_at)
    for seat, holding in held.items():
        if holding.person is None and (register.seats[seat].required or seat == raised.seat_id):
            until = next_change(seat, raised.heard_at, duty.shifts)
            after = who_holds(seat, until, duty.shifts, duty.attended).person if until is not None else None
            if after is not None and until is not None:
                made.append(Remark("empty_until", {"seat": seat, "at": until.isoformat(), "person": after}))
            else:
                made.append(Remark("empty", {"seat": seat}))
    called: set[str] = set()
    for rung in rungs:
        people = {c.person for c in rung.calls}
        if not people:
            made.append(Remark("rung_nobody", {"rung": str(rung.rung), "who": rung.who}))
        elif people <= called:
            made.append(Remark("nobody_new", {"rung": str(rung.rung), "people": ", ".join(sorted(people))}))
        called |= people
        made += [
            Remark("no_address", {"person": c.person, **_asked(raised, rung)}) for c in rung.calls if not c.channel
        ]
        made += [
            Remark("only_console", {"person": p, **_asked(raised, rung)})
            for p in sorted(people)
            if {c.channel for c in rung.calls if c.person == p} == {CONSOLE}
            and len(raised.ladder.rungs[rung.rung].channels) > 1
        ]
    if not called:
        made.append(Remark("nobody_at_all"))
    return made


def _asked(raised: Alert, rung: RungCalls) -> dict[str, str]:
    channels = raised.ladder.rungs[rung.rung].channels
    return {"rung": str(rung.rung), "channels": ", ".join(c for c in channels if c != CONSOLE)}


# -- the alarms that a scenario names


class Alarm(msgspec.Struct, frozen=True):
    """Something in a scenario that may ring."""

    subject: str
    kind: str
    at: datetime


def alarms_of(scenario: Scenario) -> list[Alarm]:
    """What a scenario's devices and people report live, and what it expects to ring besides (a silence, an empty seat),
    in order; the same again in the same moment counts once.
    """
    said = [
        Alarm(step.act.device, step.act.kind, step.at)
        if isinstance(step.act, Says)
        else Alarm(f"zone/{step.act.zone}", step.act.kind, step.at)
        for step in scenario.steps
        if isinstance(step.act, Reports)
        or (isinstance(step.act, Says) and not (step.act.test or step.act.history or step.act.retained))
    ]
    told = {(a.subject, a.kind) for a in said}
    ours = [
        Alarm(e.about[0], e.about[1], e.at)
        for e in scenario.expects
        if e.form == "happens" and e.what == "raised" and len(e.about) == 2 and e.at is not None and e.about not in told
    ]
    return sorted(dict.fromkeys([*said, *ours]), key=lambda a: a.at)


def duty_of(scenario: Scenario) -> Duty:
    """The roster that the scenario's site publishes at its start, with everybody who signs on and off in it."""
    open_: dict[tuple[str, str], Attended] = {}
    stays: list[Attended] = []
    for seat, person in scenario.signed_on.items():
        open_[seat, person] = Attended(f"{seat}/{person}", seat, person, scenario.start)
    for step in scenario.steps:
        match step.act:
            case SignsOn(person, seat) if (seat, person) not in open_:
                open_[seat, person] = Attended(f"{seat}/{person}/{step.line}", seat, person, step.at)
            case SignsOff(person, seat) if (seat, person) in open_:
                stays.append(msgspec.structs.replace(open_.pop((seat, person)), off_at=step.at))
            case _:
                pass
    return Duty(roster(scenario.register, scenario.start), (*stays, *open_.values()))


def roster(register: Register, at: datetime) -> list[Dated]:
    """The shifts that an import at `at` publishes: from the day before, up to the site's horizon."""
    first = (at.astimezone(register.zone_info) - timedelta(days=1)).date()
    return dated(register, first, register.policies.roster_horizon_days + 2, shift_days(register, {}))
