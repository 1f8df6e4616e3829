"""A door with a reader, a contact and a lock: what its controller makes of cards, hands and crowbars.

The controller hears raw contact flips, waits 50 ms for them to settle, and knows whether a card had opened the door. Held
open after 30 s unless told otherwise. Kinds follow the DC-03 access codes (DG, DD, DF, DL, DH, DX; standards §3.3);
the times are ours.
"""

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from simulators.sayings import Saying, Stream, at, event, merged, moment

REASONS: Final = ("unknown", "expired", "wrong_door", "out_of_hours", "blocked")
UNLOCKED_S: Final = 5.0  # after a card
HELD_S: Final = 30.0  # open for longer than this, and it says so
SETTLE_S: Final = 0.05  # a contact that is quiet for so long has made up its mind
BOUNCE_S: Final = 0.03  # how long a contact chatters when it moves


class Flip(msgspec.Struct, frozen=True):
    """A raw movement of the contact."""

    t: float
    open: bool


def bouncing(moves: Iterable[Flip], by: Random, bounce_s: float = BOUNCE_S) -> Iterator[Flip]:
    """The contact as a wire sees it: each movement chatters a few times, and ends as it meant to."""
    for move in moves:
        yield move
        chatter = sorted(by.uniform(0, bounce_s) for _ in range(2 * by.randrange(1, 5)))
        for n, late in enumerate(chatter):
            yield Flip(move.t + late, move.open if n % 2 else not move.open)


def debounced(flips: Iterable[Flip], settle_s: float = SETTLE_S) -> Iterator[Flip]:
    """One movement for each one that lasted: a position counts once it has stood for `settle_s`."""
    stands = False
    began, last = 0.0, None
    for flip in flips:
        if last is None or flip.t - last.t >= settle_s:
            if last is not None and last.open != stands:
                stands = last.open
                yield Flip(began, stands)
            began = flip.t
        last = flip
    if last is not None and last.open != stands:
        yield Flip(began, last.open)


def door(
    device: str,
    moves: Iterable[Flip],
    cards: Sequence[float] = (),
    *,
    held_s: float = HELD_S,
    settle_s: float = SETTLE_S,
) -> Stream:
    """What a door's controller says of its contact: forced when nobody had a card, held open after `held_s`, closed.

    A passage with a card that ends in time is the reader's to tell, not the door's. `settle_s` 0 is a controller that
    believes every flip.
    """
    opened: float | None = None
    warned = False
    for flip in debounced(moves, settle_s) if settle_s else moves:
        if flip.open and opened is None:
            opened, warned = flip.t, not any(c <= flip.t <= c + UNLOCKED_S for c in cards)
            if warned:
                yield event(flip.t, device, "access.forced", contact="open")
        elif not flip.open and opened is not None:
            if not warned and flip.t - opened > held_s:
                warned = True
                yield event(opened + held_s, device, "access.held_open", seconds=round(held_s))
            if warned:
                yield event(flip.t, device, "access.closed")
            opened = None
    if opened is not None and not warned:
        yield event(opened + held_s, device, "access.held_open", seconds=round(held_s))


def forced_door(device: str, start: float, closed: float, by: Random | None = None) -> Stream:
    """Opened without a card, and closed again."""
    moves = [Flip(start, True), Flip(closed, False)]
    return door(device, moves if by is None else bouncing(moves, by))


def held_door(device: str, start: float, closed: float, held_s: float = HELD_S) -> Stream:
    """Opened by a card and propped: it says so after `held_s`, and when it is shut."""
    return door(device, [Flip(start + 1, True), Flip(closed, False)], [start], held_s=held_s)


def chattering(device: str, by: Random, start: float, times: int, every_s: float = 5.0) -> Stream:
    """A controller that believes every flip of a worn contact: forced and closed, several times within milliseconds."""
    moves = [Flip(start + n * every_s, n % 2 == 0) for n in range(2 * times)]
    return door(device, bouncing(moves, by), settle_s=0.0)


def granted(reader: str, t: float, card: str, person: str | None = None, **more: object) -> Saying:
    """A card that may pass."""
    return event(t, reader, "access.granted", card=card, **({"person": person} if person else {}), **more)


def denied(reader: str, t: float, reason: str, card: str) -> Stream:
    """A card that may not pass: unknown, expired, wrong_door, out_of_hours or blocked."""
    yield event(t, reader, "access.denied", reason=reason, card=card)


def tail_gate(reader: str, t: float, card: str, by: Random) -> Stream:
    """Two people pass on one card: it is shown again within 1.5 to 4 s, inwards both times, with nobody out in between."""
    yield granted(reader, t, card, direction="in", passage=1)
    yield granted(reader, t + by.uniform(1.5, 4.0), card, direction="in", passage=2)


def duress(reader: str, t: float, card: str) -> Stream:
    """The code that opens the door and calls for help: nothing at the door betrays it."""
    yield event(t, reader, "access.duress", card=card, opened=True)


def opened_by_fire(doors: Sequence[str], by: Random, t: float, ends: float) -> Stream:
    """A fire signal unlocks every door within 3 s so that people can leave; it is over when each is shut again.

    The controller says `access.egress` with its reason, not forced: nobody needs to be called for it.
    """
    releases = [event(t + by.uniform(0.2, 3.0), d, "access.egress", reason="fire_release") for d in doors]
    shut = [event(ends + by.uniform(1, 60), d, "access.closed", reason="fire_over") for d in doors]
    return merged([sorted(releases, key=moment), sorted(shut, key=moment)])


def comings_and_goings(
    readers: Sequence[str], staff: Sequence[str], by: Random, every_s: float, start: float
) -> Stream:
    """Cards that open doors, at random moments, one every `every_s` on average."""
    t = start + by.expovariate(1 / every_s)
    cards: list[tuple[str, str | None]] = [(f"C-{by.randrange(10_000, 99_999)}", person) for person in staff]
    cards += [(f"R-{by.randrange(10_000, 99_999)}", None) for _ in range(40)]
    while readers:
        card, person = by.choice(cards)
        yield granted(by.choice(readers), at(t), card, person)
        t += by.expovariate(1 / every_s)
