"""Climbing: the rungs that fire now, whom they call, and the notices owed to them. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerts.ladder import Called, at_rung, called, next_due
from alerts.rules import Act, Alert, step
from core.ids import derived
from logbook.rules import Line
from sites.register import Contact, Register, Rung

ONLY_CONSOLE = ("console",)


class Fired(msgspec.Struct, frozen=True, gc=False):
    """One rung of one ringing, fired once."""

    alert_id: str
    ring: int
    rung: int
    due_at: datetime
    at: datetime
    who: str
    people: list[str]


class Notice(msgspec.Struct, frozen=True):
    """A message owed to one person over one channel."""

    id: str
    alert_id: str
    ring: int
    rung: int
    person_id: str
    channel: str
    target: str
    made_at: datetime


class Climb(msgspec.Struct, gc=False):
    """What climbing did."""

    alert: Alert
    fired: list[Fired]
    notices: list[Notice]
    lines: list[Line]


def climb(
    alert: Alert,
    register: Register,
    holders: Mapping[str, str | None],
    at: datetime,
    unreached: Collection[str] = frozenset(),
) -> Climb:
    """Fire the rung that is due, and at once the next ones as long as nobody is there to be called, or who is called
    first, or at the console only, holds one of the seats that are `unreached` (ESC-13).

    An empty seat must not cost the ladder's delay; a ladder on which nobody stands at all still ends, and comes back
    after its repeat time. The first call of the first ringing belongs to the raising and its line; every other rung has
    a line of its own.
    """
    ladder, last = alert.ladder, len(alert.ladder.rungs) - 1
    n, due, version = alert.rung, alert.due_at or at, alert.version
    fired: list[Fired] = []
    notices: list[Notice] = []
    lines: list[Line] = []
    why: dict[str, Any] = {}  # why a rung is left behind at once, told by the next one's line
    while True:
        n += 1
        rung = at_rung(ladder, n)
        reached = called(rung, register, holders)
        people = reached.ids
        if n > 0 or alert.ring > 1:
            _, line = step(alert, Act.ESCALATE, at=at, ring=alert.ring, rung=n, who=rung.who, people=people, **why)
            lines.append(line)
        version += 1
        fired.append(Fired(alert.id, alert.ring, n, due, at, rung.who, people))
        notices += _notices(alert, n, rung, reached, at)
        why = _cannot_hear(n, rung, people, unreached)
        stays = n >= last or (bool(people) and not why)
        due = next_due(ladder, n, due, at) if stays else at
        if stays:
            after = msgspec.structs.replace(alert, rung=n, due_at=due, version=version)
            return Climb(after, fired, notices, lines)


def waits_on(alert: Alert, ring: int, rung: int) -> bool:
    """Whether the alert rings now on this rung, it calls who holds a seat, and there is another one above it."""
    calls = at_rung(alert.ladder, rung).who.startswith(("seat:", "post:"))
    return alert.ringing and (alert.ring, alert.rung) == (ring, rung) and rung < len(alert.ladder.rungs) - 1 and calls


def _cannot_hear(n: int, rung: Rung, people: list[str], unreached: Collection[str]) -> dict[str, Any]:
    """Why this rung reaches nobody although somebody holds its seat; empty where it does, or where nobody does."""
    what, _, seat = rung.who.partition(":")
    alone = n == 0 or rung.channels == ONLY_CONSOLE
    if not (people and alone and what == "seat" and seat in unreached):
        return {}
    return {"unreached": people[0]}


def _notices(alert: Alert, n: int, rung: Rung, reached: Called, at: datetime) -> list[Notice]:
    if rung.channels == ONLY_CONSOLE and not reached.externals:
        return []
    wanted: list[tuple[str, Contact]] = [
        (p.id, c) for p in reached.people for c in p.contacts if c.channel in rung.channels
    ]
    wanted += [(f"external/{e.id}", c) for e in reached.externals for c in e.contacts]
    return [
        Notice(
            derived(at, alert.id, str(alert.ring), str(n), who, c.channel, c.target),
            alert.id,
            alert.ring,
            n,
            who,
            c.channel,
            c.target,
            at,
        )
        for who, c in wanted
    ]
