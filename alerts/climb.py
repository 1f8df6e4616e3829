"""Climbing: the rungs that fire now, whom they call, and the notices owed to them. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerts.ladder import Called, at_rung, called, next_due
from alerts.rules import Act, Alert, step
from core.ids import derived
from logbook.rules import Line
from sites.register import Contact, Register, Rung

CONSOLE = "console"


class Fired(msgspec.Struct, frozen=True):
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


class Climb(msgspec.Struct):
    """What climbing did."""

    alert: Alert
    fired: list[Fired]
    notices: list[Notice]
    lines: list[Line]


def climb(alert: Alert, register: Register, holders: Mapping[str, str | None], at: datetime) -> Climb:
    """Fire the rung that is due, and at once the next ones as long as nobody is there to be called.

    An empty seat must not cost the ladder's delay; a ladder on which nobody stands at all still ends, and comes back
    after its repeat time.
    """
    made = Climb(alert, [], [], [])
    while True:
        now = made.alert
        n, due = now.rung + 1, now.due_at or at
        rung = at_rung(now.ladder, n)
        reached = called(rung, register, holders)
        told: dict[str, Any] = {"ring": now.ring, "rung": n, "who": rung.who, "people": reached.ids}
        after, line = step(now, Act.ESCALATE, at=at, **told)
        over = n >= len(now.ladder.rungs) - 1
        onward = next_due(now.ladder, n, due, at)
        made.alert = msgspec.structs.replace(after, rung=n, due_at=onward if reached.anyone or over else at)
        made.lines.append(line)
        made.fired.append(Fired(now.id, now.ring, n, due, at, rung.who, reached.ids))
        made.notices += _notices(now, n, rung, reached, at)
        if reached.anyone or over:
            return made


def _notices(alert: Alert, n: int, rung: Rung, reached: Called, at: datetime) -> list[Notice]:
    if not any(channel != CONSOLE for channel in rung.channels) and not reached.externals:
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
