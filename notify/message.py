"""What a notice says: one pure function from the alert to a subject and a text, in the language of whoever gets it."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime

import msgspec

from alerts.rules import Alert
from core.words import say
from sites.equipment_words import EquipmentTest
from sites.register import Device, Gateway, Register, Seat, Words

_TODO = frozenset({"fire", "water", "access", "manual", "device", "gateway", "duty", "logbook", "patrol"})
_SUBJECT_LENGTH = 150


class Message(msgspec.Struct, frozen=True):
    """A subject of one line and a text of several."""

    subject: str
    text: str


def compose(alert: Alert, register: Register, *, rung: int, person_id: str, link: str = "") -> Message:
    """The words for rung `rung` of an alert. `link` is left out for people outside: they cannot sign in."""
    language = _language(register, person_id)
    outside = person_id.startswith("external/")
    place = _place(alert, register, language)
    kind = say(f"kind.{alert.kind}", language)
    head = say(
        "notice.subject_again" if alert.ring > 1 else "notice.subject",
        language,
        priority=say(f"priority.{alert.priority}", language),
        kind=kind,
        place=place,
        number=alert.number,
    )
    zones = " / ".join(_zones(alert, register, language))
    lines = [
        say("notice.what", language, kind=kind, klass=say(f"klass.{alert.klass}", language)),
        *([say("notice.where", language, zones=zones)] if zones else []),
        say("notice.device", language, device=place),
        say("notice.since", language, at=_local(alert.heard_at, register), zone=register.time_zone),
        *([say("notice.repeats", language, count=alert.repeats)] if alert.repeats else []),
        *([say("notice.rung", language, rung=rung + 1)] if rung > 0 else []),
        *([say("notice.ring", language)] if alert.ring > 1 else []),
        say("notice.todo", language, todo=say(f"todo.{_family(alert.kind)}", language)),
        *([say("notice.link", language, link=link)] if link and not outside else []),
        say("notice.external" if outside else "notice.foot", language),
    ]
    return Message(one_line(head)[:_SUBJECT_LENGTH], "\n".join(one_line(text) for text in lines))


def one_line(text: str) -> str:
    """Without line breaks or anything else that is not seen: a name from a site pack or a panel can neither start a new
    header nor hide what stands after it.
    """
    return " ".join("".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text).split())


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _language(register: Register, person_id: str) -> str:
    person = register.people.get(person_id)
    return person.language if person is not None else "zh-CN"


def _in(words: Words, language: str) -> str:
    return words.en if language == "en" else words.zh


def _family(kind: str) -> str:
    family = kind.partition(".")[0]
    return family if family in _TODO else "other"


def _place(alert: Alert, register: Register, language: str) -> str:
    """What the alert is about: a device, or a seat, gateway or test that we watch ourselves; or a day of a seat or post."""
    what, _, name = alert.subject.rpartition("/")
    if what.startswith("coverage/"):
        where = what.removeprefix("coverage/")
        one = register.seats.get(where) or register.posts.get(where)
        return f"{where if one is None else _in(one.name, language)} {name}"
    known: Mapping[str, Device | Seat | Gateway | EquipmentTest] = {}
    if what == "":
        known = register.devices
    elif what == "seat":
        known = register.seats
    elif what == "gateway":
        known = register.gateways
    elif what == "equipment":
        known = register.equipment_tests
    return f"{_in(known[name].name, language)} ({name})" if name in known else alert.subject


def _zones(alert: Alert, register: Register, language: str) -> list[str]:
    """From the outside in, as people say it."""
    path = register.zone_path(alert.zone_id)[::-1]
    return [_in(register.name, language), *(_in(register.zones[zone].name, language) for zone in path)]


def _local(at: datetime, register: Register) -> str:
    return at.astimezone(register.zone_info).strftime("%Y-%m-%d %H:%M:%S")
