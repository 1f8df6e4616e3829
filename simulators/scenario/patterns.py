"""What a line of `then` says about a happening or a state: its words, and one small parser for each topic."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from simulators.scenario.errors import Wrong
from simulators.scenario.known import CODES, DISPOSITIONS, STATES, WHYS, Known
from simulators.scenario.tokens import Words, value
from sites.fields import quoted, unknown

# What may happen to an alert, and whether its people are those whom it went `to` or those whom it was done `by`.
ALERT_WORDS: Final[Mapping[str, str]] = {
    "raised": "to",
    "escalated": "to",
    "acked": "by",
    "witnessed": "by",
    "taken": "by",
    "handed_over": "by",
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


def alert_stands(words: Words, known: Known) -> Pattern:
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


def seat_stands(words: Words, known: Known) -> Pattern:
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
