"""What the lines of `when` do: one small parser for each form, on words that are already apart."""

import re
from datetime import datetime
from typing import Any, Final

import msgspec

from simulators.scenario import model
from simulators.scenario.errors import Wrong
from simulators.scenario.known import CAUSES, DISPOSITIONS, REPORTS, Known
from simulators.scenario.model import Act
from simulators.scenario.times import duration
from simulators.scenario.tokens import Words, value
from sites.fields import quoted, unknown

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIMES: Final = re.compile(r"x([1-9][0-9]{0,4})")
_SEQ: Final = re.compile(r"[1-9][0-9]{0,15}")
_FLAGS: Final = ("test", "history", "retained", "again")


# -- devices and guards


def says(words: Words, known: Known, at: datetime) -> Act:
    stranger = words.left[0].literal
    device = words.known("device", known.register.devices)
    kind = known.kind(words.take("kind"))
    times, within = 1, 0.0
    if found := _TIMES.fullmatch(words.peek()):
        times = int(words.take("number").text[1:])
        within = _span(words, "within") if found and words.skip("within") else 0.0
    flags: dict[str, Any] = {}
    while words.peek() in _FLAGS:
        flags[words.take("flag").text] = True
    if words.left:
        raise Wrong(unknown("word", words.left[0].text, [*_FLAGS, "x2", "within"]))
    gateway = words.option("gateway")
    if gateway is not None and gateway.text not in known.register.gateways:
        raise Wrong(unknown("gateway", gateway.text, known.register.gateways))
    if stranger and device not in known.register.devices and gateway is None:
        raise Wrong(f"{device} is not of this site: say by which gateway it speaks (gateway={_some(known)})")
    if times > 1 and any(key in words.options for key in ("seq", "id")):
        raise Wrong("seq= and id= are for one message; write one line for each")
    made = model.Says(
        device=device,
        kind=kind,
        said_at=_said_at(words, known, at),
        gateway=None if gateway is None else gateway.text,
        boot=_id(words, "boot"),
        seq=_seq(words),
        id=_id(words, "id"),
        times=times,
        within_s=within,
        **flags,
    )
    data = {key: value(token) for key, token in words.options.items()}
    return msgspec.structs.replace(made, data=data)


def garbage(words: Words, known: Known, _: datetime) -> Act:
    follow(words, "on")
    made = model.Garbage(words.known("gateway", known.register.gateways), words.take("text").text)
    words.close()
    return made


# -- people


def acks(words: Words, known: Known, _: datetime) -> Act:
    person, alert = _person_and_alert(words, known)
    made = model.Acknowledges(person, alert, words.skip("override"), words.text("reason"))
    words.close("reason")
    return made


def releases(words: Words, known: Known, _: datetime) -> Act:
    person, alert = _person_and_alert(words, known)
    made = model.Releases(person, alert, words.text("reason") or "")
    words.close("reason")
    return made


def resets(words: Words, known: Known, _: datetime) -> Act:
    made = model.Resets(*_person_and_alert(words, known))
    words.close()
    return made


def notes(words: Words, known: Known, _: datetime) -> Act:
    person, alert = _person_and_alert(words, known)
    made = model.Notes(person, alert, words.take("text of the note").text)
    words.close()
    return made


def names(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.skip("names")
    recorder = words.known("person", known.register.people)
    follow(words, "recorder")
    follow(words, "of")
    made = model.Records(person, "/".join(known.alert(words)), recorder)
    words.close()
    return made


def closes(words: Words, known: Known, _: datetime) -> Act:
    person, alert = _person_and_alert(words, known)
    disposition = words.one_of("disposition", DISPOSITIONS)
    cause = words.text("cause")
    if cause is not None and cause not in CAUSES:
        raise Wrong(unknown("cause", cause, CAUSES))
    made = model.Closes(person, alert, disposition, cause, words.text("note"), words.text("reason"))
    words.close("cause", "note", "reason")
    return made


def signs(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.skip("signs")
    which = words.one_of("word after signs", ("on", "off"))
    words.skip("to")
    seat = words.known("seat", known.register.seats)
    if which == "off":
        words.close()
        return model.SignsOff(person, seat)
    made = model.SignsOn(person, seat, words.text("token"))
    words.close("token")
    return made


def reports(words: Words, known: Known, _: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.skip("reports")
    kind = words.one_of("kind of report", REPORTS)
    zone = words.text("zone")
    if zone is None:
        raise Wrong("where? (zone=ZONE)")
    if zone not in known.register.zones:
        raise Wrong(unknown("zone", zone, known.register.zones))
    made = model.Reports(person, kind, zone, words.text("note") or "", words.text("caller") or "")
    words.close("zone", "note", "caller")
    return made


# -- faults


def gateway(words: Words, known: Known, _: datetime) -> Act:
    gateway = words.one_of("gateway", known.register.gateways)
    made = model.Gateway(gateway, words.one_of("word", ("offline", "online", "restarts")))
    words.close()
    return made


def device(words: Words, known: Known, _: datetime) -> Act:
    device = words.one_of("device", known.register.devices)
    what = words.one_of("word", ("falls", "speaks"))
    if what == "falls":
        follow(words, "silent")
    words.close()
    return model.Device(device, "falls_silent" if what == "falls" else what)


def server(words: Words, _: Known, __: datetime) -> Act:
    made = model.Server(words.one_of("word", ("stops", "starts", "restarts")))
    words.close()
    return made


def broker(words: Words, _: Known, __: datetime) -> Act:
    made = model.Broker(words.one_of("word", ("restarts", "forgets")))
    words.close()
    return made


def channel(words: Words, known: Known, _: datetime) -> Act:
    made = model.Channel(words.one_of("channel", known.channels), words.one_of("word", ("fails", "works")))
    words.close()
    return made


# -- parts of lines


def _person_and_alert(words: Words, known: Known) -> tuple[str, str]:
    person = words.known("person", known.register.people)
    words.take("verb")
    return person, "/".join(known.alert(words))


def _said_at(words: Words, known: Known, at: datetime) -> datetime | None:
    text = words.text("said_at")
    return None if text is None else known.clock.near(text, at)


def _span(words: Words, after: str) -> float:
    text = words.take(f"span after `{after}`").text
    span = duration(text)
    if span is None:
        raise Wrong(f"{quoted(text)} is not a span of time (1.4s, 500ms, 2m)")
    return span.total_seconds()


def _id(words: Words, key: str) -> str | None:
    text = words.text(key)
    if text is not None and not _UUID.fullmatch(text):
        raise Wrong(f"{key}= is a UUID in lower case, not {quoted(text)}")
    return text


def _seq(words: Words) -> int | None:
    text = words.text("seq")
    if text is not None and not _SEQ.fullmatch(text):
        raise Wrong(f"seq= is a whole number from 1, not {quoted(text)}")
    return None if text is None else int(text)


def follow(words: Words, must: str) -> None:
    if not words.skip(must):
        raise Wrong(f"`{must}` is missing" + (f" before {quoted(words.left[0].text)}" if words.left else ""))


def _some(known: Known) -> str:
    return next(iter(known.register.gateways), "GATEWAY")
