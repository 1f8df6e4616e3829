"""What people are told of their own duty (DUTY-03, DUTY-08, DUTY-14): a notice lies in the person's inbox, and goes out by
every way they gave. It is news, not an alert: nobody has to answer it, and nothing climbs. Pure.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from core.clock import rfc3339
from sites.duty_words import Dated


class NoticeKind(StrEnum):
    """What a notice is about."""

    ROSTER = "roster"  # a month was published, or one's shifts of it are others now
    MODE = "mode"  # reinforced duty or all hands was called, began, or is over


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that one person is told. `about`: what later news of the same replace while they have not gone out."""

    id: str
    person_id: str
    kind: NoticeKind
    about: str
    data: dict[str, Any]
    made_at: datetime
    read_at: datetime | None = None


class Moved(msgspec.Struct):
    """What a change of the roster means for one person: shifts they have now, and shifts they have no longer."""

    gained: list[Dated]
    lost: list[Dated]


def moved(before: Iterable[Dated], after: Iterable[Dated]) -> dict[str, Moved]:
    """By person, whom a change touches and how. A shift whose hours are others is lost and gained."""
    found: dict[str, Moved] = {}
    had, have = set(map(_what, before)), set(map(_what, after))
    for shift in after:
        if _what(shift) not in had:
            found.setdefault(shift.person, Moved([], [])).gained.append(shift)
    for shift in before:
        if _what(shift) not in have:
            found.setdefault(shift.person, Moved([], [])).lost.append(shift)
    return found


def roster_told(month: str, version: int | None, mine: int, change: Moved | None, why: str = "") -> dict[str, Any]:
    """What somebody is told of their month: how many shifts to come they have in it, and what changed."""
    change = change or Moved([], [])
    return {
        "month": month,
        "version": version,
        "shifts": mine,
        "gained": [_shown(s) for s in change.gained],
        "lost": [_shown(s) for s in change.lost],
        "why": why,
    }


def counted(shifts: Iterable[Dated]) -> Mapping[str, int]:
    """How many shifts each person has."""
    found: dict[str, int] = {}
    for shift in shifts:
        found[shift.person] = found.get(shift.person, 0) + 1
    return found


def _what(shift: Dated) -> tuple[Any, ...]:
    return shift.id, shift.person, shift.starts_at, shift.ends_at, shift.on_call


def _shown(shift: Dated) -> dict[str, Any]:
    return {
        "seat": shift.seat,
        "template": shift.template,
        "starts_at": rfc3339(shift.starts_at),
        "ends_at": rfc3339(shift.ends_at),
        "on_call": shift.on_call,
    }
