"""`given: roster` and `given: ladder`: who stands where at which hours, and who is called when."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from simulators.scenario import rawpack as raw
from simulators.scenario.rawpack import Nodes, Sections
from simulators.scenario.times import duration
from sites.fields import Spot, quoted, unknown
from sites.tree import Entry, Mapped, Node, Scalar

_STANDS: Final = re.compile(r"(?P<who>\S+)\s+(?P<a>\d\d:\d\d)\s*-\s*(?P<b>\d\d:\d\d)")
_DAYS: Final = 366
_BEFORE: Final = timedelta(days=7)


def roster(sections: Sections, spot: Spot, start: date | None) -> None:
    """Daily hours for each seat named; a day of its own stands beside `daily`. An empty list: nobody."""
    for seat, hours in spot.entries():
        daily: list[tuple[Spot, str, str]] = []
        special: dict[date, list[tuple[Spot, str, str]]] = {}
        if isinstance(hours.node, Mapped):
            for day, listed in hours.entries():
                if day == "daily":
                    daily = list(_hours(sections, listed))
                else:
                    key = Spot(Scalar(listed.line, day, True), listed.file, listed.path, listed.faults)
                    if text := key.day():
                        special[date.fromisoformat(text)] = list(_hours(sections, listed))
        else:
            daily = list(_hours(sections, hours))
        raw.drop(sections, "rotas", "seat", seat)
        if not raw.has(sections, "seats", seat):
            hours.wrong(unknown("seat", seat, raw.ids(sections, "seats")))
        elif daily or any(special.values()):
            _rota(sections, seat, hours, start, daily, special)


def _rota(
    sections: Sections,
    seat: str,
    spot: Spot,
    start: date | None,
    daily: list[tuple[Spot, str, str]],
    special: dict[date, list[tuple[Spot, str, str]]],
) -> None:
    first = (start or date(2026, 1, 1)) - _BEFORE
    days = [daily]
    if special:
        off = [d for d in special if not 0 <= (d - first).days < _DAYS]
        if off:
            spot.wrong(f"{off[0]} is more than a week before the start or a year after it")
            return
        days = [special.get(first + timedelta(days=n), daily) for n in range(_DAYS)]
    told = raw.listing(spot, [_day(spot, shifts) for shifts in days])
    rota = raw.mapped(spot, seat=raw.scalar(spot, seat), from_day=raw.scalar(spot, first.isoformat()), days=told)
    raw.append(sections, "rotas", rota)


def _hours(sections: Sections, spot: Spot) -> Iterator[tuple[Spot, str, str]]:
    """(place, person, template) for each `PERSON HH:MM-HH:MM`."""
    seen: list[str] = []
    for item in spot.items():
        text = item.text()
        found = _STANDS.fullmatch(text)
        if found is None:
            if text:
                item.wrong(f"{quoted(text)} is not a person's hours (wang 20:00-08:00)")
            continue
        ends = "00:00" if found["b"] == "24:00" else found["b"]
        same = f"{found['a']}-{found['b']}"
        seen.append(same)
        template = same if seen.count(same) == 1 else f"{same}.{seen.count(same)}"
        if not raw.has(sections, "shifts", template):
            shift = {"id": template, "name": template, "starts": found["a"], "ends": ends}
            raw.append(sections, "shifts", raw.mapped(item, **{k: raw.scalar(item, v) for k, v in shift.items()}))
        yield item, found["who"], template


def ladder(sections: Sections, spot: Spot) -> None:
    """A list replaces every ladder; a mapping replaces those that it names."""
    if isinstance(spot.node, Mapped):
        for name, rungs in spot.entries():
            if not raw.has(sections, "ladders", name):
                rungs.wrong(unknown("ladder", name, raw.ids(sections, "ladders")))
            else:
                raw.drop(sections, "ladders", "id", name)
                raw.append(sections, "ladders", _ladder(name, rungs))
        return
    raw.append(sections, "ladders", _ladder("given", spot))
    for route in raw.things(sections, "routes"):
        if isinstance(route, Mapped):
            raw.change(route, "ladder", raw.scalar(spot, "given"))


def _ladder(name: str, spot: Spot) -> Mapped:
    """`0s seat:centre`, `30s role:manager console+email`, …, `repeat 60s`."""
    rungs: list[Node] = []
    repeat: Nodes = {}
    for item in spot.items(least=1):
        words = item.text().split()
        repeats = words[:1] == ["repeat"]
        span = duration(words[repeats]) if len(words) > 1 else None
        if span is None or span.microseconds or len(words) > (2 if repeats else 3):
            if words:
                why = "is not a rung (30s seat:leader console+email) or a pause (repeat 60s)"
                item.wrong(f"{quoted(item.text())} {why}")
        elif repeats:
            repeat["repeat_s"] = raw.scalar(item, f"{span.total_seconds():.0f}")
        else:
            channels = [raw.scalar(item, c) for c in (words[2] if len(words) == 3 else "console").split("+")]
            after = raw.scalar(item, f"{span.total_seconds():.0f}")
            rungs.append(
                raw.mapped(item, after_s=after, who=raw.scalar(item, words[1]), channels=raw.listing(item, channels))
            )
    return raw.mapped(spot, id=raw.scalar(spot, name), rungs=raw.listing(spot, rungs), **repeat)


def _day(spot: Spot, shifts: list[tuple[Spot, str, str]]) -> Mapped:
    return Mapped(-spot.line, [Entry(name, -item.line, raw.scalar(item, person)) for item, person, name in shifts])
