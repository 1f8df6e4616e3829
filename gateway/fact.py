"""What a local input says, before it has a number: one line of JSON in, a fact, a sample, a question or a refusal out.

A fact is accepted only if the server's own codec understands the event it becomes, so that nothing is spooled which
would be rejected at the other end. `data` stays the very bytes that the input sent.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from core import wire
from core.ids import fresh
from core.kinds import kind_of

HISTORY_MARK: Final = b',"history":true'
MAX_EVENT: Final = wire.MAX_BYTES - len(HISTORY_MARK)  # an event must still fit when it is marked as history
MAX_LINE: Final = 64 * 1024
STORAGE_FAULT: Final = "device.storage_fault"  # the gateway's own trouble: what it kept was damaged

_LONGEST: Final = datetime(2000, 1, 1, 0, 0, 0, 1, tzinfo=UTC)  # no moment is longer when written
_BOOT: Final = "00000000-0000-7000-8000-000000000000"
_FIELD: Final = re.compile(r"`(?:\$\.)?([A-Za-z_][\w.\[\]]*)`$")


class Fact(Struct, frozen=True):
    """An event without its place in the gateway's order. `data` is JSON text of an object."""

    id: str
    device: str
    kind: str
    said_at: datetime
    data: bytes = b""
    test: bool = False


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """A question from a local input about the gateway itself."""

    ask: Literal["status"]


class Refused(Struct, frozen=True):
    """Why something was not taken, and the field it is about when there is one."""

    why: str
    detail: str
    field: str | None = None


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    device: wire.DeviceName
    kind: Annotated[str, Meta(max_length=64)]
    said_at: wire.Aware | None = None
    data: Raw = Raw(b"{}")
    test: bool = False
    id: wire.Uuid | None = None


class _Measured(Struct, frozen=True, forbid_unknown_fields=True):
    device: str
    metric: str
    value: float
    unit: str = ""
    said_at: wire.Aware | None = None


class _Event(Struct, frozen=True):
    """`core.wire.Event` with `data` passed through untouched."""

    id: str
    boot: str
    seq: int
    device: str
    kind: str
    said_at: datetime
    data: Raw | UnsetType = UNSET
    test: bool | UnsetType = UNSET
    kept_at: datetime | UnsetType = UNSET


class _Peek(Struct, frozen=True):
    metric: Raw | UnsetType = UNSET
    ask: Raw | UnsetType = UNSET


_peek = msgspec.json.Decoder(_Peek)
_line = msgspec.json.Decoder(_Line)
_measured = msgspec.json.Decoder(_Measured)
_ask = msgspec.json.Decoder(Ask)
_encoder = msgspec.json.Encoder()


def written(fact: Fact, boot: str, seq: int, at: datetime) -> bytes:
    """The event's bytes, made once, when its place in the order is known. `at`: when the gateway takes it; told where the
    moment is evidence, so that it stays known however long the server is away.
    """
    return _encoder.encode(
        _Event(
            fact.id,
            boot,
            seq,
            fact.device,
            fact.kind,
            fact.said_at,
            Raw(fact.data) if fact.data not in {b"", b"{}"} else UNSET,
            fact.test or UNSET,
            at if kind_of(fact.kind).dated else UNSET,
        )
    )


def as_history(raw: bytes) -> bytes:
    """The same event, marked as old news."""
    return raw[:-1] + HISTORY_MARK + b"}"


def understand(line: bytes, at: datetime) -> Fact | wire.Sample | Ask | Refused:
    """Read one line from a local input. Never raises."""
    if len(line) > MAX_LINE:
        return Refused(wire.Why.TOO_LARGE, f"{len(line)} bytes, a line may have {MAX_LINE}")
    if not line.strip():
        return Refused(wire.Why.EMPTY, "no content")
    try:
        line.decode()
        peek = _peek.decode(line)
        if peek.ask is not UNSET:
            return _ask.decode(line)
        if peek.metric is not UNSET:
            return _sample(_measured.decode(line), at)
        said = _line.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        return _refusal(wrong)
    fact = Fact(said.id or fresh(at), said.device, said.kind, said.said_at or at, bytes(said.data), said.test)
    return check(fact) or fact


def fact(at: datetime, device: str, kind: str, data: dict[str, Any] | None = None) -> Fact:
    """A fact that the gateway itself knows first."""
    return Fact(fresh(at), device, kind, at, _encoder.encode(data or {}))


def check(fact: Fact) -> Refused | None:
    """Why the server would not take this fact, if so. The longest possible seq stands in for the one it will get."""
    raw = written(fact, _BOOT, wire.MAX_SEQ, _LONGEST)
    if len(raw) > MAX_EVENT:
        return Refused(wire.Why.TOO_LARGE, f"an event of {len(raw)} bytes, at most {MAX_EVENT}", "data")
    found = wire.decode_events(raw)[0]
    if isinstance(found, wire.Garbled):
        return Refused(found.why, found.detail, _field(found.detail) or "data")
    return None


def _sample(said: _Measured, at: datetime) -> wire.Sample | Refused:
    made = wire.Sample(said.device, said.metric, said.value, said.said_at or at, said.unit)
    read = wire.decode_samples(wire.encode(made))
    if isinstance(read, wire.Garbled):
        return Refused(read.why, read.detail, _field(read.detail) or "value")
    return made


def _refusal(wrong: Exception) -> Refused:
    if isinstance(wrong, UnicodeDecodeError):
        return Refused(wire.Why.NOT_UTF8, str(wrong))
    if isinstance(wrong, RecursionError):
        return Refused(wire.Why.TOO_DEEP, "nested too deep")
    if isinstance(wrong, msgspec.ValidationError):
        return Refused(wire.Why.WRONG_SHAPE, str(wrong), _field(str(wrong)))
    return Refused(wire.Why.NOT_JSON, str(wrong))


def _field(detail: str) -> str | None:
    found = _FIELD.search(detail)
    return found[1] if found else None
