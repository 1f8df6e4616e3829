"""The escalation ladder: when each rung is due, and whom it calls.

A ladder is frozen into its alert when that is raised; a later change of the site's ladders touches no alert that rings.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from core.clock import seconds
from sites.register import External, Person, Register, Rung


class Frozen(msgspec.Struct, frozen=True, cache_hash=True):
    """An alert's own ladder. All spans in seconds."""

    id: str
    rungs: tuple[Rung, ...]
    repeat_s: int
    ack_s: int
    handle_s: int


class Called(msgspec.Struct, frozen=True):
    """Whom a rung reaches."""

    people: tuple[Person, ...] = ()
    externals: tuple[External, ...] = ()

    @property
    def ids(self) -> list[str]:
        """Person ids, and externals marked as such."""
        return [p.id for p in self.people] + [f"external/{e.id}" for e in self.externals]


NOBODY = Called()


def at_rung(ladder: Frozen, n: int) -> Rung:
    """The rung number `n` stands for; past the end it is the last one again."""
    return ladder.rungs[min(n, len(ladder.rungs) - 1)]


def gap_s(ladder: Frozen, n: int) -> int:
    """Seconds from rung `n` to rung `n + 1`."""
    last = len(ladder.rungs) - 1
    return ladder.repeat_s if n >= last else ladder.rungs[n + 1].after_s - ladder.rungs[n].after_s


def next_due(ladder: Frozen, n: int, due: datetime, at: datetime) -> datetime:
    """When rung `n + 1` is due, given that rung `n` was due at `due` and fires `at`. Counted from what was due, so that
    a late sweep does not add up; the repeating rung skips what an outage made stale instead of ringing it all at once.
    """
    planned = due + seconds(gap_s(ladder, n))
    if n >= len(ladder.rungs) - 1 and planned <= at:
        return at + seconds(ladder.repeat_s)
    return planned


def called(rung: Rung, register: Register, holders: Mapping[str, str | None]) -> Called:
    """Whom a rung calls now. `holders` maps each seat to the person in it."""
    what, _, name = rung.who.partition(":")
    if what == "seat":  # by far the most common
        holder = holders.get(name)
        person = register.people.get(holder) if holder is not None else None
        return Called((person,)) if person is not None else NOBODY
    if what == "external":
        return Called(externals=tuple(e for e in register.externals if not name or e.id == name))
    if what == "post":
        ids = [holders.get(s.id) for s in register.seats.values() if s.post == name]
    elif what == "role":
        ids = [p.id for p in register.people.values() if name in p.roles]
    else:
        ids = [name]
    return Called(
        people=tuple(register.people[i] for i in dict.fromkeys(ids) if i is not None and i in register.people)
    )
