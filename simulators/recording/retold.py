"""Telling a recording again: the same words, or the same story as news, as history, or at another site. Pure.

Told as it was, every event is recognised by its id, so telling it twice changes nothing (EVT-14). Told afresh, each id and
each boot becomes the one that follows from it and from a salt, times move to the new start, and sequence numbers begin at
one: nobody has heard of it, and the same salt makes the same ids.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from core import wire
from core.clock import instant, micros, seconds
from core.ids import derived
from core.wire import Channel
from simulators.recording.lines import Gap, Message

_object = msgspec.json.Decoder(dict[str, Raw])
_items = msgspec.json.Decoder(list[Raw])
_text = msgspec.json.Decoder(str)
_whole = msgspec.json.Decoder(int)
_time = msgspec.json.Decoder(wire.Aware)
_encode = msgspec.json.Encoder().encode
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

Positions = Mapping[tuple[str, str], int]
Fields = dict[str, Raw]


class Survey(Struct, frozen=True):
    """What is in a span of a recording. `lowest`: the first sequence number of each (gateway, boot)."""

    messages: int
    by_channel: Mapping[str, int]
    gateways: tuple[str, ...]
    lowest: Positions
    gaps: tuple[Gap, ...]
    last: int


class Fresh(Struct, frozen=True):
    """What makes old words news. `shift_s`: from the old start to the new one."""

    salt: str
    start: datetime
    shift_s: float
    lowest: Positions


class Telling(Struct, frozen=True):
    """What part is told, and how. Times in microseconds into the recording; the first of the part becomes 0.

    `live`: it goes through a broker to whoever is connected there. MQTT cannot show them that a message was retained when
    it was recorded, so such an event goes marked as history; and a status, which has no id to be recognised by, goes only
    when the whole story is told afresh.
    """

    begin: int = 0
    until: int | None = None
    site: str | None = None
    history: bool = False
    fresh: Fresh | None = None
    live: bool = False


def part(lines: Iterable[Message | Gap], begin: int, until: int | None) -> Iterator[Message | Gap]:
    """The lines of a span: `begin` is in it, `until` is not."""
    return (line for line in lines if line.t >= begin and (until is None or line.t < until))


def surveyed(lines: Iterable[Message | Gap], begin: int = 0, until: int | None = None) -> Survey:
    """Look through a span once; to know its ends, everything is read."""
    channels: Counter[str] = Counter()
    gateways: dict[str, None] = {}
    lowest: dict[tuple[str, str], int] = {}
    gaps: list[Gap] = []
    last = 0
    for line in part(lines, begin, until):
        last = line.t
        if isinstance(line, Gap):
            gaps.append(line)
            continue
        place = wire.parse_topic(line.topic)
        channels["other" if place is None else str(place.channel)] += 1
        if place is None:
            continue
        gateways[place.gateway] = None
        if place.channel is Channel.EVENTS:
            for boot, seq in _positions(line.payload):
                key = place.gateway, boot
                lowest[key] = min(seq, lowest.get(key, seq))
    return Survey(channels.total(), channels, tuple(gateways), lowest, tuple(gaps), last)


def retold(lines: Iterable[Message | Gap], telling: Telling) -> Iterator[Message]:
    """The messages of the span as they are to be told. What cannot be understood is told as it is."""
    for line in part(lines, telling.begin, telling.until):
        if isinstance(line, Message):
            yield from _retold(line, telling)


def _retold(message: Message, telling: Telling) -> Iterator[Message]:
    place, topic, payloads = wire.parse_topic(message.topic), message.topic, [message.payload]
    if place is not None:
        if place.channel is Channel.STATUS and telling.live and telling.fresh is None:
            return
        topic = wire.topic(telling.site or place.site, place.gateway, place.channel)
        change = _changes(place, telling, retained=message.retain)
        if change is not None:
            payloads = _changed(message.payload, change)
    for payload in payloads:
        yield Message(message.t - telling.begin, topic, payload, message.qos, message.retain, message.dup)


def _changes(place: wire.Place, telling: Telling, *, retained: bool) -> Callable[[Fields], None] | None:
    """What is done to each object that a message carries."""
    fresh = telling.fresh
    mark = place.channel is Channel.EVENTS and (telling.history or (telling.live and retained))
    if fresh is None and not mark:
        return None

    def change(fields: Fields) -> None:
        if fresh is not None:
            _freshen(fields, place.gateway, fresh)
        if mark:
            fields["history"] = Raw(b"true")

    return change


def _freshen(fields: Fields, gateway: str, fresh: Fresh) -> None:
    """Every field that places the object in time or order; each only if it is what it should be."""
    boot, seq = _read(_text, fields.get("boot")), _read(_whole, fields.get("seq"))
    for name in ("id", "boot"):
        word = _read(_text, fields.get(name))
        if word is not None and _UUID.fullmatch(word):
            fields[name] = Raw(_encode(_anew(word, fresh)))
    if boot is not None and seq is not None and seq >= fresh.lowest.get((gateway, boot), 0) > 0:
        fields["seq"] = Raw(_encode(seq - fresh.lowest[gateway, boot] + 1))
    for name in ("said_at", "at"):
        at = _read(_time, fields.get(name))
        if at is not None:
            fields[name] = Raw(_encode(_later(at, fresh.shift_s)))


def _anew(word: str, fresh: Fresh) -> str:
    """The id that follows from an old one, as far from the new start as that was from the old one."""
    version = _UUID.fullmatch(word)
    at = fresh.start
    if version is not None and version[1] == "7":
        ms = int(word[:8] + word[9:13], 16)
        at = _later(instant(ms * 1000), fresh.shift_s) if ms < _LAST_MS else at
    return derived(at, fresh.salt, word)


_LAST_MS: Final = micros(datetime.fromisoformat("9999-01-01T00:00:00+00:00")) // 1000


def _later(at: datetime, shift_s: float) -> datetime:
    """A time moved on; one at the very edge of the calendar, which only a broken clock says, stays."""
    try:
        return at + seconds(shift_s)
    except OverflowError:
        return at


def _changed(payload: bytes, change: Callable[[Fields], None]) -> list[bytes]:
    """The payload with each of its objects changed; in two messages if it would be too large for one."""
    if payload.lstrip()[:1] != b"[":
        return [_one(payload, change)]
    try:
        items = [_one(bytes(item), change) for item in _items.decode(payload)]
    except _UNREADABLE:
        return [payload]
    return _packed(items)


def _packed(items: list[bytes]) -> list[bytes]:
    whole = b"[" + b",".join(items) + b"]"
    if len(whole) <= wire.MAX_BYTES or len(items) < 2:
        return [whole]
    half = len(items) // 2
    return _packed(items[:half]) + _packed(items[half:])


def _one(text: bytes, change: Callable[[Fields], None]) -> bytes:
    try:
        fields = _object.decode(text)
    except _UNREADABLE:
        return text
    change(fields)
    return _encode(fields)


def _positions(payload: bytes) -> Iterator[tuple[str, int]]:
    """The (boot, seq) of each event in a message, garbled ones too as far as that can be read: as the server counts them."""
    for item in wire.decode_events(payload):
        if isinstance(item, wire.Said):
            yield item.event.boot, item.event.seq
        elif item.boot is not None and item.seq is not None:
            yield item.boot, item.seq


def _read(decoder: "msgspec.json.Decoder[Any]", raw: Raw | None) -> Any:
    if raw is None:
        return None
    try:
        return decoder.decode(raw)
    except _UNREADABLE:
        return None
