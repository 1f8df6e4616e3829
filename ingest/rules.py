"""Judging: what a batch of events, and the due moments of a site, change. Pure: values in, changes and reasons out.

A `Judgement` folds one event after the other over copies of what the scene holds; nothing is written, no clock is read.
The loop is the hot path: everything about a kind and a device is looked up once, in `Desk.meaning`.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from alerts.climb import Climb, Fired, Notice, climb
from alerts.rules import HELD, NEXT, RINGING, Act, Alert, Cond, State, open_clock, step
from core.clock import micros
from core.ids import derived
from core.kinds import Effect, Ends, Kind
from duty.rules import Basis, Holding
from ingest.scene import Heard, Meaning, Scene
from logbook.rules import Line
from patrol.rules import Tap, read_tap

TEST: Final = 1
HISTORY: Final = 2
RETAINED: Final = 4
UNKNOWN: Final = 8
SKEWED: Final = 16
LATE: Final = 32
OLD_NEWS: Final = HISTORY | RETAINED
COUNTING: Final = frozenset(state.value for state, act in NEXT if act is Act.REPEAT)

OFFLINE: Final = "device.offline"
GAP: Final = "duty.gap"
NOBODY: Final = Holding("", None, Basis.NOBODY)


class Changes(msgspec.Struct):
    """What a judgement wants written. Keys and rows are in the order they came about."""

    events: list[tuple[Any, ...]] = []
    handed: int = 0  # how many of `events` the store was given already
    heard: dict[str, tuple[int, int, str]] = {}
    raised: dict[str, Alert] = {}
    stepped: dict[str, tuple[Alert, Alert]] = {}
    repeats: dict[str, Cond] = {}
    conditions: dict[tuple[str, str], Cond] = {}
    fired: list[Fired] = []
    notices: list[Notice] = []
    lines: list[Line] = []
    taps: list[Tap] = []
    spoke_again: list[str] = []


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where an occurrence comes from: the event that says it and its place in the gateway's order."""

    event_id: str
    said_at: datetime
    boot: str = ""
    seq: int = 0


