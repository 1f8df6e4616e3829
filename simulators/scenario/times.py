"""Times as a guardroom writes them: `22:04`, `22:04:30`, `+1d 06:00`, `+30s`, `2026-03-01T22:04`, `start`, `end`.

A clock time is the wall clock of the site. Where summer time makes it happen twice, it must say which (`01:30-05:00`);
where summer time leaves it out, it is refused. Pure: everything is reckoned from the scenario's own start.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from simulators.scenario.errors import Wrong
from sites.fields import quoted

_DAY_ON: Final = timedelta(hours=12)
_OFFSET: Final = r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
_CLOCK: Final = rf"(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?::(?P<second>[0-9]{{2}})(?P<part>\.[0-9]{{1,3}})?)?(?P<offset>{_OFFSET})?"
_DATED: Final = re.compile(rf"(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[T ]{_CLOCK}")
_CLOCKED: Final = re.compile(rf"(?:\+(?P<days>[0-9]{{1,3}})d\s+)?{_CLOCK}")
_SPAN: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST: Final = timedelta(days=366)

ONE: Final = (
    r"(?:start|end"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
    r"|(?:\+[0-9]+d\s+)?[0-9]{1,2}:[0-9:]*(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
    r"|\+(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+)"
)
_PREFIX: Final = re.compile(rf"(?P<at>{ONE})(?:\.\.(?P<until>{ONE}))?(?:(?:±|\+-|~)(?P<tolerance>[^\s]+))?(?=\s|$)")


class Moment(msgspec.Struct, frozen=True):
    """A time that was read. `precision_s`: how finely it was written, a second or a millisecond."""

    at: datetime
    precision_s: float = 1.0


class Prefix(msgspec.Struct, frozen=True):
    """The time words that begin a line, still as text, and the rest of the line."""

    at: str
    until: str | None
    tolerance: timedelta
    rest: str


class Clock(msgspec.Struct, frozen=True):
    """The site's wall clock from `start` (UTC) on; `end` is what the word `end` means, once that is known."""

    zone: ZoneInfo
    start: datetime
    end: datetime | None = None

    def read(self, text: str, before: datetime | None = None) -> Moment:
        """The instant that `text` names, reckoned from the line before (at first the start). Raises `Wrong`."""
        if text == "start":
            return Moment(self.start)
        if text == "end":
            if self.end is None:
                raise Wrong("`end` has no meaning here")
            return Moment(self.end)
        if text.startswith("+") and (span := duration(text[1:])) is not None:
            return Moment(self.start + span, 0.001 if span.microseconds else 1.0)
        if (found := _DATED.fullmatch(text)) is not None:
            return _moment(found, _date(found["date"]), self.zone)
        if (found := _CLOCKED.fullmatch(text)) is None:
            raise Wrong(f"{quoted(text)} is not a time{_like(text)}")
        if found["days"] is not None:
            day = self.start.astimezone(self.zone).date() + timedelta(days=int(found["days"]))
            return _moment(found, day, self.zone)
        return self._following(text, found, before or self.start)

    def _following(self, text: str, found: re.Match[str], before: datetime) -> Moment:
        """A bare clock time: that of the line before's day, or of the next when that is at most twelve hours on."""
        day = before.astimezone(self.zone).date()
        try:
            same: Moment | Wrong = _moment(found, day, self.zone)
        except Wrong as wrong:  # a wall clock that is not on this day may still be on the next
            same = wrong
        if isinstance(same, Moment) and same.at >= before:
            return same
        if isinstance(same, Wrong) and _clock(found) >= before.astimezone(self.zone).time():
            raise same
        following = _moment(found, day + timedelta(days=1), self.zone)
        if following.at - before > _DAY_ON:
            days = (day - self.start.astimezone(self.zone).date()).days + 1
            raise Wrong(
                f"{text} comes before {self.tell(before)}, the line above it; "
                f"lines stand in order of time, and the next day is written +{days}d {text}"
            )
        return following

    def near(self, text: str, at: datetime) -> datetime:
        """What a device's own clock reads (`said_at=`): a date and time, a clock time within twelve hours, or ±span."""
        if text[:1] in {"+", "-"} and (span := duration(text[1:])) is not None:
            return at + span if text[0] == "+" else at - span
        if _DATED.fullmatch(text) is not None or (found := _CLOCKED.fullmatch(text)) is None or found["days"]:
            return self.read(text, at).at
        day = at.astimezone(self.zone).date()
        tries = [_moment(found, day + timedelta(days=n), self.zone).at for n in (-1, 0, 1)]
        return min(tries, key=lambda t: abs(t - at))

    def tell(self, at: datetime, *, precise: bool = False, long: bool = False) -> str:
        """A time that `read` reads back: the clock, with the day when it is not the start's. `long`: seconds always."""
        local = at.astimezone(self.zone)
        days = (local.date() - self.start.astimezone(self.zone).date()).days
        clock = f"{local:%H:%M:%S}" if long or local.second or precise else f"{local:%H:%M}"
        if precise:
            clock += f".{local.microsecond // 1000:03}"
        if _offsets(local.replace(tzinfo=None), self.zone)[1]:
            clock += _shown(local.utcoffset())
        if at < self.start:
            return f"{local.date().isoformat()}T{clock}"
        return clock if days == 0 else f"+{days}d {clock}"


