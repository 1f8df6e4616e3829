"""The data of a line in words, for print: each field under its own name, read as core/words/fields.json says what it is."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core.words import catalogue, fields, say
from sites.register import Register

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
    people = {p.id: p.name.zh if zh else p.name.en for p in register.people.values()}
    return Names(register.name.zh if zh else register.name.en, people, known)


def about(subject: str, names: Names) -> str:
    """What a line is about, in words: an id that only machines know is left out, the line's own fields say what it is."""
    family, _, rest = subject.partition("/")
    name = rest.partition("/")[0]
    known = names.subjects.get(f"{'checkpoint' if family == 'violation' else family}/{name}")
    return known or ("" if family in {"account", "site"} or (family != "alert" and _ID.match(name)) else subject)


def facts(data: Mapping[str, Any], scope: str, names: Names, zone: ZoneInfo, language: str) -> list[str]:
    """`label words` of each field that means something to people. `scope`: the act, or the kind of alert, whose data it is."""
    return [
        f"{_label(field, scope, language)} {words}"
        for field, value in data.items()
        if _told(field, value)
        and (words := (", " if language == "en" else "、").join(_words(field, value, names, zone, language)))
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
        if kind in {"count", "photos"}:
            yield str(len(value))
        else:
            for one in value:
                yield from _words(field, one, names, zone, language)
    elif isinstance(value, bool):
        yield "✓" if value else "✗"
    elif isinstance(value, int | float):
        yield _figure(kind, value, families, language)
    elif isinstance(value, str):
        yield _text(kind, value, families, names, zone, language)
    elif isinstance(value, dict) and {"zh", "en"} <= value.keys():
        yield str(value[language[:2]])
    elif isinstance(value, dict) and kind == "points":
        for point, state in value.items():
            yield f"{names.subjects.get(f'checkpoint/{point}', point)} {_code(str(state), 'point', language)}"


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
    if kind == "role":
        return _code(value, "role", language)
    return names.subjects.get(f"{'checkpoint' if kind == 'points' else kind}/{value}", value)


def _code(value: str, families: str, language: str) -> str:
    known = catalogue(language)
    return next((known[code] for f in families.split(",") if (code := f"{f}.{value}") in known), value)
