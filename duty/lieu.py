"""Time off in lieu 补休 (DUTY-11): a holiday on duty earns a day, and a leave that was approved in lieu spends one. Pure.

What counts is who was really there: a holiday's shift to which nobody came earns nothing. There is no overtime pay here.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from duty.plan_and_fact import Kept
from duty.requests import Request, RequestState
from duty.roster_cover import Finding, Severity
from sites.duty_words import DayType

KEPT_FOR: Final = timedelta(days=366)  # a day that was not taken in a year is gone


class Balance(msgspec.Struct, frozen=True):
    """Days that somebody may take off: `earned` within the last year, of which `spent` are taken or promised."""

    earned: int
    spent: int

    @property
    def left(self) -> int:
        """What is still to be had."""
        return self.earned - self.spent


def balance(
    person: str,
    kept: Iterable[Kept],
    day_type: Callable[[date], DayType],
    leaves: Iterable[Request],
    at: datetime,
) -> Balance:
    """What a person has by `at`, from shifts that are over and leaves that were approved. One day for each holiday on which
    a shift of theirs began, however many they were.
    """
    worked = {
        date.fromisoformat(k.shift.id.split("/")[1])
        for k in kept
        if k.shift.person == person and not k.absent and not k.shift.on_call and k.shift.ends_at <= at
    }
    earned = sum(day_type(day) is DayType.HOLIDAY for day in worked)
    spent = sum(
        days_of(leave)
        for leave in leaves
        if leave.in_lieu and leave.asked_by == person and leave.state is RequestState.APPROVED
    )
    return Balance(earned, spent)


def days_of(leave: Request) -> int:
    """How many days a leave costs: those on which a shift is given up."""
    return len({m.day for m in leave.moves})


def beyond(leave: Request, has: Balance) -> list[Finding]:
    """Whether a leave asks for more than there is."""
    wanted = days_of(leave)
    if not leave.in_lieu or wanted <= has.left:
        return []
    data = {"days": wanted, "left": has.left}
    return [Finding(code="lieu_not_earned", severity=Severity.WARNING, person=leave.asked_by, data=data)]
