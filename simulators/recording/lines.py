"""What a recording consists of: a header, a line for each message in the order in which they came, and an end that seals them.

The file is JSON lines, compressed with gzip. `t` counts microseconds from the header's `started` to the arrival. A payload
is text, or base64 where it is not UTF-8: the very bytes come back. `docs/howto/record-and-replay.md` tells it to people.
"""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from core.wire import Aware

FORMAT: Final = "watchroom-recording"
VERSION: Final = 1

_Micros = Annotated[int, Meta(ge=0, le=2**53)]
_Sha = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Header(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Whose traffic, since when. `register` is the digest of the site pack that was in force, when it was known."""

    format: str
    version: int
    site: str
    started: Aware
    zone: str = ""
    made_by: str = ""
    register: str = ""
    topics: tuple[str, ...] = ()


class Message(Struct, frozen=True):
    """One message as it came."""

    t: int
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    dup: bool = False


class Gap(Struct, frozen=True, tag_field="is", tag="gap"):
    """The recorder was cut off for `lasted` microseconds up to `t`: what was said then is not in the recording."""

    t: _Micros
    lasted: _Micros
    why: str = ""


class End(Struct, frozen=True, tag_field="is", tag="end"):
    """The last line: how many lines stand between it and the header, and the SHA-256 of every byte above it."""

    count: Annotated[int, Meta(ge=0)]
    sha256: _Sha


class _Said(Struct, frozen=True, omit_defaults=True, tag_field="is", tag="said"):
    t: _Micros
    topic: str
    text: str | UnsetType = UNSET
    base64: bytes | UnsetType = UNSET
    qos: Annotated[int, Meta(ge=0, le=2)] = 1
    retain: bool = False
    dup: bool = False


Line = Message | Gap | End

_encode = msgspec.json.Encoder().encode
_line: Final = msgspec.json.Decoder(_Said | Gap | End)
_header = msgspec.json.Decoder(Header)


class _Mark(Struct, frozen=True):
    format: str
    version: int


_mark = msgspec.json.Decoder(_Mark)
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)


def header(site: str, started: Aware, **more: str | tuple[str, ...]) -> Header:
    """A header of the present version."""
    return msgspec.convert(
        {"format": FORMAT, "version": VERSION, "site": site, "started": started, **more}, Header, strict=True
    )


def written(line: Header | Line) -> bytes:
    """A line's bytes, with its end."""
    if not isinstance(line, Message):
        return _encode(line) + b"\n"
    said = _Said(line.t, line.topic, qos=line.qos, retain=line.retain, dup=line.dup)
    try:
        said = msgspec.structs.replace(said, text=line.payload.decode())
    except UnicodeDecodeError:
        said = msgspec.structs.replace(said, base64=line.payload)
    return _encode(said) + b"\n"


def read_header(line: bytes) -> Header:
    """Understand a first line. Raises ValueError that says what it is instead."""
    try:
        mark = _mark.decode(line)
    except _UNREADABLE:
        raise ValueError("not a recording of ours") from None
    if mark.format != FORMAT:
        raise ValueError(f"a file of the format {mark.format!r}, not {FORMAT!r}")
    if mark.version != VERSION:
        raise ValueError(f"version {mark.version} of the format: this program reads version {VERSION}")
    try:
        return _header.decode(line)
    except _UNREADABLE as wrong:
        raise ValueError(f"a header with a fault: {wrong}") from None


def read_line(line: bytes) -> Line:
    """Understand a later line. Raises ValueError."""
    try:
        found: _Said | Gap | End = _line.decode(line)
    except _UNREADABLE as wrong:
        raise ValueError(str(wrong)) from None
    if not isinstance(found, _Said):
        return found
    if found.text is not UNSET and found.base64 is not UNSET:
        raise ValueError("both `text` and `base64`: a message has one payload")
    payload = found.text.encode() if isinstance(found.text, str) else found.base64 or b""
    return Message(found.t, found.topic, payload, found.qos, found.retain, found.dup)
