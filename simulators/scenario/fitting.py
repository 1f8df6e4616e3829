"""Whether a happening is what a line of `then` says, and how like it is where it is not. Pure."""

from datetime import datetime, timedelta

from simulators.scenario import patrol_story
from simulators.scenario.duty_story import SMALL
from simulators.scenario.model import Expect, Happening


def fits(e: Expect, h: Happening) -> bool:
    """Whether a happening is what the line says, whenever it was."""
    return (
        h.topic == e.topic
        and about_fits(e.about, h)
        and (not e.what or h.what == e.what)
        and (e.who is None or set(e.who) == set(h.who))
        and all(h.more.get(key) == value for key, value in e.more.items())
    )


def about_fits(about: tuple[str, ...], h: Happening) -> bool:
    """Whether it is about this. Empty parts fit everything; `#3` is the alert of that number."""
    if not about:
        return True
    if about[0].startswith("#"):
        return h.more.get("number") == int(about[0][1:]) or h.about[:1] == about
    if h.topic == "refused":  # about the words of whoever tried
        tried, asked = "/".join(h.about), "/".join(about)
        return tried == asked or tried.startswith(f"{asked}/")
    return len(h.about) >= len(about) and all(not a or a == b for a, b in zip(about, h.about, strict=False))


def is_quiet(h: Happening) -> bool:
    """What `nothing else` does not ask for: what stands only in the logbook, a notice that simply arrived, and the single
    items of a hand-over, and rounds that plans open.
    """
    small = (h.topic == "handover" and h.what in SMALL) or (h.topic == "round" and h.what in patrol_story.SMALL)
    return small or h.topic == "log" or (h.topic == "notice" and h.what == "sent")


def in_time(e: Expect, at: datetime) -> bool:
    """Whether it was then, as finely as the time was written and with the tolerance that was written."""
    if e.at is None:
        return True
    return e.at - e.tolerance <= at < e.at + timedelta(seconds=e.precision_s) + e.tolerance


def in_span(e: Expect, at: datetime) -> bool:
    return (e.at is None or at >= e.at + e.tolerance) and (e.until is None or at < e.until)


def likeness(e: Expect, h: Happening) -> int:
    """How much a happening is like what a line wants: what it is about weighs most, then what it is, then who."""
    return (
        2 * about_fits(e.about, h)
        + 2 * (not e.what or h.what == e.what)
        + (e.who is not None and set(e.who) == set(h.who))
        + (e.at is not None and in_time(e, h.at))
        + all(h.more.get(key) == value for key, value in e.more.items())
        - 1
    )


def away(e: Expect, at: datetime) -> float:
    return abs((at - e.at).total_seconds()) if e.at is not None else 0.0
