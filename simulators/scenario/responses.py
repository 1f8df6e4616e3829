"""How quickly people answered, told from what happened: the measure of a drill (TRN-06). Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from simulators.scenario.model import Happening

RINGS = frozenset({"raised", "released", "timed_out"})
CALLS = frozenset({"raised", "escalated"})
ANSWERS = frozenset({"acked", "taken"})


class Response(msgspec.Struct, frozen=True):
    """One person's part in one alert. `seconds` is from the raising to their acknowledgement, `own_seconds` from the
    moment they themselves were called; all three None while they have not answered.
    """

    person: str
    alert: str
    raised_at: datetime
    called_at: datetime | None
    answered_at: datetime | None = None
    seconds: float | None = None
    own_seconds: float | None = None


def responses(happenings: Iterable[Happening]) -> list[Response]:
    """Everybody who was called or answered, alert by alert, in the order in which the alerts were raised.

    An alert that rings again counts anew: whoever let it ring has not answered this time.
    """
    made: list[Response] = []
    raised: dict[Any, datetime] = {}
    open_: dict[Any, dict[str, Response]] = {}
    for h in happenings:
        if h.topic != "alert":
            continue
        key = h.more.get("number", h.about)
        if h.what in RINGS or (h.what == "recurred" and any(r.answered_at for r in open_.get(key, {}).values())):
            made += open_.pop(key, {}).values()
            raised[key] = h.at
        people = open_.setdefault(key, {})
        if h.what in CALLS:
            for person in h.who:
                people.setdefault(person, Response(person, " ".join(h.about), raised.get(key, h.at), h.at))
        elif h.what in ANSWERS:
            for person in h.who:
                people[person] = _answered(people.get(person), h, raised.get(key, h.at))
        elif h.what == "closed":
            made += open_.pop(key, {}).values()
    made += [one for people in open_.values() for one in people.values()]
    return sorted(made, key=lambda r: (r.raised_at, r.called_at or r.raised_at))


def _answered(called: Response | None, h: Happening, raised_at: datetime) -> Response:
    """The first answer counts; a later one by the same person changes nothing."""
    if called is not None and called.answered_at is not None:
        return called
    person, called_at = h.who[0], called.called_at if called else None
    own = (h.at - called_at).total_seconds() if called_at is not None else None
    if called is not None:
        person = called.person
    return Response(person, " ".join(h.about), raised_at, called_at, h.at, (h.at - raised_at).total_seconds(), own)
