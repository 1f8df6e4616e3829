"""What a line of `then` says about a happening or a state: its words, and one small parser for each topic."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from simulators.scenario import duty_patterns, patrol_patterns
from simulators.scenario.errors import Wrong
from simulators.scenario.known import CODES, DISPOSITIONS, STATES, WHYS, Known
from simulators.scenario.pattern import Pattern
from simulators.scenario.pattern import more as read_more
from simulators.scenario.pattern import who as read_who
from simulators.scenario.tokens import Words
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
DUTY_WORDS: Final = ("signed_on", "signed_off", "let_go", "absent")
TOPICS: Final = (
    "alert",
    "notice",
    "duty",
    "handover",
    "roster",
    "entry",
    "review",
    "request",
    "presence",
    "away",
    "tap",
    "round",
    "reject",
    "refused",
    "log",
)

_ALERT_KEYS: Final = (
    "number", "ring", "rung", "priority", "zone", "holder", "disposition", "cause", "note", "reason", "text",
    "custody_by", "taken_from", "override",
)  # fmt: skip
_STATE_KEYS: Final = ("number", "ring", "rung", "repeats", "holder", "disposition")
_NOTICE_KEYS: Final = ("number", "ring", "rung", "channel", "attempts", "code")
_DUTY_KEYS: Final = ("arrival", "late_s")
_ELSEWHERE: Final = {
    **{told: told for told in ("alert", "notice", "handover", "roster", "request", "presence", "away")},
    "log.written": "entry",
    "log.corrected": "entry",
    "log.reviewed": "review",
}
_ACT: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


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
    who = read_who(words, known, ALERT_WORDS.get(what, words.peek() or "to"), what)
    more |= read_more(words, _ALERT_KEYS)
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
    who = read_who(words, known, "to", what)
    more |= read_more(words, _NOTICE_KEYS)
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
    who = read_who(words, known, "by", what)
    more = read_more(words, _DUTY_KEYS)
    words.close(*_DUTY_KEYS)
    return Pattern("duty", about, what, who, more)


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
        plain = words.peek() in known.register.seats or duty_patterns.is_named(words.peek(), known)
        about = (words.take("seat").text,) if plain else known.alert(words)
    what = words.one_of("refusal", CODES) if words.left and words.peek() != "by" else ""
    if not what and not never:
        raise Wrong(f"refused for what? ({', '.join(CODES)})")
    who = read_who(words, known, "by", what)
    words.close()
    return Pattern("refused", about, what, who)


def _log(words: Words, known: Known, _: bool) -> Pattern:
    token = words.take("act of the logbook line")
    if not _ACT.fullmatch(token.text):
        raise Wrong(f"{quoted(token.text)} is not an act (site.imported, alert.raise, duty.sign_on, …)")
    told = _ELSEWHERE.get(token.text.partition(".")[0]) or _ELSEWHERE.get(token.text)
    if told is not None:
        raise Wrong(f"such lines are told as `{told} …`, not as `log {token.text}`")
    about = () if not words.left or words.peek() == "by" else (words.take("subject").text,)
    who = read_who(words, known, "by", token.text)
    more = read_more(words, None)
    words.close()
    return Pattern("log", about, token.text, who, more)


READERS: Final[Mapping[str, Callable[[Words, Known, bool], Pattern]]] = {
    "alert": _alert,
    "notice": _notice,
    "duty": _duty,
    "handover": duty_patterns.handover,
    "roster": duty_patterns.roster,
    "entry": duty_patterns.entry,
    "review": duty_patterns.review,
    "request": duty_patterns.request,
    "presence": duty_patterns.presence,
    "away": duty_patterns.away,
    "tap": patrol_patterns.tap,
    "round": patrol_patterns.round_,
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
    who = read_who(words, known, "by", what)
    if what == "held" and who is None:
        raise Wrong("held by whom? (`by nobody` is possible)")
    more |= read_more(words, _STATE_KEYS)
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
    who = read_who(words, known, "by", "held")
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
