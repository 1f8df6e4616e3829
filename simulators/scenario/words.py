"""A happening as a line of `then`: what a story's timeline is printed in, and what `--update` writes."""

import re
from typing import Final

from logbook.forms import forms
from simulators.scenario import patrol_patterns
from simulators.scenario.duty_patterns import is_named
from simulators.scenario.known import Known
from simulators.scenario.model import Happening
from simulators.scenario.patterns import ALERT_WORDS, NOTICE_WORDS
from simulators.scenario.times import Clock
from simulators.scenario.tokens import literal, shown, word

_DUTY: Final = frozenset({"handover", "roster", "entry", "review", "request", "presence", "away", "round"})
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*")


def told(happening: Happening, clock: Clock, known: Known | None = None, *, long: bool = False) -> str:
    """The line, time first. With `known`, names that the site does not know are written in quotes, as the reader of
    such a line wants them. `long`: with seconds, for a column.
    """
    return f"{clock.tell(happening.at, long=long)} {what(happening, known)}"


def what(happening: Happening, known: Known | None = None) -> str:
    """The line without its time."""
    h = happening
    parts = [h.topic, *_about(h, known)]
    if h.topic in _DUTY:
        parts = [h.topic, *_about(h, known), h.what, *([f"item={shown(h.more['item'])}"] if h.more.get("item") else [])]
    elif h.topic == "log":
        parts = [h.topic, word(h.what), *(word(a) for a in h.about if "/" not in a)]
    elif not (h.topic == "tap" and h.what == "tap"):
        parts.append(h.what)
    if h.topic == "alert" and h.what == "closed" and h.more.get("disposition"):
        parts.append(str(h.more["disposition"]))
    if h.topic == "notice" and h.what in NOTICE_WORDS and h.more.get("channel"):
        parts.append(str(h.more["channel"]))
    parts += _who(h, known)
    if h.topic in {"tap", "round"}:
        parts += patrol_patterns.more_told(h)
    if h.topic == "alert" and h.what == "escalated":
        parts += [f"{key}={shown(h.more[key])}" for key in ("ring", "rung") if _worth_saying(h, key)]
    return " ".join(parts)


def _worth_saying(h: Happening, key: str) -> bool:
    return key in h.more and (key == "rung" or h.more[key] != 1)


def _about(h: Happening, known: Known | None) -> list[str]:
    register = None if known is None else known.register
    if h.topic in {"roster", "review", "request"}:
        return list(h.about)
    if h.topic in {"duty", "tap", "handover", "entry", "presence", "away", "round"} and register is not None:
        kept = {"tap": register.checkpoints, "entry": forms(register), "round": register.patrol_routes}
        names = kept.get(h.topic, register.seats)
        return [a if a in names else literal(a) for a in h.about]
    if h.topic == "reject" and register is not None:
        return [a if a in register.gateways else literal(a) for a in h.about]
    if known is not None and h.about:
        return [_subject(h.about[0], known), *(k if k in known.kinds else literal(k) for k in h.about[1:])]
    return [a if _PLAIN.fullmatch(a) else literal(a) for a in h.about]


def _subject(text: str, known: Known) -> str:
    if text.startswith("#"):
        return f"no.{text[1:]}"
    if known.is_subject(text) or text in known.register.seats or is_named(text, known):
        return text
    subject, _, kind = text.rpartition("/")
    return text if known.is_subject(subject) and kind in known.kinds else literal(text)


def _who(h: Happening, known: Known | None) -> list[str]:
    by = ALERT_WORDS.get(h.what, "by") if h.topic == "alert" else "to" if h.topic == "notice" else "by"
    if not h.who:
        return ["to", "nobody"] if by == "to" and h.topic == "alert" else []
    names = [
        w if (known is None and _PLAIN.fullmatch(w)) or (known and w in known.callable) else literal(w) for w in h.who
    ]
    return [by, " and ".join(names) if any(n.startswith('"') for n in names) else ", ".join(names)]
