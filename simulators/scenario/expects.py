"""The lines of `then`: what must have come of it. The same words tell what did come of it (`words.told`)."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from simulators.scenario.errors import Wrong
from simulators.scenario.known import CODES, DISPOSITIONS, STATES, WHYS, Known
from simulators.scenario.model import Expect
from simulators.scenario.times import prefix
from simulators.scenario.tokens import Words, split, value
from sites.fields import quoted, unknown

# What may happen to an alert, and whether its people are those whom it went `to` or those whom it was done `by`.
ALERT_WORDS: Final[Mapping[str, str]] = {
    "raised": "to",
    "escalated": "to",
    "acked": "by",
    "witnessed": "by",
    "taken": "by",
    "released": "by",
    "reset": "by",
    "noted": "by",
    "closed": "by",
    "cleared": "by",
    "clear_said": "by",
    "recurred": "by",
    "repeated": "by",
    "timed_out": "by",
}
NOTICE_WORDS: Final = ("sent", "failed", "cancelled")
DUTY_WORDS: Final = ("signed_on", "signed_off")
TAP_WORDS: Final = ("tap", "unknown_tag", "unknown_guard", "unknown_proof")
TOPICS: Final = ("alert", "notice", "duty", "tap", "reject", "refused", "log")
FIRST_WORDS: Final = (*TOPICS, "seat", "logbook", "no", "nothing")

_ALERT_KEYS: Final = (
    "number", "ring", "rung", "priority", "zone", "holder", "disposition", "cause", "note", "reason", "text",
    "custody_by", "taken_from", "override",
)  # fmt: skip
_STATE_KEYS: Final = ("number", "ring", "rung", "repeats", "holder", "disposition")
_NOTICE_KEYS: Final = ("number", "ring", "rung", "channel", "attempts", "code")
_TAP_KEYS: Final = ("proof",)
_ACT: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


class Pattern(msgspec.Struct, frozen=True):
    """What a happening must be like; empty parts fit everything, `who` None too."""

    topic: str
    about: tuple[str, ...] = ()
    what: str = ""
    who: tuple[str, ...] | None = None
    more: Mapping[str, Any] = {}


def expect(line: str, number: int, known: Known, before: Any) -> Expect:
    """What a line of `then` asks for. `before`: the time of the line above it. Raises `Wrong`."""
    times = prefix(line)
    rest = line.strip() if times is None else times.rest
    later = times is None and rest.split()[:1] == ["later"]
    if later:
        rest = rest.partition("later")[2].strip()
    words = Words(split(rest))
    if not words.left:
        raise Wrong("what is expected?")
    if words.peek() not in FIRST_WORDS:
        raise Wrong(unknown("word", words.left[0].text, FIRST_WORDS))
    base = Expect(line=number, text=line, later=later)
    if times is not None:
        moment = known.clock.read(times.at, None if times.until is not None else before)
        base = msgspec.structs.replace(base, at=moment.at, precision_s=moment.precision_s, tolerance=times.tolerance)
        if times.until is not None:
            until = known.clock.read(times.until, moment.at).at
            if until <= moment.at:
                raise Wrong(f"the span ends before it begins: {times.at}..{times.until}")
            base = msgspec.structs.replace(base, until=until)
    return _placed(_form(base, words, known), times is not None and bool(times.tolerance))


def _placed(made: Expect, tolerant: bool) -> Expect:
    """Whether the time that was written makes sense with what is expected."""
    timed = made.at is not None
    if made.form == "happens":
        if made.until is not None:
            raise Wrong("a span `A..B` goes with `no …` and `nothing else`; write A±SPAN for a tolerance")
        if not timed and not made.later:
            raise Wrong("when? Write a time in front, or `later`")
        return made
    if tolerant or made.later:
        raise Wrong(f"`{'later' if made.later else '±'}` goes only with what happens")
    if made.form in {"never", "nothing_else"}:
        if timed and made.until is None:
            raise Wrong("write a span (22:00..22:30), or no time for the whole night")
    elif made.until is not None:
        raise Wrong("a span `A..B` goes with `no …` and `nothing else`")
    elif made.form in {"is", "no_open_alerts"} and not timed:
        raise Wrong("when? Write a time in front, or `end`")
    return made


def _form(base: Expect, words: Words, known: Known) -> Expect:
    if words.skip("nothing"):
        if not words.skip("else"):
            raise Wrong("`nothing` goes on with `else`")
        words.close()
        return msgspec.structs.replace(base, form="nothing_else")
    if words.skip("no", "open", "alerts"):
        words.close()
        return msgspec.structs.replace(base, form="no_open_alerts")
    if words.skip("logbook"):
        return _logbook(base, words)
    if words.skip("seat"):
        return _with(base, "is", _seat(words, known))
    never = words.skip("no")
    topic = words.one_of("word", TOPICS)
    if topic == "alert" and not never and any(t.text == "is" and not t.literal for t in words.left):
        return _with(base, "is", _alert_is(words, known))
    pattern = READERS[topic](words, known, never)
    return _with(base, "never" if never else "happens", pattern)


def _with(base: Expect, form: str, p: Pattern) -> Expect:
    return msgspec.structs.replace(base, form=form, topic=p.topic, about=p.about, what=p.what, who=p.who, more=p.more)


def _logbook(base: Expect, words: Words) -> Expect:
    if words.skip("verifies"):
        words.close()
        return msgspec.structs.replace(base, form="verifies")
    if not words.skip("has"):
        raise Wrong("`logbook` goes on with `has N lines` or `verifies`")
    count = words.take("number of lines").text
    if not count.isdecimal() or len(count) > 9:
        raise Wrong(f"{quoted(count)} is not a number of lines")
    if not words.skip("lines") and not words.skip("line"):
        raise Wrong("`lines` is missing")
    words.close()
    return msgspec.structs.replace(base, form="log_size", more={"lines": int(count)})


# -- happenings, by topic


def _alert(words: Words, known: Known, never: bool) -> Pattern:
    about = _about(words, known, ALERT_WORDS)
    what, more = "", {}
    if words.left and words.peek() not in {"to", "by"}:
        what = words.one_of("word", ALERT_WORDS)
    elif not never:
        raise Wrong(f"what happens to the alert? ({', '.join(ALERT_WORDS)})")
    if what == "closed" and words.left and words.peek() != "by":
        more["disposition"] = words.one_of("disposition", DISPOSITIONS)
    who = _who(words, known, ALERT_WORDS.get(what, words.peek() or "to"), what)
    more |= _more(words, _ALERT_KEYS)
    words.close(*_ALERT_KEYS)
    return Pattern("alert", about, what, who, more)


def _notice(words: Words, known: Known, never: bool) -> Pattern:
    about = _about(words, known, (*NOTICE_WORDS, *known.channels))
    what, more = "", {}
    if words.left and words.peek() != "to":
        what = words.one_of("channel", (*known.channels, *NOTICE_WORDS))
    elif not never:
        raise Wrong(f"what of the notice? (a channel: {', '.join(known.channels)}; or {', '.join(NOTICE_WORDS)})")
    if what in NOTICE_WORDS and words.peek() in known.channels:
        more["channel"] = words.take("channel").text
    who = _who(words, known, "to", what)
    more |= _more(words, _NOTICE_KEYS)
    words.close(*_NOTICE_KEYS)
    return Pattern("notice", about, what, who, more)


def _duty(words: Words, known: Known, never: bool) -> Pattern:
    about: tuple[str, ...] = ()
    if words.left and words.peek() not in {*DUTY_WORDS, "by"}:
        about = (words.known("seat", known.register.seats),)
    what = ""
    if words.left and words.peek() != "by":
        what = words.one_of("word", DUTY_WORDS)
    elif not never:
        raise Wrong(f"what of the seat? ({', '.join(DUTY_WORDS)})")
    who = _who(words, known, "by", what)
    words.close()
    return Pattern("duty", about, what, who)


def _tap(words: Words, known: Known, never: bool) -> Pattern:
    about: tuple[str, ...] = ()
    if words.left and words.peek() not in {*TAP_WORDS, "by"}:
        about = (words.known("checkpoint", known.register.checkpoints),)
    what = "" if never else "tap"
    if words.left and words.peek() != "by":
        what = words.one_of("word", TAP_WORDS)
    who = _who(words, known, "by", what)
    more = _more(words, _TAP_KEYS)
    words.close(*_TAP_KEYS)
    return Pattern("tap", about, what, who, more)


def _reject(words: Words, known: Known, _: bool) -> Pattern:
    about: tuple[str, ...] = ()
    if words.left and words.peek() not in WHYS:
        token = words.take("gateway")
        if not token.literal and token.text not in known.register.gateways:
            raise Wrong(unknown("gateway", token.text, known.register.gateways))
        about = (token.text,)
    what = words.one_of("reason", WHYS) if words.left else ""
    words.close()
    return Pattern("reject", about, what)


def _refused(words: Words, known: Known, never: bool) -> Pattern:
    about: tuple[str, ...] = ()
    if words.left and words.peek() not in {*CODES, "by"}:
        seat = words.peek() in known.register.seats
        about = (words.take("seat").text,) if seat else known.alert(words)
    what = words.one_of("refusal", CODES) if words.left and words.peek() != "by" else ""
    if not what and not never:
        raise Wrong(f"refused for what? ({', '.join(CODES)})")
    who = _who(words, known, "by", what)
    words.close()
    return Pattern("refused", about, what, who)


def _log(words: Words, known: Known, _: bool) -> Pattern:
    token = words.take("act of the logbook line")
    if not _ACT.fullmatch(token.text):
        raise Wrong(f"{quoted(token.text)} is not an act (site.imported, alert.raise, duty.sign_on, …)")
    told = token.text.partition(".")[0]
    if told in {"alert", "notice"}:
        raise Wrong(f"lines about {told}s are told as `{told} …`, not as `log {token.text}`")
    about = () if not words.left or words.peek() == "by" else (words.take("subject").text,)
    who = _who(words, known, "by", token.text)
    more = _more(words, None)
    words.close()
    return Pattern("log", about, token.text, who, more)


READERS: Final[Mapping[str, Callable[[Words, Known, bool], Pattern]]] = {
    "alert": _alert,
    "notice": _notice,
    "duty": _duty,
    "tap": _tap,
    "reject": _reject,
    "refused": _refused,
    "log": _log,
}


# -- states


def _alert_is(words: Words, known: Known) -> Pattern:
    about = _about(words, known, ("is",))
    if not words.skip("is"):
        raise Wrong(f"{quoted(words.left[0].text)} is one word too many before `is`")
    what, more = words.one_of("state", (*STATES, "held")), {}
    if what == "closed" and words.left and words.peek() != "by":
        more["disposition"] = words.one_of("disposition", DISPOSITIONS)
    who = _who(words, known, "by", what)
    if what == "held" and who is None:
        raise Wrong("held by whom? (`by nobody` is possible)")
    more |= _more(words, _STATE_KEYS)
    words.close(*_STATE_KEYS)
    return Pattern("alert", about, what, who, more)


def _seat(words: Words, known: Known) -> Pattern:
    seat = words.known("seat", known.register.seats)
    if not words.skip("is"):
        raise Wrong("`is held by PERSON`, `is held by nobody` or `is empty` is missing")
    if words.skip("empty"):
        words.close()
        return Pattern("seat", (seat,), "held", ())
    words.one_of("word", ("held", "empty"))
    who = _who(words, known, "by", "held")
    if who is None or len(who) > 1:
        raise Wrong("held by whom? (one person, or `by nobody`)")
    words.close()
    return Pattern("seat", (seat,), "held", who)


# -- parts of lines


def _about(words: Words, known: Known, verbs: Any) -> tuple[str, ...]:
    """[SUBJECT [KIND]] or an alert's number."""
    if not words.left or words.peek() in {*verbs, "to", "by"}:
        return ()
    if words.peek() == "alert" or not known.is_kind(words.left[0]):
        about = known.alert(words)
    else:
        about = ("", known.kind(words.take("kind")))
    if len(about) == 1 and not about[0].startswith("#") and words.left and known.is_kind(words.left[0]):
        about = (about[0], known.kind(words.take("kind")))
    return about


def _who(words: Words, known: Known, wanted: str, what: str) -> tuple[str, ...] | None:
    """`to A, B` or `by A`; None when it is not said."""
    if words.peek() not in {"to", "by"}:
        return None
    found = words.take("to").text
    if found != wanted:
        raise Wrong(f"`{what}` goes with `{wanted}`, not with `{found}`")
    made: list[str] = []
    while True:
        token = words.take("person")
        more = not token.literal and token.text.endswith(",")
        name = token.text.removesuffix(",") if more else token.text
        if not token.literal and name not in known.callable:
            raise Wrong(unknown("person", name, [p for p in known.callable if p != "system"]))
        made.append(name)
        if not more and not words.skip("and"):
            break
    if "nobody" in made:
        if len(made) > 1:
            raise Wrong("`nobody` stands alone")
        return ()
    return tuple(made)


def _more(words: Words, keys: tuple[str, ...] | None) -> dict[str, Any]:
    made = {}
    for key in list(words.options):
        if keys is not None and key not in keys:
            continue
        token = words.option(key)
        if token is not None:
            made[key] = value(token)
    return made
