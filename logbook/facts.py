"""The data of a line in words, for print: each field under its own name, read as core/words/fields.json says what it is."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core.words import catalogue, fields, say
from sites.register import Register

_ALSO: Final = {"violation": "checkpoint", "coverage": "seat", "equipment": "test"}
_SAYS_ITSELF: Final = {"day", "month", "roster", "tag"}
_NOT_NOUGHT: Final = {"seconds", "some"}
_SECONDS: Final = {"seconds": 1.0, "minutes": 60.0, "ms": 0.001}
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
_SPANS: Final = ((172_800, 86_400, "d"), (6000, 3600, "h"), (100, 60, "min"), (0, 1, "s"))


class Names(msgspec.Struct, frozen=True):
    """What ids are called, in one language: the site, its people, and by `seat/centre` whatever else has a name."""

    site: str
    people: Mapping[str, str]
    subjects: Mapping[str, str]


def names_of(register: Register, language: str) -> Names:
    """The names of a site's register in one language."""
    zh = language.startswith("zh")
    some: dict[str, Mapping[str, Any]] = {
        "zone": register.zones,
        "seat": register.seats,
        "post": register.posts,
        "checkpoint": register.checkpoints,
        "route": register.patrol_routes,
        "gateway": register.gateways,
        "device": register.devices,
        "template": register.templates,
        "test": register.equipment_tests,
        "person": register.people,
    }
    known = {
        f"{family}/{one.id}": (one.name.zh if zh else one.name.en) for family, of in some.items() for one in of.values()
    }
    for check in (line for of in register.checklists.values() for line in of.items):
        known[f"item/list/{check.id}"] = check.name.zh if zh else check.name.en
    for task in (t for route in register.patrol_routes.values() for stop in route.stops for t in stop.tasks):
        known[f"task/{task.id}"] = task.name.zh if zh else task.name.en
    people = {p.id: p.name.zh if zh else p.name.en for p in register.people.values()}
    return Names(register.name.zh if zh else register.name.en, people, known)


def about(subject: str, names: Names, language: str) -> str:
    """What a line is about, in words: an id that only machines know is left out, the line's own fields say what it is."""
    family, _, rest = subject.partition("/") if "/" in subject else ("device", "", subject)
    name = rest.partition("/")[0]
    if family == "alert":
        return subject
    if _ID.match(name) or family == "account" or subject in {"site", "logbook"}:
        return ""
    if family == "mode":
        return _code(name, "mode", language)
    known = names.subjects.get(f"{_ALSO.get(family, family)}/{name}")
    return known or (rest if family in _SAYS_ITSELF else "" if family == "site" else subject)


def facts(
    data: Mapping[str, Any], scope: str, names: Names, zone: ZoneInfo, language: str, said: str = ""
) -> list[str]:
    """`label words` of each field that means something to people. `scope`: the act, or the kind of alert, whose data it is;
    `said`: what the line has told before, and which need not be told twice.
    """
    return [
        f"{_label(field, scope, language)} {words}"
        for field, value in data.items()
        if _told(field, value)
        and (words := (", " if language == "en" else "、").join(_words(field, value, names, zone, language)))
        and words != said
    ]


def _told(field: str, value: Any) -> bool:
    kind = fields().get(field, "text")
    nought = value == 0 and not isinstance(value, bool) and kind in _NOT_NOUGHT
    return kind != "hidden" and value not in (None, "") and not nought and not (kind == "flag" and value is False)


def _label(field: str, scope: str, language: str) -> str:
    known = catalogue(language)
    return known.get(f"field.{scope}.{field}") or known.get(f"field.{field}", field)


def _words(field: str, value: Any, names: Names, zone: ZoneInfo, language: str) -> Iterator[str]:
    kind, _, families = fields().get(field, "text").partition(":")
    if isinstance(value, list):
        if kind == "moves":
            for move in value:
                yield _moved(move, names)
        elif kind in {"count", "photos"}:
            yield from [_found(one, language) for one in value if "answer" in one] or [str(len(value))]
        else:
            for one in value:
                yield from _words(field, one, names, zone, language)
    elif isinstance(value, bool):
        yield "✓" if value else "✗"
    elif isinstance(value, int | float):
        yield _figure(kind, value, families, language)
    elif isinstance(value, str) and kind in {"alert", "item"} and _ID.match(value.rpartition("/")[2]):
        return  # its own line says what it is
    elif isinstance(value, str):
        yield _text(kind, value, families, names, zone, language)
    elif isinstance(value, dict) and {"zh", "en"} <= value.keys():
        yield str(value[language[:2]])
    elif isinstance(value, dict) and kind == "points":
        for point, state in value.items():
            yield f"{names.subjects.get(f'checkpoint/{point}', point)} {_code(str(state), 'point', language)}"


def _found(item: Mapping[str, Any], language: str) -> str:
    """A task's answer that somebody must hear of."""
    answer = item["answer"]
    said = ("✓" if answer else "✗") if isinstance(answer, bool) else f"{answer} {item.get('unit') or ''}".strip()
    return f"{(item.get('name') or {}).get(language[:2], item.get('task', ''))} {said}"


def _moved(move: list[str | None], names: Names) -> str:
    """Who stands in which shift now, and who did before."""
    seat, day, template, was, now = (part or "—" for part in move)
    shift = f"{names.subjects.get(f'seat/{seat}', seat)} {day} {names.subjects.get(f'template/{template}', template)}"
    return f"{shift} {names.people.get(was, was)} → {names.people.get(now, now)}"


def _figure(kind: str, value: float, families: str, language: str) -> str:
    if kind in _SECONDS:
        return _span(value * _SECONDS[kind], language)
    if kind == "rung":
        return str(int(value) + 1)
    return _code(str(value), families, language) if kind == "code" else str(value)


def _span(seconds: float, language: str) -> str:
    """Cut to the unit a person would say."""
    of, unit = next((of, unit) for least, of, unit in _SPANS if seconds >= least)
    return say(f"span.{unit}", language, n=int(seconds // of))


def _text(kind: str, value: str, families: str, names: Names, zone: ZoneInfo, language: str) -> str:
    if kind == "code":
        return names.people.get(value, value) if value in names.people else _code(value, families, language)
    if kind == "time":
        return datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    if kind == "called":
        kind, _, value = value.partition(":")
    if value == "system":
        return say("archive.system", language)
    return names.subjects.get(f"{'checkpoint' if kind == 'points' else kind}/{value}", value)


def _code(value: str, families: str, language: str) -> str:
    known = catalogue(language)
    return next((known[code] for f in families.split(",") if (code := f"{f}.{value}") in known), value)
