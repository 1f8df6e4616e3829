"""What a recording says that a scenario would tell: alarms and their ends, taps, gateways that come and go, devices that fall
silent. Life signs, samples and what asks nothing of anybody are counted and left out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct, field

from core import wire
from core.kinds import Effect
from core.wire import Channel
from simulators.recording.lines import Gap, Message
from simulators.scenario.tokens import literal, shown, word
from sites.register import Register

FOLD_S: Final = 10.0  # one thing said again and again within this is one line
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_TAKEN: Final = frozenset({"said_at", "gateway", "boot", "seq", "id"})
_GARBAGE: Final = 200


class Told(Struct):
    """A line of `when`, without its time. `order` decides at one instant. `same`: what may be folded with it."""

    at: datetime
    order: int
    text: str
    same: tuple[str, ...] = ()
    times: int = 1
    last: datetime | None = None

    def line(self) -> str:
        """The words, `xN within` included."""
        if self.times == 1 or self.last is None:
            return self.text
        device, kind, *rest = self.same
        within = f"{max(0.001, (self.last - self.at).total_seconds()):.3f}".rstrip("0").rstrip(".")
        return " ".join([device, kind, f"x{self.times} within {within}s", *rest])


class Heard(Struct):
    """A recording, listened to."""

    told: list[Told] = []
    left_out: Counter[str] = field(default_factory=Counter)
    last: datetime | None = None


class _Listening:
    """One pass over a recording."""

    def __init__(self, register: Register, start: datetime) -> None:
        self.register, self.start = register, start
        self.out = Heard()
        self.beats = False
        self.heard: dict[str, list[tuple[datetime, str]]] = {}
        self.away: dict[str, list[list[datetime | None]]] = {}  # spans in which a gateway was off line
        self.boots: dict[str, str] = {}
        self.gaps: list[tuple[datetime, datetime]] = []
        self._ids: set[str] = set()
        self._handset = next((d.id for d in register.devices.values() if d.model == "handheld"), None)

    def hear(self, line: Message | Gap, at: datetime) -> None:
        self.out.last = at
        if isinstance(line, Gap):
            self.gaps.append((at - timedelta(microseconds=line.lasted), at))
            return
        place = wire.parse_topic(line.topic)
        if place is None or place.gateway not in self.register.gateways:
            self.out.left_out["of no gateway of this site"] += 1
        elif place.channel is Channel.STATUS:
            self._status(place.gateway, line, at)
        elif place.channel is Channel.TELEMETRY:
            self.out.left_out["samples"] += 1
        elif place.channel is Channel.EVENTS:
            for item in wire.decode_events(line.payload):
                if isinstance(item, wire.Said):
                    self._event(place.gateway, item.event, line, at)
                else:
                    self._garbled(place.gateway, item, at)

    def _status(self, gateway: str, line: Message, at: datetime) -> None:
        status = wire.decode_status(line.payload)
        if isinstance(status, wire.Garbled):
            self.out.left_out["statuses that nobody understands"] += 1
            return
        spans = self.away.setdefault(gateway, [])
        away, boot = bool(spans) and spans[-1][1] is None, self.boots.get(gateway)
        self.boots[gateway] = status.boot
        if status.state == "offline" and not away:
            spans.append([at, None])
            self._tell(at, f"gateway {gateway} offline")
        elif status.state == "online" and away:
            spans[-1][1] = at
            self._tell(at, f"gateway {gateway} online")
        elif status.state == "online" and boot not in {None, status.boot}:
            self._tell(at, f"gateway {gateway} restarts")

    def _garbled(self, gateway: str, item: wire.Garbled, at: datetime) -> None:
        try:
            text = item.raw.decode()
        except UnicodeDecodeError:
            text = ""
        if not text.isprintable() or not 0 < len(text) <= _GARBAGE:
            self.out.left_out["garbled messages that cannot be written down"] += 1
        else:
            self._tell(at, f"garbage on {gateway} {literal(text)}")

    def _event(self, gateway: str, event: wire.Event, line: Message, at: datetime) -> None:
        if event.id in self._ids:
            self.out.left_out["that came twice"] += 1
            return
        self._ids.add(event.id)
        self.heard.setdefault(event.device, []).append((at, event.kind))
        self.beats = self.beats or event.kind == "device.heartbeat"
        at = self._when_said(gateway, event, at)
        if event.kind == "patrol.tap" and (scan := self._scan(event, at)) is not None:
            self._tell(at, scan)
        elif self.register.kind(event.kind).effect is Effect.NOTE:
            name = "life signs" if event.kind == "device.heartbeat" else f"{event.kind}"
            self.out.left_out[name] += 1
        else:
            self._say(gateway, event, line, at)

    def _when_said(self, gateway: str, event: wire.Event, at: datetime) -> datetime:
        """What came out of a gateway's spool after an outage is told when it was said: the outage is told too."""
        for begins, ends in self.away.get(gateway, ()):
            if begins is not None and ends is not None and begins <= event.said_at < ends <= at:
                return event.said_at
        return at

    def _say(self, gateway: str, event: wire.Event, line: Message, at: datetime) -> None:
        device, known = self.register.devices.get(event.device), self.register.kind(event.kind)
        subject = event.device if device is not None else literal(event.device)
        kind = event.kind if known.effect is not Effect.NOTE else literal(event.kind)
        backlog = at == event.said_at
        marks = [m for m, is_so in (("test", event.test), ("retained", line.retain)) if is_so]
        marks += ["history"] if event.history and not backlog else []
        marks += [] if device is not None and device.gateway == gateway else [f"gateway={gateway}"]
        if (
            abs((event.said_at - at).total_seconds()) > self.register.policies.clock_skew_s
            and event.said_at.year >= 1970
        ):
            marks.append(f"said_at={self._clock(event.said_at)}")
        marks += self._data(event.data)
        same = (subject, kind, *marks)
        last = self.out.told[-1] if self.out.told else None
        if last is not None and last.same == same and at - last.at <= timedelta(seconds=FOLD_S) and at >= last.at:
            last.times, last.last = last.times + 1, at
        else:
            self.out.told.append(Told(at, 1, " ".join(same), same))

    def _data(self, data: dict[str, Any]) -> Iterator[str]:
        for key, value in data.items():
            if key in _TAKEN or not _KEY.fullmatch(key):
                self.out.left_out["values whose name a line cannot hold"] += 1
            else:
                yield f"{key}={shown(value)}"

    def _scan(self, event: wire.Event, at: datetime) -> str | None:
        """A tap in the guardroom's words, where person and tag are the site's."""
        guard, tag, proof = (event.data.get(key) for key in ("guard", "tag", "proof"))
        point = next((p.id for p in self.register.checkpoints.values() if tag in p.tags), None)
        if guard not in self.register.people or point is None or event.device != self._handset:
            return None
        own = tag == self.register.checkpoints[point].tags[0]
        more = [] if own else [f"tag={tag}"]
        more += [f"proof={word(proof)}"] if isinstance(proof, str) and proof != "uid" else []
        if abs((event.said_at - at).total_seconds()) > self.register.policies.clock_skew_s:
            more.append(f"said_at={self._clock(event.said_at)}")
        return " ".join([f"scan {guard} {point}", *more])

    def _clock(self, at: datetime) -> str:
        return at.astimezone(self.register.zone_info).isoformat(timespec="milliseconds")

    def _tell(self, at: datetime, text: str) -> None:
        self.out.told.append(Told(at, 0 if text.startswith("gateway") else 1, text))


