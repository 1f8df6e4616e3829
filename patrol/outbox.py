"""The chain of a phone's taps (PAT-11). Pure: each tap carries the hash of the one before, so that none can be changed,
taken out or slipped in between while it waits for a line without the next one telling.

The hash is over RFC 8785 JSON, which every language writes in the same bytes.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import rfc8785

SEALED: Final = ("id", "n", "prev", "said_at", "read", "answers", "note", "photos")
DEED: Final = ("id", "n", "prev", "said_at", "act", "seat")  # coming to a seat and leaving it stand in the same chain
ACT: Final = ("id", "n", "prev", "said_at", "path", "body")  # and so does all else: the request that it is


class Link(msgspec.Struct, frozen=True):
    """A tap's place in its chain: its number, the hash it says the one before has, and its own."""

    n: int
    prev: str
    digest: str


def digest(said: Mapping[str, Any], sealed: Sequence[str] = SEALED) -> str:
    """The hash of a tap as the phone said it; whether it was kept is not part of it. Empty if no JSON can say it."""
    try:
        return hashlib.sha256(rfc8785.dumps({name: said[name] for name in sealed})).hexdigest()
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError):
        return ""


def broken(link: Link, others: Iterable[Link], *, kept: bool) -> bool:
    """Whether a link does not fit those that are known of its chain. A live tap may overtake those that were kept; kept
    ones come in their order, so that a missing one before them was taken out.
    """
    known = {other.n: other for other in others if other != link}
    before, same, after = (known.get(link.n + step) for step in (-1, 0, 1))
    if not link.digest or same is not None:
        return True
    wrong = kept if before is None else before.digest != link.prev
    if link.n == 1:
        wrong = link.prev != ""
    return wrong or (after is not None and after.prev != link.digest)
