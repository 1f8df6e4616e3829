"""What the rules are given: the site's register, who is on, and what is open. Values only."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from alerts.ladder import Frozen
from alerts.rules import Alert, Cond
from core.kinds import KINDS, Kind
from core.wire import Event
from duty.rules import Holding
from sites.register import Device, Register, Route


class Heard(msgspec.Struct, frozen=True, gc=False):
    """One event as it reached us. `retained`: the broker says it is old news. `at`: when, if before the batch is judged."""

    gateway: str
    event: Event
    raw: bytes
    retained: bool
    at: datetime | None = None


class Meaning(msgspec.Struct, frozen=True):
    """What a kind from a device means at this site: looked up once, used for every repeat."""

    kind: Kind
    device: Device | None
    priority: int
    route: Route
    ladder: Frozen
    zone: str | None
    klass: str  # plain text: SQLite's driver takes a detour for every subclass of str
    ended_by: tuple[str, ...] = ()  # the kinds whose word ends this one's condition


class Desk(msgspec.Struct):
    """A register with what has been looked up in it. Shared between batches until the register's version changes. `since`: when
    it came into force, in microseconds.
    """

    register: Register
    meanings: dict[tuple[str, str], Meaning]
    since: int = 0
    enders: dict[str, tuple[str, ...]] = {}  # the kinds that end each kind's condition, once looked for
    frozen: dict[tuple[str, int, int], Frozen] = {}  # ladders with their spans: few, and held by many alerts

    def meaning(self, subject: str, kind_name: str) -> Meaning:
        """What `kind_name` from `subject` means here (EVT-07: a key zone or key device raises the priority by one)."""
        found = self.meanings.get((subject, kind_name))
        if found is None:
            found = self.meanings[subject, kind_name] = self._look_up(subject, kind_name)
        return found

    def _look_up(self, subject: str, kind_name: str) -> Meaning:
        register = self.register
        kind, device = register.kind(kind_name), register.devices.get(subject)
        family, _, name = subject.partition("/")
        at_point = name if family == "checkpoint" else name.partition("/")[0] if family == "violation" else ""
        point = register.checkpoints.get(at_point)
        zone = device.zone if device else point.zone if point else name if family == "zone" else None
        if family == "equipment" and name in register.equipment_tests:
            zone = register.tested_in(name)
        policies = register.policies
        priority = kind.priority
        if device is not None and device.key and policies.key_zone_raises_priority and kind.rings:
            priority = max(1, priority - 1)
        route = register.route(kind, priority, zone)
        ladder = register.ladders[route.ladder]
        handle_s = policies.handle_by_s.get(priority, 3600)
        spans = ladder.id, kind.ack_s, handle_s
        frozen = self.frozen.get(spans)
        if frozen is None:
            frozen = self.frozen[spans] = Frozen(ladder.id, ladder.rungs, ladder.repeat_s, kind.ack_s, handle_s)
        ended_by = self._ended_by(kind.name) if kind.rings else ()
        return Meaning(kind, device, priority, route, frozen, zone, kind.klass.value, ended_by)

    def _ended_by(self, kind_name: str) -> tuple[str, ...]:
        found = self.enders.get(kind_name)
        if found is None:
            rows = {**KINDS, **self.register.policies.kinds}.values()
            found = self.enders[kind_name] = tuple(k.name for k in rows if k.clears and kind_name.startswith(k.clears))
        return found


class Boot(msgspec.Struct):
    """How far one boot of a gateway is known: all up to `through`, and the spans `ahead` of it."""

    through: int
    ahead: list[list[int]]
    due_at: int | None = None
    gap_told: bool = False

    def has(self, seq: int) -> bool:
        """Whether this number was counted in before."""
        return seq <= self.through or any(low <= seq <= high for low, high in self.ahead)

    def add(self, seq: int) -> None:
        """Count one sequence number in, in any order, as often as it comes."""
        if seq == self.through + 1:
            self.through = seq
            if self.ahead and self.ahead[0][0] == seq + 1:
                self.through = self.ahead.pop(0)[1]
            return
        if seq <= self.through:
            return
        last = self.ahead[-1] if self.ahead else None
        if last is not None and seq == last[1] + 1:
            last[1] = seq
            return
        self._place(seq)

    def _place(self, seq: int) -> None:
        """Put a number among the spans: the uncommon case of an order turned round."""
        spans = [[seq, seq], *self.ahead]
        spans.sort()
        joined: list[list[int]] = []
        for low, high in spans:
            if joined and low <= joined[-1][1] + 1:
                joined[-1][1] = max(joined[-1][1], high)
            else:
                joined.append([low, high])
        self.ahead = joined

    @property
    def missing(self) -> tuple[int, int]:
        """The missing numbers below the first span, as (first, last)."""
        return self.through + 1, self.ahead[0][0] - 1

    def skip(self) -> None:
        """Give the missing numbers below the first span up."""
        self.through = self.ahead.pop(0)[1]


class Scene(msgspec.Struct):
    """Everything one site's judgement may look at."""

    desk: Desk
    at: datetime
    held: Mapping[str, Holding]
    conditions: Mapping[tuple[str, str], Cond]
    alerts: Mapping[str, Alert]
    next_number: int
    asked: frozenset[tuple[str, str]]  # the conditions that were looked for: only of these is absence known
    unreached: frozenset[str] = frozenset()  # the seats whose holder no page is connected to (ESC-13)
    behind: Mapping[str, timedelta] = {}  # how far behind ours a gateway's clock is at most
