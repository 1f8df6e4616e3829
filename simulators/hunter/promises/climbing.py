"""Escalation (I7): each rung once, to the right people, never early, never more than two seconds late, never after the
answer; and one message to each who is owed one.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from simulators.hunter.kept import Entry, Kept
from simulators.hunter.oracle import Turn, after, reached, turns_around
from simulators.hunter.promises.alerts import LATE_US
from simulators.hunter.promises.duty import holders
from simulators.hunter.record import SECOND, Record
from sites.register import Rung

Found = Iterator[tuple[int | None, str]]


class Ringing(NamedTuple):
    """One ring of one alert, from the entry that began it to the one that ended it."""

    alert: dict[str, Any]
    ring: int
    began: Entry
    ended: Entry | None
    fired: dict[int, Entry]  # the entries of its rungs


def escalation(record: Record, kept: Kept) -> Found:
    """I7, ring by ring, against the ladder that was frozen into the alert."""
    all_turns = turns_around(record.register, record.start, record.end)
    for alert in kept.alerts.values():
        told = kept.told.get(alert["id"], [])
        for ringing in _rings(alert, told):
            yield from _one_ring(record, kept, ringing, all_turns)
        rings = {r.ring for r in _rings(alert, told)}
        for row in kept.rungs.get(alert["id"], []):
            if row["ring"] not in rings:
                yield None, f"#{alert['number']}: rung {row['rung']} of ring {row['ring']} fired, which never began"
    yield from _after_the_answer(record, kept)


def _rings(alert: dict[str, Any], told: Sequence[Entry]) -> Iterator[Ringing]:
    ring, began, fired = 1, told[0] if told else None, {0: told[0]} if told else {}
    for entry in told:
        if began is None:
            if entry.data.get("from") in {"acked", "settling"} and entry.data.get("to") in {"raised", "cleared"}:
                ring, began, fired = ring + 1, entry, {}
        elif entry.act == "alert.escalate" and entry.data.get("ring") == ring:
            fired[entry.data["rung"]] = entry
        elif entry.act == "alert.ack":
            yield Ringing(alert, ring, began, entry, fired)
            began = None
    if began is not None:
        yield Ringing(alert, ring, began, None, fired)


def _one_ring(record: Record, kept: Kept, ringing: Ringing, all_turns: Sequence[Turn]) -> Found:
    alert, ring, began, ended, fired = ringing
    rungs = msgspec.convert(alert["ladder"]["rungs"], list[Rung])
    rows = {r["rung"]: r for r in kept.rungs.get(alert["id"], []) if r["ring"] == ring}
    name = f"#{alert['number']} ring {ring}"
    due, since, n = began.us, record.true_of_log(began.n), 0
    while n in rows:
        row, rung = rows[n], rungs[min(n, len(rungs) - 1)]
        entry = fired.get(n)
        if entry is None:
            yield None, f"{name}: rung {n} fired without an entry"
            return
        commit = record.commit_of_log(entry.n)
        true = record.marks[commit].true
        if row["at"] < due:
            yield true, f"{name}: rung {n} fired {(due - row['at']) / SECOND:g} s early"
        chance = record.first_chance(due, since)
        if chance is not None and true > chance + LATE_US:
            yield true, f"{name}: rung {n} fired {(true - chance) / SECOND:g} s late"
        people = reached(rung, record.register, holders(record, commit, row["at"], all_turns))
        if sorted(people) != sorted(row["people"]):
            yield true, f"{name}: rung {n} ({rung.who}) called {row['people']}, on were {people}"
        if ended is not None and entry.n > ended.n:
            yield true, f"{name}: rung {n} fired after the answer"
        yield from _owed(record, kept, row, rung, people, true, name)
        due, since, n = after(rungs, alert["ladder"]["repeat_s"], n, due, row["at"], nobody=not people), true, n + 1
    if len(rows) != n:
        yield None, f"{name}: rungs {sorted(rows)} fired, {n} is missing"
    chance = record.first_chance(due, since)
    until = record.end if ended is None else record.true_of_log(ended.n)
    if chance is not None and until > chance + LATE_US:
        yield chance, f"{name}: rung {n} was due and never fired"


def _owed(
    record: Record, kept: Kept, row: dict[str, Any], rung: Rung, people: Sequence[str], true: int, name: str
) -> Found:
    """The messages of a rung: one to each contact on its channels; outsiders are reached by whatever they have."""
    register = record.register
    owed = Counter(
        (p, c.channel, c.target)
        for p in people
        if p in register.people
        for c in register.people[p].contacts
        if c.channel in rung.channels
    )
    owed += Counter(
        (f"external/{e.id}", c.channel, c.target)
        for e in register.externals
        if f"external/{e.id}" in people
        for c in e.contacts
    )
    made = Counter(
        (n["person_id"], n["channel"], n["target"])
        for n in kept.notices
        if (n["alert_id"], n["ring"], n["rung"]) == (row["alert_id"], row["ring"], row["rung"])
    )
    if owed != made:
        yield true, f"{name}: rung {row['rung']} owes {sorted(owed)}, it made {sorted(made)}"


def _after_the_answer(record: Record, kept: Kept) -> Found:
    """Nobody is called any more, a second after somebody answered."""
    answered: dict[tuple[str, int], int] = {}
    for alert in kept.alerts.values():
        for ringing in _rings(alert, kept.told.get(alert["id"], [])):
            if ringing.ended is not None:
                answered[alert["id"], ringing.ring] = record.true_of_log(ringing.ended.n)
    notices = {n["id"]: n for n in kept.notices}
    for one in record.tries:
        notice = notices.get(one.notice)
        if notice is None:
            yield one.true, f"notice {one.notice} was sent and is not kept"
            continue
        over = answered.get((notice["alert_id"], notice["ring"]))
        if over is not None and one.true > over + SECOND:
            yield one.true, f"notice {one.notice} to {notice['person_id']} went out after the answer"
