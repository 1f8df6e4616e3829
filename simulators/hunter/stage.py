"""What the cast of a random night can see, and what its deeds are made of."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

import msgspec

from simulators.hunter.plan import Meant
from simulators.scenario.model import (
    Act,
)
from sites.register import Register


class OpenAlert(msgspec.Struct, frozen=True):
    """An open alert as a page shows it."""

    number: int
    subject: str
    kind: str
    state: str
    seat_id: str
    custody_by: str | None
    due_at: int | None


class View(msgspec.Struct):
    """What the cast can see."""

    register: Register
    alerts: Sequence[OpenAlert]
    seats: Mapping[str, str | None]
    stays: Sequence[tuple[str, str]] = ()  # (seat, person) signed on now


class Trick(msgspec.Struct, frozen=True):
    """What only a hunter does: `before_commit`, `after_commit` (the server dies at its next one), `jumps` (its clock, by `by_s`)."""

    what: str
    by_s: float = 0.0


class Later(msgspec.Struct, frozen=True):
    """An act that follows `after_us` from now."""

    after_us: int
    act: Act | Trick | Meant


Made = list[Later]
Deed = Callable[[Random, View, int], Made]


def at_once(*those: Act | Trick) -> Made:
    """Acts that follow without delay."""
    return [Later(0, act) for act in those]


def anyone(dice: Random, view: View) -> str:
    return dice.choice(list(view.register.people))
