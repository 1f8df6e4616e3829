"""Who answered was who had to (I6): on duty by the slow reckoning, called by a rung, or a supervisor with a reason."""

from collections.abc import Iterator, Sequence
from typing import Any

from simulators.hunter.kept import Entry, Kept
from simulators.hunter.oracle import Turn, on_duty, turns_around
from simulators.hunter.promises.alerts import LATE_US, SUPERVISORS
from simulators.hunter.record import Record

Found = Iterator[tuple[int | None, str]]

_ENDS_CUSTODY = frozenset({"alert.release", "alert.timeout", "alert.recur", "alert.dispose", "alert.take"})


def answered_by_who_was_on(record: Record, kept: Kept) -> Found:
    """I6: every answer was given by somebody entitled to it, every witness was not, and whoever leaves gives back."""
    all_turns = turns_around(record.register, record.start, record.end)
    for a in kept.alerts.values():
        ring, called = 1, set[str]()
        for entry in kept.told.get(a["id"], []):
            if entry.act == "alert.raise":
                yield from _heard_by(record, a, entry, all_turns)
            elif entry.act == "alert.escalate" and entry.data["rung"] > 0:
                called |= set(entry.data["people"])
            elif entry.act in {"alert.ack", "alert.witness"}:
                yield from _entitled(record, a, entry, called, all_turns)
            elif entry.data.get("from") in {"acked", "settling"} and entry.data.get("to") in {"raised", "cleared"}:
                ring, called = ring + 1, set()
        if ring != a["ring"]:
            yield None, f"alert #{a['number']} is at ring {a['ring']}, the logbook knows {ring}"
    yield from _seats(record, kept, all_turns)
    if all(span.offset == 0 for span in record.spans):
        yield from _leavers(record, kept, all_turns)


def holders(record: Record, commit: int, at: int, all_turns: Sequence[Turn]) -> dict[str, str | None]:
    """Who was in each seat when a commit was made."""
    stays = record.stays_at(commit)
    return {seat: on_duty(seat, at, all_turns, stays) for seat in record.register.seats}


def _heard_by(record: Record, a: dict[str, Any], entry: Entry, all_turns: Sequence[Turn]) -> Found:
    commit = record.commit_of_log(entry.n)
    person = on_duty(a["seat_id"], entry.us, all_turns, record.stays_at(commit))
    if person != a["holder_id"] or person != entry.data.get("holder"):
        told = f"alert #{a['number']} says that {a['holder_id']} was on, it was {person}"
        yield record.marks[commit].true, told


def _entitled(record: Record, a: dict[str, Any], entry: Entry, called: set[str], all_turns: Sequence[Turn]) -> Found:
    commit, by = record.commit_of_log(entry.n), entry.actor
    holder = on_duty(a["seat_id"], entry.us, all_turns, record.stays_at(commit))
    may = by == holder or by in called
    when = record.marks[commit].true
    if entry.act == "alert.witness":
        if may:
            yield when, f"alert #{a['number']}: {by} was entitled, and counted as a witness"
    elif not may:
        person = record.register.people.get(by)
        supervises = person is not None and not SUPERVISORS.isdisjoint(person.roles)
        if not (entry.data.get("override") and entry.data.get("reason") and supervises):
            yield when, f"alert #{a['number']} was answered by {by}; on was {holder}, called were {sorted(called)}"


def _seats(record: Record, kept: Kept, all_turns: Sequence[Turn]) -> Found:
    """What the product last settled is what the slow reckoning says of that moment."""
    last = record.marks[-1]
    now = holders(record, len(record.marks), last.us, all_turns)
    if not record.spans[-1].up:
        return
    for seat in kept.seats:
        if seat["holder_id"] != now[seat["seat_id"]] and (seat["due_at"] or 0) > last.us:
            yield last.true, f"seat {seat['seat_id']} is settled on {seat['holder_id']}, it is {now[seat['seat_id']]}"


def _leavers(record: Record, kept: Kept, all_turns: Sequence[Turn]) -> Found:
    """Nobody keeps an alert in hand after leaving the seat that it belongs to, or the last of their seats."""
    edges = sorted({e for t in all_turns for e in (t.starts, t.ends) if record.start < e <= record.end})
    settled = sorted({moment for e in edges if (moment := record.first_chance(e, e)) is not None})
    on = [(moment, _at(record, moment, all_turns)) for moment in settled]
    for a in kept.alerts.values():
        told = kept.told.get(a["id"], [])
        for n, entry in enumerate(told):
            if entry.act not in {"alert.ack", "alert.take"}:
                continue
            over = next((t for t in told[n + 1 :] if t.act in _ENDS_CUSTODY), None)
            since = record.true_of_log(entry.n)
            until = record.end if over is None else record.true_of_log(over.n)
            was = _at(record, since, all_turns)
            for moment, now in on:
                if since < moment and moment + LATE_US < until and _left(a["seat_id"], entry.actor, was, now):
                    yield moment, f"alert #{a['number']} stayed with {entry.actor}, who had left"
                    break
                was = now if moment > since else was


def _at(record: Record, true: int, all_turns: Sequence[Turn]) -> dict[str, str | None]:
    commit = max((n for n, mark in enumerate(record.marks) if mark.true <= true), default=0)
    return holders(record, commit, true, all_turns)


def _left(seat: str, person: str, was: dict[str, str | None], now: dict[str, str | None]) -> bool:
    left = [s for s, p in was.items() if p == person and now[s] != person]
    return bool(left) and (seat in left or person not in now.values())