def prefix(line: str) -> Prefix | None:
    """The time words at the beginning of a line, or None when it begins otherwise. Raises `Wrong`."""
    found = _PREFIX.match(line)
    if found is None:
        word = line.split(None, 1)[0] if line.split() else ""
        if word[:1].isnumeric() or word[:1] in {"+", "-"}:
            raise Wrong(f"{quoted(word)} is not a time{_like(word)}")
        return None
    tolerance = timedelta(0)
    if found["tolerance"] is not None:
        span = duration(found["tolerance"])
        if span is None:
            raise Wrong(f"{quoted(found['tolerance'])} is not a span of time (2s, 500ms, 1m)")
        tolerance = span
    return Prefix(found["at"], found["until"], tolerance, line[found.end() :].strip())


def duration(text: str) -> timedelta | None:
    """`90s`, `10m`, `1h30m`, `1.4s`, `2d`; None when it is no such thing, or more than a year."""
    parts = _SPAN.findall(text)
    if not parts or "".join(n + unit for n, unit in parts) != text or len(text) > 40:
        return None
    total = sum(float(n) * _UNITS[unit] for n, unit in parts)
    return timedelta(seconds=total) if total <= _LONGEST.total_seconds() else None


def wall(text: str, zone: ZoneInfo) -> datetime:
    """A date and time on the wall of `zone`, as UTC. Raises `Wrong`."""
    found = _DATED.fullmatch(text)
    if found is None:
        raise Wrong(f"{quoted(text)} is not a date and time (2026-03-01T22:00){_like(text)}")
    return _moment(found, _date(found["date"]), zone).at


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Wrong(f"{text} is not a day of the calendar") from None
    if not 1970 <= day.year <= 2999:
        raise Wrong(f"{text} is out of range (1970 to 2999)")
    return day


def _clock(found: re.Match[str]) -> time:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    text = f"{found['hour']}:{found['minute']}" + (f":{found['second']}" if found["second"] else "")
    if len(found["hour"]) < 2:
        raise Wrong(f"{quoted(text)} is not a time; did you mean {quoted('0' + text)}?")
    if (hour, minute, second) == (24, 0, 0):
        raise Wrong(f"{text} is not a time of day; the end of a day is the next day's 00:00")
    if hour > 23 or minute > 59 or second > 59:
        raise Wrong(f"{text} is not a time of day (00:00 to 23:59:59)")
    return time(hour, minute, second, round(float(found["part"] or 0) * 1_000_000))


def _moment(found: re.Match[str], day: date, zone: ZoneInfo) -> Moment:
    local = datetime.combine(day, _clock(found))
    offsets, twice = _offsets(local, zone)
    precision = 0.001 if found["part"] else 1.0
    shown = f"{local:%H:%M}"
    if found["offset"] is not None:
        wanted = timedelta(0) if found["offset"] == "Z" else _offset(found["offset"])
        if found.re is _CLOCKED and wanted not in offsets:
            here = " or ".join(_shown(o) for o in offsets) or "no offset at all: this time is left out"
            raise Wrong(f"{found[0]}: on {day} the clock of {zone.key} has {here}")
        return Moment((local - wanted).replace(tzinfo=UTC), precision)
    if not offsets:
        raise Wrong(f"{shown} is left out on {day} in {zone.key}: the clocks go forward")
    if twice:
        both = " or ".join(f"{found[0]}{_shown(o)}" for o in offsets)
        raise Wrong(f"{shown} comes twice on {day} in {zone.key}: the clocks go back; write {both}")
    return Moment((local - offsets[0]).replace(tzinfo=UTC), precision)


def _offsets(local: datetime, zone: ZoneInfo) -> tuple[list[timedelta], bool]:
    """The offsets that a wall clock time has: two where it comes twice, none where it is left out."""
    made = []
    for fold in (0, 1):
        offset = local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0)
        back = (local - offset).replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        if back == local and offset not in made:
            made.append(offset)
    return made, len(made) > 1


def _offset(text: str) -> timedelta:
    span = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    if span >= timedelta(hours=24):
        raise Wrong(f"{text} is not an offset from UTC")
    return -span if text[0] == "-" else span


def _shown(offset: timedelta | None) -> str:
    minutes = round((offset or timedelta(0)).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _like(text: str) -> str:
    """What was probably meant: full-width digits and colons are easily typed by hand."""
    plain = unicodedata.normalize("NFKC", text)
    return f"; did you mean {quoted(plain)}?" if plain != text and _PREFIX.fullmatch(plain) else ""
