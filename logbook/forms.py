"""What a person writes into the log, held against the form it is written on. Pure.

Every site has four forms of the house's own: a note, the entries that open and close a watch (LOG-01), and the status
entry; a site's own register of the same id takes the house form's place (LOG-08). What is written is kept with the names
that the form, the place and the people had then: an entry reads the same when the register has long changed.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from core.clock import rfc3339, seconds
from logbook.errors import FieldOwed, FieldWrong, NoSuchForm, NotYet, TooLongAgo
from sites.duty_words import Choice, FieldType, Form, FormField
from sites.people import Words
from sites.register import Register

WRITTEN: Final = "log.written"
CORRECTED: Final = "log.corrected"
STATUS: Final = "status"
LATE: Final = timedelta(hours=2)
OLDEST: Final = timedelta(days=366)
LONGEST: Final = 4000
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Attached(msgspec.Struct, frozen=True):
    """A file that was uploaded before, and what it is called in this entry."""

    sha256: str
    name: str = ""


class Draft(msgspec.Struct, frozen=True):
    """What a person hands in: on which form, when and where it happened, who was there, and what it says."""

    fields: Mapping[str, Any]
    form: str = "note"
    happened_at: datetime | None = None  # None: just now
    zone: str | None = None
    persons: tuple[str, ...] = ()
    alert: str | None = None
    attachments: tuple[Attached, ...] = ()


def _field(name: str, zh: str, en: str, *, required: bool = False, choices: tuple[Choice, ...] = ()) -> FormField:
    kind = FieldType.CHOICE if choices else FieldType.TEXT
    return FormField(name, Words(zh, en), kind, required, choices)


_SOUND: Final = (Choice("normal", Words("正常", "Normal")), Choice("abnormal", Words("异常", "Not normal")))

HOUSE_FORMS: Final[Mapping[str, Form]] = {
    form.id: form
    for form in (
        Form("note", Words("记事", "Note"), (_field("text", "内容", "Text", required=True),)),
        Form(
            "opening",
            Words("接班记录", "Opening entry"),
            (
                _field("weather", "天气情况", "Weather", required=True),
                _field("plan", "工作安排", "Work plan", required=True),
                _field("cautions", "注意事项", "Cautions", required=True),
            ),
        ),
        Form(
            "closing",
            Words("下班记录", "Closing entry"),
            (
                _field("results", "完成情况", "Results", required=True),
                _field("unfinished", "未完事项", "Unfinished"),
                _field("equipment", "设备状况", "State of the equipment"),
            ),
        ),
        Form(
            STATUS,
            Words("运行情况记录", "Status entry"),
            (
                _field("state", "运行情况", "State", required=True, choices=_SOUND),
                _field("text", "说明", "Remarks"),
            ),
        ),
    )
}


def forms(register: Register) -> dict[str, Form]:
    """Every form that may be filled at a site: the house's, and the site's own before them."""
    return {**HOUSE_FORMS, **register.forms}


def written(register: Register, draft: Draft, by: str, at: datetime) -> dict[str, Any]:
    """What the entry will say. Raises a refusal that names the field."""
    form = forms(register).get(draft.form)
    if form is None:
        raise NoSuchForm(field="form", form=draft.form)
    happened = _happened(register, draft.happened_at, at)
    return {
        "form": {"id": form.id, "name": _words(form.name)},
        "by": _person(register, by, "by"),
        "happened_at": rfc3339(happened),
        "late": at - happened > LATE,
        "zone": None if draft.zone is None else _zone(register, draft.zone),
        "persons": [_person(register, who, "persons") for who in dict.fromkeys(draft.persons)],
        "alert": draft.alert,
        "fields": _fields(register, form, draft.fields),
    }


def _happened(register: Register, happened: datetime | None, at: datetime) -> datetime:
    if happened is None:
        return at
    if happened.tzinfo is None:
        raise FieldWrong("A time needs its offset from UTC.", field="happened_at", why="offset")
    happened = happened.astimezone(UTC)
    if happened > at + seconds(register.policies.clock_skew_s):
        raise NotYet(field="happened_at")
    if at - happened > OLDEST:
        raise TooLongAgo(field="happened_at")
    return min(happened, at)


def _fields(register: Register, form: Form, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = {field.id for field in form.fields}
    for name in given:
        if name not in known:
            raise FieldWrong("The form has no such field.", field=f"fields.{name}", why="unknown")
    said = []
    for field in form.fields:
        value = given.get(field.id)
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            if field.required:
                raise FieldOwed(field=f"fields.{field.id}")
            continue
        said.append({"id": field.id, "name": _words(field.name), **_answer(register, field, value)})
    if not said:
        raise FieldOwed("An entry says something.", field=f"fields.{form.fields[0].id}" if form.fields else "fields")
    return said


def _answer(register: Register, field: FormField, value: Any) -> dict[str, Any]:
    """The value as it is kept; with what it stands for, where that is not itself."""
    wrong = FieldWrong(field=f"fields.{field.id}", why=str(field.type))
    match field.type:
        case FieldType.TEXT:
            fits = isinstance(value, str) and len(value) <= LONGEST and _printable(value)
        case FieldType.NUMBER:
            fits = type(value) in {int, float} and math.isfinite(value) and abs(value) < 2**53
        case FieldType.BOOL:
            fits = type(value) is bool
        case FieldType.TIME:
            fits = isinstance(value, str) and _is_time(value)
        case FieldType.CHOICE:
            chosen = next((c for c in field.choices if c.id == value), None)
            if chosen is None:
                raise wrong
            return {"value": value, "said": _words(chosen.name)}
        case FieldType.PERSON:
            if not isinstance(value, str):
                raise wrong
            return {"value": value, "said": _person(register, value, f"fields.{field.id}")["name"]}
    if not fits:
        raise wrong
    return {"value": value}


def _printable(text: str) -> bool:
    return not any((c < " " and c not in "\n\t") or c == "\x7f" for c in text)


def _is_time(text: str) -> bool:
    """A wall-clock time, or an instant with its offset."""
    if _CLOCK.fullmatch(text):
        return True
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _person(register: Register, who: str, field: str) -> dict[str, Any]:
    person = register.people.get(who)
    if person is None:
        raise FieldWrong("Nobody at this site is called that.", field=field, why="person")
    return {"id": who, "name": _words(person.name)}


def _zone(register: Register, zone: str) -> dict[str, Any]:
    if zone not in register.zones:
        raise FieldWrong("No such zone at this site.", field="zone", why="zone")
    return {"id": zone, "name": _words(register.zones[zone].name)}


def _words(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}
