"""The wire: topics and the JSON codec between gateways and the server (MQTT, QoS 1, UTF-8, at most 16 KiB a message).

`decode_events` never raises: what cannot be understood comes back as a `Garbled` with its bytes and a named reason, and
its neighbours in the same batch are untouched. Site and gateway come from the topic, never from the payload.
"""

import math
import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

ROOT: Final = "wr/v1"
MAX_BYTES: Final = 16 * 1024
MAX_BATCH: Final = 256
MAX_DEPTH: Final = 16
MAX_SEQ: Final = 2**53 - 1

SLUG: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"  # a site or a gateway: also a topic level and a broker subject
NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$"  # a device or anything else inside a site
_UUID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_KIND: Final = r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$"

Uuid = Annotated[str, Meta(pattern=_UUID)]
DeviceName = Annotated[str, Meta(pattern=NAME)]
Aware = Annotated[datetime, Meta(tz=True)]


class Channel(StrEnum):
    """The last level of a topic."""

    EVENTS = "events"
    TELEMETRY = "telemetry"
    STATUS = "status"
    RECEIPT = "receipt"
    COMMAND = "command"


class Event(Struct, frozen=True, omit_defaults=True):
    """One thing a device or person said. `id` is made once, where the fact is first known; `(boot, seq)` orders a gateway's
    events. `kept_at`: when the gateway took it, by its own clock; said where the moment is evidence (a dated kind).
    The shapes of its names are not in its types but in `_Strict`: a pattern costs more than all the rest of decoding.
    """

    id: str
    boot: str
    seq: Annotated[int, Meta(ge=1, le=MAX_SEQ)]
    device: str
    kind: str
    said_at: Aware
    data: dict[str, Any] = {}
    test: bool = False
    history: bool = False
    raw: str | None = None
    kept_at: Aware | None = None


class Sample(Struct, frozen=True, omit_defaults=True):
    """One measured value; `unit` is a UCUM-like symbol such as `Cel`, `kPa`, `%`."""

    device: DeviceName
    metric: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    value: float
    said_at: Aware
    unit: Annotated[str, Meta(max_length=16)] = ""


class Status(Struct, frozen=True):
    """A gateway's retained word on itself, and its last will. `spooled` counts events not yet receipted."""

    state: Literal["online", "offline"]
    boot: Uuid
    at: Aware
    spooled: Annotated[int, Meta(ge=0)] = 0


class Receipt(Struct, frozen=True):
    """Every event of `boot` up to and including `through` is durable here; the gateway may forget them."""

    boot: Uuid
    through: Annotated[int, Meta(ge=0)]


class Command(Struct, frozen=True, omit_defaults=True):
    """Server to gateway. A command past `expires_at` is dropped unread."""

    id: Uuid
    act: Literal["silence", "test_start", "test_end", "presence_check", "reload"]
    expires_at: Aware
    data: dict[str, Any] = {}


class Place(Struct, frozen=True):
    """Where a message came from, as the broker vouches for it."""

    site: str
    gateway: str
    channel: Channel