class Judgement:
    """One site, one moment: feed it events and due things, then take its `changes`."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.at = scene.at
        self.at_us = micros(scene.at)
        self.holders = {seat: held.person for seat, held in scene.held.items()}
        self.number = scene.next_number
        self.changes = Changes()
        self._skew_us = scene.desk.register.policies.clock_skew_s * 1_000_000
        self._names: dict[str, dict[str, None]] = {}  # each subject's conditions, as they were loaded and came about
        for subject, name in scene.conditions:
            self._names.setdefault(subject, {})[name] = None

    # -- devices ---------------------------------------------------------------------------------------------------

    def hear(self, heard: Heard) -> None:
        """Judge one event: store it, move its condition, open or step its alert."""
        event, desk = heard.event, self.scene.desk
        meaning = desk.meanings.get((event.device, event.kind)) or desk.meaning(event.device, event.kind)
        device = meaning.device
        said_us = micros(event.said_at)
        at_us = self.at_us if heard.at is None else micros(heard.at)
        kept_at = None if event.kept_at is None else self._kept_at(heard.gateway, event.kept_at)
        taken_us = at_us if kept_at is None else min(at_us, micros(kept_at))
        flags = (
            (TEST if event.test else 0)
            | (HISTORY if event.history else 0)
            | (RETAINED if heard.retained else 0)
            | (SKEWED if abs(said_us - taken_us) > self._skew_us else 0)
        )
        alert_id = None
        if event.device == heard.gateway and device is None:  # the gateway speaks of itself
            if meaning.kind.effect is not Effect.NOTE:
                subject, news = f"gateway/{heard.gateway}", not flags & OLD_NEWS
                alert_id, _ = self._apply(subject, meaning, _origin(heard), news=news, event_data=event.data)
        elif device is None or device.gateway != heard.gateway:
            flags |= UNKNOWN
            alert_id = self._unknown(heard, foreign=device is not None)
        else:
            self.changes.heard[event.device] = (at_us, said_us, event.kind)
            if (event.device, OFFLINE) in self.scene.conditions and not flags & OLD_NEWS:
                self._speaks_again(event.device, event.kind)
            if meaning.kind.effect is not Effect.NOTE and not event.test:
                alert_id, late = self._apply(
                    event.device, meaning, _origin(heard), news=not flags & OLD_NEWS, event_data=event.data
                )
                flags |= LATE if late else 0
            elif event.kind == "patrol.tap":
                self.changes.taps.append(read_tap(event, self.scene.desk.register, heard.at or self.at, kept_at))
        holding = self.scene.held.get(meaning.route.seat, NOBODY)
        self.changes.events.append(
            (
                event.id,
                heard.gateway,
                event.boot,
                event.seq,
                event.device,
                event.kind,
                meaning.klass,
                flags,
                said_us,
                at_us,
                holding.shift,
                holding.person,
                alert_id,
                heard.raw,
            )
        )

    def _kept_at(self, gateway: str, kept_at: datetime) -> datetime | None:
        """When its gateway took it at the latest, by our clock; None if the gateway's is not known."""
        behind = self.scene.behind.get(gateway)
        return None if behind is None else kept_at + behind

    def _unknown(self, heard: Heard, *, foreign: bool) -> str | None:
        """A device that is not in the register, or not behind this gateway: kept aside, told once, counted (IOT-02)."""
        gateway = f"gateway/{heard.gateway}"
        data = {"device": heard.event.device, "foreign": foreign}
        if heard.event.history or heard.retained:
            return None
        return self.occur(gateway, "device.unknown", _origin(heard), data)[0]

    def _speaks_again(self, device: str, kind_name: str) -> None:
        cond = self._cond(device, OFFLINE)
        if cond is not None and cond.active and kind_name != OFFLINE:
            self.changes.spoke_again.append(device)
            self.over(device, "device.online", Origin("", self.at))

    def report(
        self, event_id: str, kind_name: str, zone: str, person: str, data: dict[str, Any], raw: bytes
    ) -> str | None:
        """Somebody reports something with its place (EVT-09). Each report is an alert of its own."""
        meaning = self.scene.desk.meaning(f"zone/{zone}", kind_name)
        origin = Origin(event_id, self.at)
        alert_id, _ = self._apply(f"report/{event_id}", meaning, origin, news=True, event_data={**data, "by": person})
        holding = self.scene.held.get(meaning.route.seat, NOBODY)
        self.changes.events.append(
            (
                event_id,
                "",
                "",
                0,
                f"zone/{zone}",
                kind_name,
                meaning.klass,
                0,
                self.at_us,
                self.at_us,
                holding.shift,
                holding.person,
                alert_id,
                raw,
            )
        )
        return alert_id

    # -- conditions ------------------------------------------------------------------------------------------------

    def occur(
        self, subject: str, kind_name: str, origin: Origin, data: dict[str, Any] | None = None
    ) -> tuple[str | None, bool]:
        """Something that we found out ourselves (silence, a gap): the same path as a device's word."""
        return self._apply(
            subject, self.scene.desk.meaning(subject, kind_name), origin, news=True, event_data=data or {}
        )

    def over(self, subject: str, kind_name: str, origin: Origin) -> None:
        """The clear twin of `occur`."""
        self._apply(subject, self.scene.desk.meaning(subject, kind_name), origin, news=True, event_data={})

    def _apply(
        self, subject: str, meaning: Meaning, origin: Origin, *, news: bool, event_data: dict[str, Any]
    ) -> tuple[str | None, bool]:
        kind = meaning.kind
        if kind.effect is Effect.CLEAR:
            return self._clear(subject, kind, origin, event_data), False
        cond = self._cond(subject, kind.name)
        if cond is None:
            cond = Cond(active=False, since=self.at_us, boot="", seq=0)
        late = self._late(subject, meaning, cond, origin)
        pulse = kind.effect is Effect.PULSE or (late and not cond.active)
        was_active = cond.active
        if not late:
            cond.boot, cond.seq = origin.boot, origin.seq
            cond.active = not pulse
            if not was_active:
                cond.since = self.at_us
        self._keep(subject, kind.name, cond)
        if cond.alert_id is not None:
            self._again(cond, was_active=was_active, pulse=pulse, news=news, origin=origin)
        elif news:
            cond.alert_id = self._raise(subject, meaning, origin, pulse=pulse, data=event_data)
            cond.state = State.CLEARED if pulse else State.RAISED
            cond.clear_said, cond.repeats, cond.last_at = pulse, 0, self.at_us
        return cond.alert_id, late

    def _late(self, subject: str, meaning: Meaning, cond: Cond, origin: Origin) -> bool:
        """Whether a later word of the same boot has come already: of this condition, or one that ended it (EVT-14)."""
        boot, seq = origin.boot, origin.seq
        if not boot:
            return False
        if seq < cond.seq and cond.boot == boot:
            return True
        if not meaning.ended_by:
            return False
        ended = [self._cond(subject, name) for name in meaning.ended_by]
        return any(c is not None and c.boot == boot and seq < c.seq for c in ended)

    def _over(self, subject: str, kind: Kind, origin: Origin) -> None:
        """Remember a device's word that something is over: what it ends may still be on its way."""
        cond = self._cond(subject, kind.name) or Cond(active=False, since=self.at_us, boot="", seq=0)
        if cond.boot != origin.boot or cond.seq < origin.seq:
            cond.boot, cond.seq, cond.since = origin.boot, origin.seq, self.at_us
            self._keep(subject, kind.name, cond)

    def _keep(self, subject: str, name: str, cond: Cond) -> None:
        key, conditions = (subject, name), self.changes.conditions
        if key not in conditions:  # else it is the same one: `_cond` gives what is there
            conditions[key] = cond
            self._names.setdefault(subject, {})[name] = None

    def _cond(self, subject: str, name: str) -> Cond | None:
        """The condition as it stands now; a first touch takes a copy, so that the scene stays as it was loaded."""
        key = (subject, name)
        cond = self.changes.conditions.get(key)
        if cond is None:
            loaded = self.scene.conditions.get(key)
            if loaded is None and key not in self.scene.asked:
                raise LookupError(f"condition {key} was judged without having been loaded")
            cond = msgspec.structs.replace(loaded) if loaded is not None else None
        return cond

    def _again(self, cond: Cond, *, was_active: bool, pulse: bool, news: bool, origin: Origin) -> None:
        """The condition's alert is open: count, or let it recur."""
        state = cond.state
        recurs = (state == State.CLEARED and not pulse) or state == State.SETTLING
        if recurs and (news or state == State.CLEARED):
            self._step(cond, Act.RECUR, event=origin.event_id)
            if pulse:
                self._step(cond, Act.CLEAR, event=origin.event_id)
        elif cond.clear_said and not was_active:
            self._step(cond, Act.REPEAT, event=origin.event_id)
        elif state in COUNTING:
            self._count(cond, str(cond.alert_id))

    def _count(self, cond: Cond, alert_id: str) -> None:
        """A repeat of what is open already: no step, no line; the event itself is the evidence."""
        changes = self.changes
        cond.repeats += 1
        cond.last_at = self.at_us
        if alert_id in changes.raised:
            alert = changes.raised[alert_id]
            changes.raised[alert_id] = msgspec.structs.replace(alert, repeats=cond.repeats, last_at=self.at)
        elif alert_id in changes.stepped:
            before, after = changes.stepped[alert_id]
            changes.stepped[alert_id] = (before, msgspec.structs.replace(after, repeats=cond.repeats, last_at=self.at))
        else:
            changes.repeats[alert_id] = cond

    def _clear(self, subject: str, kind: Kind, origin: Origin, data: dict[str, Any]) -> str | None:
        """End every condition of the subject that this kind clears, or the one that `data.of` names."""
        only, alert_id = data.get("of"), None
        if origin.boot and only is None:
            self._over(subject, kind, origin)
        for name in self._names.get(subject, ()):
            if not name.startswith(kind.clears) or (only is not None and name != only):
                continue
            cond = self._cond(subject, name)
            if (
                cond is None
                or not cond.active
                or ((origin.boot, origin.seq) < (cond.boot, cond.seq) and origin.boot == cond.boot)
            ):
                continue
            cond.active, cond.since = False, self.at_us
            cond.boot, cond.seq = (origin.boot, origin.seq) if origin.boot else (cond.boot, cond.seq)
            self.changes.conditions[subject, name] = cond
            if cond.alert_id is not None:
                alert_id = cond.alert_id
                act = Act.CLEAR_SAID if self._now(alert_id).latched else Act.CLEAR
                if (State(str(cond.state)), act) in NEXT:
                    self._step(cond, act, event=origin.event_id)
        return alert_id

    # -- alerts ----------------------------------------------------------------------------------------------------

    def _raise(self, subject: str, meaning: Meaning, origin: Origin, *, pulse: bool, data: dict[str, Any]) -> str:
        kind, route, held = meaning.kind, meaning.route, self.scene.held.get(meaning.route.seat, NOBODY)
        alert_id = derived(self.at, origin.event_id, subject, kind.name)
        alert = Alert(
            site_id=self.scene.desk.register.site_id,
            id=alert_id,
            number=self.number,
            subject=subject,
            kind=kind.name,
            klass=meaning.klass,
            priority=meaning.priority,
            zone_id=meaning.zone,
            state=State.CLEARED if pulse else State.RAISED,
            ends=str(Ends.AT_ONCE if pulse else kind.ends),
            clear_said=pulse,
            event_id=origin.event_id,
            said_at=origin.said_at.astimezone(UTC),
            heard_at=self.at,
            repeats=0,
            last_at=self.at,
            seat_id=route.seat,
            shift_id=held.shift,
            holder_id=held.person,
            basis=str(held.basis),
            ladder=meaning.ladder,
            version=0,
            **open_clock(meaning.ladder, self.at),
        )
        self.number += 1
        told: dict[str, Any] = {
            "number": alert.number,
            "kind": kind.name,
            "subject": subject,
            "zone": alert.zone_id,
            "priority": alert.priority,
            "seat": alert.seat_id,
            "holder": alert.holder_id,
            "basis": alert.basis,
            "shift": alert.shift_id,
            "event": origin.event_id,
            "said_at": origin.said_at.astimezone(UTC),
        }
        if data:
            told["data"] = data
        self.changes.lines.append(Line(self.at, "alert.raise", "system", f"alert/{alert_id}", told))
        self.changes.raised[alert_id] = alert
        self._climb(alert)
        if held.person is None and kind.name != GAP:
            self.gap(route.seat)
        return alert_id

    def stands(self, subject: str, kind_name: str) -> bool:
        """Whether the condition is active and its alert open."""
        cond = self._cond(subject, kind_name)
        return cond is not None and cond.active and cond.alert_id is not None

    def gap(self, seat: str) -> None:
        """Nobody holds a seat that should answer: that is an alert of its own, once."""
        cond = self._cond(f"seat/{seat}", GAP)
        if cond is None or not cond.active or cond.alert_id is None:
            self.occur(f"seat/{seat}", GAP, Origin(derived(self.at, "gap", seat), self.at), {"seat": seat})

    def _step(self, cond: Cond, act: Act, **data: Any) -> None:
        """Take a condition's open alert through the table."""
        before = self._now(str(cond.alert_id))
        after, line = step(before, act, at=self.at, **data)
        self.changes.lines.append(line)
        self._put(after)
        if before.state in HELD and after.state in RINGING:
            after = self._climb(after)
        cond.state, cond.clear_said, cond.repeats = after.state, after.clear_said, after.repeats
        cond.last_at = micros(after.last_at)

    def due(self, alert: Alert) -> None:
        """An alert whose `due_at` has come: the next rung, or the end of its handling time."""
        self.changes.stepped.setdefault(alert.id, (alert, alert))
        if alert.ringing:
            self._climb(alert)
        elif alert.state in HELD:
            self.drop(alert, Act.TIMEOUT)

    def drop(self, alert: Alert, act: Act, **data: Any) -> None:
        """Custody ends without a disposition (TIMEOUT, RELEASE): it rings again from the first rung."""
        self.changes.stepped.setdefault(alert.id, (alert, alert))
        after, line = step(alert, act, at=self.at, custody_by=alert.custody_by, **data)
        self.changes.lines.append(line)
        self._put(after)
        self._climb(after)

    def remark(self, alert: Alert, act: Act, by: str, **data: Any) -> None:
        """Something is said of an open alert that moves nothing."""
        if alert.id not in self.changes.raised and alert.id not in self.changes.stepped:
            if alert.id in self.scene.alerts:
                alert = self._now(alert.id)
            self.changes.stepped.setdefault(alert.id, (alert, alert))
        after, line = step(self._now(alert.id), act, at=self.at, by=by, **data)
        self.changes.lines.append(line)
        self._put(after)

    def _climb(self, alert: Alert) -> Alert:
        made: Climb = climb(alert, self.scene.desk.register, self.holders, self.at, self.scene.unreached)
        self.changes.fired += made.fired
        self.changes.notices += made.notices
        self.changes.lines += made.lines
        self._put(made.alert)
        return made.alert

    def _now(self, alert_id: str) -> Alert:
        if alert_id in self.changes.raised:
            return self.changes.raised[alert_id]
        if alert_id in self.changes.stepped:
            return self.changes.stepped[alert_id][1]
        alert = self.scene.alerts[alert_id]
        counted = self.changes.repeats.pop(alert_id, None)
        if counted is not None:
            alert = msgspec.structs.replace(alert, repeats=counted.repeats, last_at=self.at)
        self.changes.stepped[alert_id] = (self.scene.alerts[alert_id], alert)
        return alert

    def _put(self, alert: Alert) -> None:
        if alert.id in self.changes.raised:
            self.changes.raised[alert.id] = alert
        else:
            self.changes.stepped[alert.id] = (self.changes.stepped[alert.id][0], alert)


def _origin(heard: Heard) -> Origin:
    return Origin(heard.event.id, heard.event.said_at, heard.event.boot, heard.event.seq)
