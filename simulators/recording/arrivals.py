"""A log of real arrivals, as a fire panel or a monitoring centre exports it (CSV), becomes a recording of events.

Ids follow from what a row says, so the same log gives the same bytes, and a log that has grown gives the same events again
and new ones behind them. A row that cannot be understood is named with its line and reason; nothing is guessed.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from core import wire
from core.clock import EPOCH, micros
from core.ids import derived
from core.kinds import KINDS
from core.wire import Channel
from simulators.recording.lines import Message

_FORMS: Final = tuple(
    f"%Y{date}{time}"
    for date in ("-%m-%d", "/%m/%d", ".%m.%d", "年%m月%d日")
    for time in (" %H:%M:%S", " %H:%M:%S.%f", " %H:%M", "%H:%M:%S", "%H时%M分%S秒", " %H时%M分%S秒")
)


class Columns(Struct, frozen=True, kw_only=True):
    """How a log is to be read. `form` is strptime's; without it ISO 8601 and the usual year-first forms are understood."""

    site: str
    gateway: str
    time: str
    device: str
    kind: str
    text: str | None = None
    form: str | None = None
    zone: str
    kinds: Mapping[str, str] = {}
    devices: Mapping[str, str] = {}
    delimiter: str = ","
    encoding: str = "utf-8"


class BadRow(Struct, frozen=True):
    """A row that is no event, and why."""

    line: int
    why: str


class Arrival(Struct, frozen=True):
    """A row that was understood."""

    at: datetime
    device: str
    kind: str
    data: dict[str, Any]


class Log(Struct, frozen=True):
    """A whole log, in order of time."""

    arrivals: tuple[Arrival, ...]
    bad: tuple[BadRow, ...]


def read_log(path: Path, columns: Columns) -> Log:
    """Read a log. Raises ValueError when it has no such column, or cannot be read as such a file at all."""
    arrivals: list[Arrival] = []
    bad: list[BadRow] = []
    try:
        zone = ZoneInfo(columns.zone)
        "".encode(columns.encoding)
    except (KeyError, ValueError, LookupError):
        raise ValueError(f"unknown time zone {columns.zone!r} or encoding {columns.encoding!r}") from None
    for line, row in _rows(path, columns):
        if isinstance(row, str):
            bad.append(BadRow(line, row))
            continue
        try:
            arrivals.append(_arrival(row, columns, zone))
        except ValueError as wrong:
            bad.append(BadRow(line, str(wrong)))
    if arrivals and arrivals[0].at > arrivals[-1].at:
        arrivals.reverse()  # newest first, as many systems export: within one second too
    arrivals.sort(key=lambda a: a.at)
    return Log(tuple(arrivals), tuple(bad))


def as_messages(log: Log, columns: Columns) -> Iterator[Message]:
    """The log as the words of one gateway, in one boot."""
    if not log.arrivals:
        return
    start, topic = log.arrivals[0].at, wire.topic(columns.site, columns.gateway, Channel.EVENTS)
    boot = derived(start, "arrivals", columns.site, columns.gateway)
    same: Counter[bytes] = Counter()
    for seq, arrival in enumerate(log.arrivals, 1):
        words = msgspec.json.encode(arrival, order="deterministic")
        same[words] += 1
        event = wire.Event(
            derived(arrival.at, columns.site, columns.gateway, words.decode(), str(same[words])),
            boot,
            seq,
            arrival.device,
            arrival.kind,
            arrival.at,
            arrival.data,
        )
        yield Message(micros(arrival.at) - micros(start), topic, wire.encode(event))


def device_names(path: Path, encoding: str = "utf-8") -> dict[str, str]:
    """A table of two columns, the log's name and ours. Raises ValueError."""
    found: dict[str, str] = {}
    with path.open(encoding=_named(encoding), newline="") as file:
        for row in csv.reader(file):
            if not any(row):
                continue
            if len(row) < 2 or not row[0].strip() or not row[1].strip():
                raise ValueError(f"{path}: the row {','.join(row)!r} needs two columns: the log's name, the device")
            found[row[0].strip()] = row[1].strip()
    return found