class Why(StrEnum):
    """Named reasons for keeping a message as a reject."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    BATCH_TOO_LONG = "batch_too_long"
    WRONG_SHAPE = "wrong_shape"
    NOT_FINITE = "not_finite"
    BAD_TOPIC = "bad_topic"
    UNKNOWN_SITE = "unknown_site"
    ID_REUSED = "id_reused"
    UNJUDGED = "unjudged"


class Garbled(Struct, frozen=True):
    """A message, or one item of a batch, that could not be understood. `boot`/`seq` are set when they could still be read."""

    raw: bytes
    why: Why
    detail: str
    boot: str | None = None
    seq: int | None = None


class Said(Struct, frozen=True):
    """An understood event together with exactly the bytes that said it."""

    event: Event
    raw: bytes


_SITE_TOPIC: Final = re.compile(rf"{ROOT}/([a-z0-9][a-z0-9-]{{0,62}})/([a-z0-9][a-z0-9-]{{0,62}})/([a-z]+)")
_CHANNELS: Final = frozenset(Channel)


class _Strict(Event, frozen=True, kw_only=True):
    """An event whose names must have their shapes, or who reads it says which has not."""

    id: Uuid
    boot: Uuid
    device: DeviceName
    kind: Annotated[str, Meta(pattern=_KIND, max_length=64)]


_event = msgspec.json.Decoder(Event)
_strict = msgspec.json.Decoder(_Strict)
_items = msgspec.json.Decoder(list[Raw])
_samples = msgspec.json.Decoder(list[Sample])
_sample = msgspec.json.Decoder(Sample)
_status = msgspec.json.Decoder(Status)
_receipt = msgspec.json.Decoder(Receipt)
_command = msgspec.json.Decoder(Command)


class _Position(Struct):
    boot: Uuid
    seq: Annotated[int, Meta(ge=1, le=MAX_SEQ)]


_position = msgspec.json.Decoder(_Position)
_encoder = msgspec.json.Encoder()


def topic(site: str, gateway: str, channel: Channel) -> str:
    """`wr/v1/{site}/{gateway}/{channel}`."""
    return f"{ROOT}/{site}/{gateway}/{channel}"


def parse_topic(name: str) -> Place | None:
    """Where a topic says a message is from, or None when it is not one of ours."""
    found = _SITE_TOPIC.fullmatch(name)
    if found is None or found[3] not in _CHANNELS:
        return None
    return Place(found[1], found[2], Channel(found[3]))


def encode(message: Struct | list[Any]) -> bytes:
    """JSON for the wire."""
    return _encoder.encode(message)


def decode_events(payload: bytes) -> list[Said | Garbled]:
    """Understand one message: an event, or an array of at most 256."""
    if len(payload) > MAX_BYTES:
        return [Garbled(payload, Why.TOO_LARGE, f"{len(payload)} bytes, at most {MAX_BYTES}")]
    if payload[:1] == b"{":
        return [_one(payload)]
    if not payload.strip():
        return [Garbled(payload, Why.EMPTY, "no content")]
    if payload.lstrip()[:1] != b"[":
        return [_one(payload)]
    try:
        items = _items.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        return [_garbled(payload, wrong)]
    if len(items) > MAX_BATCH:
        return [Garbled(payload, Why.BATCH_TOO_LONG, f"{len(items)} events, at most {MAX_BATCH}")]
    return [_one(bytes(item)) for item in items]


def _one(raw: bytes) -> Said | Garbled:
    try:
        event = _event.decode(raw)
        if not _fits(event):
            _strict.decode(raw)  # says what is wrong; but a pattern takes a line break at the end for the end
            name = next(n for n in _Strict.__annotations__ if getattr(event, n).endswith("\n"))
            raise msgspec.ValidationError(f"A name does not end with a line break - at `$.{name}`")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        return _garbled(raw, wrong)
    data = event.data
    if data and not _NESTING.isdisjoint(map(type, data.values())) and raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        trouble = _unfit(data, 1)
        if trouble is not None:
            return Garbled(raw, trouble[0], trouble[1], event.boot, event.seq)
    return Said(event, raw)


def _fits(e: Event) -> bool:
    """Whether the names have the shapes that `_Strict` asks for. Devices, kinds and boots are few and come again and again."""
    return (
        e.boot in _known_boots and e.device in _known_devices and e.kind in _known_kinds and _is_uuid(e.id) is not None
    ) or _fits_anew(e)


def _fits_anew(e: Event) -> bool:
    if not (_is_uuid(e.id) and _is_uuid(e.boot) and _is_name(e.device) and _is_kind(e.kind) and len(e.kind) <= 64):
        return False
    for known, name in ((_known_boots, e.boot), (_known_devices, e.device), (_known_kinds, e.kind)):
        if len(known) >= _KNOWN:
            known.clear()
        known.add(name)
    return True


_KNOWN: Final = 20_000  # names that are remembered as well-formed
_known_boots: Final[set[str]] = set()
_known_devices: Final[set[str]] = set()
_known_kinds: Final[set[str]] = set()
_is_uuid, _is_name, _is_kind = (re.compile(pattern).fullmatch for pattern in (_UUID, NAME, _KIND))
_NESTING: Final = frozenset({dict, list})


def _garbled(raw: bytes, wrong: Exception) -> Garbled:
    if isinstance(wrong, RecursionError):
        why = Why.TOO_DEEP
    elif isinstance(wrong, msgspec.ValidationError):
        why = Why.WRONG_SHAPE
    elif isinstance(wrong, UnicodeDecodeError):
        why = Why.NOT_UTF8
    else:
        why = Why.NOT_JSON
    try:
        at = _position.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Garbled(raw, why, str(wrong))
    return Garbled(raw, why, str(wrong), at.boot, at.seq)


def _unfit(value: Any, depth: int) -> tuple[Why, str] | None:
    """What in `data` would not survive storage and re-encoding, if anything; numbers are finite, the decoder sees to that."""
    if isinstance(value, dict):
        children: Iterable[Any] = value.values()
    elif isinstance(value, list):
        children = value
    else:
        return None
    if depth > MAX_DEPTH:
        return Why.TOO_DEEP, f"data nests deeper than {MAX_DEPTH}"
    for child in children:
        found = _unfit(child, depth + 1)
        if found is not None:
            return found
    return None


def decode_samples(payload: bytes) -> list[Sample] | Garbled:
    """Understand a telemetry message: one sample or an array of at most 256."""
    if len(payload) > MAX_BYTES:
        return Garbled(payload, Why.TOO_LARGE, f"{len(payload)} bytes, at most {MAX_BYTES}")
    try:
        samples = _samples.decode(payload) if payload.lstrip()[:1] == b"[" else [_sample.decode(payload)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        return _garbled(payload, wrong)
    if len(samples) > MAX_BATCH:
        return Garbled(payload, Why.BATCH_TOO_LONG, f"{len(samples)} samples, at most {MAX_BATCH}")
    if not all(math.isfinite(s.value) for s in samples):
        return Garbled(payload, Why.NOT_FINITE, "a value is not finite")
    return samples


def decode_status(payload: bytes) -> Status | Garbled:
    """Understand a gateway's status."""
    try:
        return _status.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        return _garbled(payload, wrong)


def decode_receipt(payload: bytes) -> Receipt | None:
    """Understand a receipt; None when it is not one (a gateway then simply keeps its spool)."""
    try:
        return _receipt.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def decode_command(payload: bytes) -> Command | None:
    """Understand a command; None when it is not one."""
    try:
        return _command.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
