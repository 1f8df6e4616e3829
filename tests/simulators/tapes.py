"""Recordings made without a broker: what the gateways of a site say while a story is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

from core import wire
from core.clock import instant, micros
from core.ids import derived
from core.wire import Channel
from simulators.recording.lines import Message, header
from simulators.recording.recorder import topics
from simulators.recording.writer import write
from simulators.sayings import Saying
from simulators.story import STORIES, stream
from sites.register import Register

STARTED = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai
STATUS_S = 30


class Voices:
    """Every gateway of a site, each numbering its own words."""

    def __init__(self, register: Register, started: datetime = STARTED) -> None:
        self.site, self.started, self.devices = register.site_id, started, register.devices
        self.boots = {gateway: derived(started, "boot", gateway) for gateway in register.gateways}
        self.seqs = dict.fromkeys(self.boots, 0)

    def status(self, gateway: str, t: float, state: str = "online", *, retain: bool = False) -> Message:
        status = wire.Status(state, self.boots[gateway], self._at(t))  # type: ignore[arg-type]
        return self._message(gateway, Channel.STATUS, t, wire.encode(status), retain=retain)

    def event(self, t: float, device: str, kind: str, *, said: float | None = None, **more: Any) -> Message:
        gateway = more.pop("gateway", None) or self.devices[device].gateway
        self.seqs[gateway] += 1
        seq, at = self.seqs[gateway], self._at(t if said is None else said)
        event = wire.Event(derived(self._at(t), gateway, str(seq)), self.boots[gateway], seq, device, kind, at, **more)
        return self._message(gateway, Channel.EVENTS, t, wire.encode(event))

    def say(self, saying: Saying) -> Message:
        if saying.kind:
            return self.event(saying.t, saying.device, saying.kind, data=saying.data)
        sample = wire.Sample(saying.device, saying.metric, saying.value, self._at(saying.t), saying.unit)
        return self._message(self.devices[saying.device].gateway, Channel.TELEMETRY, saying.t, wire.encode(sample))

    def _at(self, t: float) -> datetime:
        return instant(micros(self.started) + round(t * 1_000_000))

    def _message(self, gateway: str, channel: Channel, t: float, payload: bytes, *, retain: bool = False) -> Message:
        return Message(round(t * 1e6), wire.topic(self.site, gateway, channel), payload, 1, retain, False)


def told(register: Register, seconds: float, story: str = "demo", seed: int = 1) -> Iterator[Message]:
    """What the server hears in the first seconds of a story, life signs of the gateways included."""
    voices, signs = Voices(register), 0
    for saying in takewhile(lambda s: s.t <= seconds, stream(STORIES[story], register, seed, STARTED)):
        while signs * STATUS_S <= saying.t:
            yield from (voices.status(gateway, signs * STATUS_S, retain=signs == 0) for gateway in voices.boots)
            signs += 1
        yield voices.say(saying)


def taped(path: Path, register: Register, messages: Iterator[Message] | list[Message]) -> Path:
    """The same as a file."""
    head = header(register.site_id, STARTED, zone=register.time_zone, made_by="a test", topics=topics(register.site_id))
    write(path, head, messages)
    return path


def after(seconds: float) -> datetime:
    return STARTED + timedelta(seconds=seconds)