def listened(register: Register, started: datetime, lines: Iterable[Message | Gap], begin: int = 0) -> Heard:
    """Listen to the lines of a recording that `started` then, from `begin` microseconds on."""
    listening = _Listening(register, started + timedelta(microseconds=begin))
    for line in lines:
        listening.hear(line, started + timedelta(microseconds=line.t))
    if listening.beats:
        listening.out.told += _silences(listening)
    return listening.out


def in_order(told: Iterable[Told]) -> list[Told]:
    """By time; at one instant gateways first, then what was said, then who fell silent, then what people did."""
    return sorted(told, key=lambda one: (one.at, one.order))


def _silences(of: _Listening) -> Iterator[Told]:
    """Supervised devices that nobody heard for longer than they may be silent. Where their gateway or the recorder was away,
    nobody can know.
    """
    ended = of.out.last or of.start
    for device in of.register.devices.values():
        if not device.supervision_s:
            continue
        span = timedelta(seconds=device.supervision_s)
        deaf = [*of.gaps, *((b, e or ended) for b, e in of.away.get(device.gateway, ()) if b is not None)]
        times = [(of.start, ""), *of.heard.get(device.id, ()), (ended, "end")]
        for (last, what), (at, then) in pairwise(times):
            if at - last <= span or any(begins < at and ends > last for begins, ends in deaf):
                continue
            if what == "device.heartbeat":
                yield Told(last, 2, f"{device.id} {what}")
            yield Told(last, 3, f"device {device.id} falls silent")
            if then != "end":
                yield Told(at, 0, f"device {device.id} speaks")