def _rows(path: Path, columns: Columns) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Each row under the names of its columns with the line it ends on, or what is wrong with it."""
    with path.open(encoding=_named(columns.encoding), errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, delimiter=columns.delimiter)
        names = [name.strip() for name in next(rows, [])]
        wanted = [columns.time, columns.device, columns.kind, *([columns.text] if columns.text else [])]
        for name in wanted:
            if name not in names:
                raise ValueError(_no_column(path, name, names))
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as wrong:
                yield rows.line_num, f"not a row: {wrong}"
                continue
            if any(cell.strip() for cell in row):
                yield rows.line_num, _named_cells(row, names, wanted, columns.encoding)


def _named_cells(row: list[str], names: list[str], wanted: list[str], encoding: str) -> dict[str, str] | str:
    if any("\udc80" <= letter <= "\udcff" for cell in row for letter in cell):
        return f"not {encoding}: name the file's encoding (gb18030 is usual for Chinese exports)"
    cells = {name: row[names.index(name)].strip() for name in wanted if names.index(name) < len(row)}
    missing = [name for name in wanted if name not in cells]
    return f"the row ends before the column {missing[0]!r}" if missing else cells


def _arrival(row: dict[str, str], columns: Columns, zone: ZoneInfo) -> Arrival:
    said, kind = row[columns.kind], _kind(row[columns.kind], columns.kinds)
    data = {"said": said} if said != kind else {}
    if columns.text and row[columns.text]:
        data["text"] = row[columns.text]
    device = columns.devices.get(row[columns.device], row[columns.device])
    arrival = Arrival(_time(row[columns.time], columns.form, zone), device, kind, data)
    why = _unspeakable(arrival)
    if why is not None:
        raise ValueError(why)
    return arrival


def _kind(word: str, kinds: Mapping[str, str]) -> str:
    kind = kinds.get(word, word)
    if kind in KINDS:
        return kind
    if not word:
        raise ValueError("no kind")
    near = get_close_matches(kind, KINDS, 1)
    hint = f"; did you mean {near[0]}?" if near else f"; say what it is: --map-kind {word!r}=fire.alarm"
    raise ValueError(f"{kind!r} is no kind of event{hint}")


def _time(word: str, form: str | None, zone: ZoneInfo) -> datetime:
    at = _parsed(word, form)
    if at.tzinfo is not None:
        return at
    placed = at.replace(tzinfo=zone)
    back = placed.astimezone(ZoneInfo("UTC")).astimezone(zone)
    if back.replace(tzinfo=None) != at:
        raise ValueError(f"{word} never was in {zone.key}: the clocks went forward")
    if placed.utcoffset() != placed.replace(fold=1).utcoffset():
        raise ValueError(f"{word} was twice in {zone.key}: write the offset with it ({_offsets(placed)})")
    return placed


def _offsets(at: datetime) -> str:
    return " or ".join(at.replace(fold=fold).isoformat() for fold in (0, 1))


def _parsed(word: str, form: str | None) -> datetime:
    if not word:
        raise ValueError("no time")
    try:
        return datetime.fromisoformat(word) if form is None else datetime.strptime(word, form)  # noqa: DTZ007
    except ValueError:
        if form is not None:
            raise ValueError(f"{word!r} is not a time of the form {form!r}") from None
    for usual in _FORMS:
        try:
            return datetime.strptime(word, usual)  # noqa: DTZ007 - the zone is put to it by the caller
        except ValueError:
            continue
    raise ValueError(f"{word!r} is not a time that is understood without --format")


def _unspeakable(arrival: Arrival) -> str | None:
    """Why the wire would not carry it, if so: asked of the wire's own codec."""
    some = "00000000-0000-7000-8000-000000000000"
    event = wire.Event(some, some, wire.MAX_SEQ, arrival.device, arrival.kind, arrival.at, arrival.data)
    said = wire.decode_events(wire.encode(event))[0]
    if isinstance(said, wire.Said):
        return f"{arrival.at.date()} is before 1970" if arrival.at < EPOCH else None
    if "`$.device`" in said.detail:
        return f"{arrival.device!r} cannot name a device: map it to one with --map-device"
    return f"cannot be said on the wire: {said.detail}"


def _named(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding


def _no_column(path: Path, name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(map(repr, names)) or 'none'}"
    return f"{path}: no column {name!r}; {hint}"
