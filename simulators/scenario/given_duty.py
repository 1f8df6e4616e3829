"""What is given about duty: who stands where at which hours, who is called when, the rules and lists of a site."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from simulators.scenario import rawpack as raw
from simulators.scenario.rawpack import Nodes, Sections
from simulators.scenario.times import duration
from sites.fields import Spot, quoted, unknown
from sites.tree import Entry, Listing, Mapped, Node, Scalar

_SPAN: Final = r"\d\d:\d\d\s*-\s*\d\d:\d\d"
STANDS: Final = rf"(?P<who>\S+)\s+(?P<hours>{_SPAN}(?:\s*\+\s*{_SPAN})*)(?:\s+on\s+(?P<days>[a-z+]+))?"
_STANDS: Final = re.compile(STANDS)
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
        spans = ["".join(span.split()) for span in found["hours"].split("+")]
        same = ":".join(["_".join(spans), *(found["days"] or "").split("+")]).removesuffix(":")
        seen.append(same)
        template = same if seen.count(same) == 1 else f"{same}.{seen.count(same)}"
        if not raw.has(sections, "shifts", template):
            raw.append(sections, "shifts", _template(item, template, spans, found["days"]))
        yield item, found["who"], template


def _template(spot: Spot, name: str, spans: list[str], days: str | None) -> Mapped:
    """A shift of these hours: one span or several, on every day or on some kinds of day."""
    hours = [raw.scalar(spot, span.replace("24:00", "00:00")) for span in spans]
    made: Nodes = {"id": raw.scalar(spot, name), "name": raw.scalar(spot, name), "hours": raw.listing(spot, hours)}
    if days:
        made["day_types"] = raw.listing(spot, [raw.scalar(spot, day) for day in days.split("+")])
    return raw.mapped(spot, **made)


# -- the site's own rules and lists


def policies(sections: Sections, spot: Spot) -> Mapped:
    """The duty rules of the base with these put over them, in the pack's own words."""
    base, given = raw.field(sections["policies"].node, "duty"), raw.copied(spot)
    made = Mapped(-spot.line, list(base.entries) if isinstance(base, Mapped) else [])
    for entry in given.entries if isinstance(given, Mapped) else []:
        raw.change(made, entry.key, entry.node)
    return made


def staffing(sections: Sections, spot: Spot) -> None:
    """post: its bands, as a pack writes them; a band without hours is the whole day round."""
    for post, bands in spot.entries():
        made: list[Node] = []
        for band in raw.one_or_more(bands):
            node = raw.copied(band)
            if isinstance(node, Mapped):
                for edge in ("from", "to"):
                    if raw.field(node, edge) is None:
                        raw.change(node, edge, raw.scalar(band, "00:00"))
            made.append(node)
        raw.merge(
            sections, "posts", post, bands, {"staffing": raw.listing(bands, made)}, {"name": raw.scalar(bands, post)}
        )


def checklists(sections: Sections, spot: Spot) -> None:
    """seat: {radios: 4, panel: check, keys: key 12, remarks: note}; a number alone is that many things."""
    _section(sections, "checklists", spot, Mapped(-spot.line, []))
    for seat, lines in spot.entries():
        made: list[Node] = []
        for name, line in lines.entries():
            words = line.text().split()
            kind, count = (
                ("item", words[0]) if words and words[0].isdecimal() else ((words or [""])[0], "".join(words[1:]))
            )
            found: Nodes = {
                "id": raw.scalar(line, name),
                "name": raw.scalar(line, name),
                "kind": raw.scalar(line, kind),
            }
            if count:
                found["expected"] = raw.scalar(line, count)
            made.append(raw.mapped(line, **found))
        raw.put(sections, "checklists", {seat: raw.listing(lines, made)})


def forms(sections: Sections, spot: Spot) -> None:
    """form: {field: type}, each field required."""
    _section(sections, "forms", spot, Listing(-spot.line, []))
    for name, fields in spot.entries():
        made: list[Node] = []
        for field, kind in fields.entries():
            told = {"id": field, "name": field, "type": kind.text(), "required": "true"}
            made.append(raw.mapped(kind, **{k: raw.scalar(kind, v) for k, v in told.items()}))
        found: Nodes = {"name": raw.scalar(fields, name), "fields": raw.listing(fields, made)}
        raw.merge(sections, "forms", name, fields, found, {})


def _section(sections: Sections, name: str, spot: Spot, empty: Node) -> None:
    if name not in sections:
        sections[name] = Spot(empty, spot.file, name, sections["site"].faults)


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
