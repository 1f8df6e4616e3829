"""What an entry says, how it is made into bytes, and how the bytes are chained. Pure: no store, no clock, no keys.

Two seals over the same bytes, so that one checks the other:

- *chain*: `chain(0)` = 32 zero bytes; `chain(n)` = SHA-256(`chain(n-1)` || `leaf(n)`). Quick to follow line by line.
- *tree*: the RFC 6962 Merkle tree over `leaf(1) … leaf(n)`, kept as its frontier, the roots of the perfect subtrees that
  `n` falls into, largest first, 32 bytes each (one for every bit set in `n`).

`leaf(n)` = SHA-256(0x00 || body). Entries count from 1, so the number of the last one is the size of the log.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from core.clock import rfc3339

NO_CHAIN: Final = b"\0" * 32
NO_FRONTIER: Final = b""
LEAST_DAYS: Final = 365  # a text is kept at least so long (LOG-04)
_LEAF: Final = b"\0"
_NODE: Final = b"\1"

_encode = msgspec.json.Encoder(order="sorted").encode


class Line(msgspec.Struct, frozen=True, gc=False):
    """What the logbook will say of one step. `actor` is a person id, or `system`."""

    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]


class Seals(msgspec.Struct, frozen=True):
    """Where a log stands: how many entries, the chain over them, and the frontier of their tree."""

    size: int = 0
    chain: bytes = NO_CHAIN
    frontier: bytes = NO_FRONTIER


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """One entry as it rests: its number, its bytes, and the chain up to it."""

    n: int
    body: bytes
    chain: bytes


def body(site_id: str, n: int, line: Line) -> bytes:
    """The canonical bytes of entry `n`: compact JSON with sorted keys, UTF-8, the time in UTC with six decimals. Text
    stays as it was written (no Unicode normalising): two spellings of one word are two different entries.
    """
    return _encode(
        {
            "act": line.act,
            "actor": line.actor,
            "at": rfc3339(line.at),
            "data": line.data,
            "n": n,
            "site": site_id,
            "subject": line.subject,
        }
    )


def leaf(entry: bytes) -> bytes:
    """RFC 6962 leaf hash."""
    return sha256(_LEAF + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """RFC 6962 inner hash."""
    return sha256(_NODE + left + right).digest()


def link(chain: bytes, leaf_hash: bytes) -> bytes:
    """The chain one entry further."""
    return sha256(chain + leaf_hash).digest()


def seal(site_id: str, seals: Seals, lines: Sequence[Line]) -> tuple[list[Sealed], Seals]:
    """The entries that `lines` become after `seals`, and the seals after them."""
    size, chain, peaks = seals.size, seals.chain, peaks_of(seals.frontier)
    entries = []
    for line in lines:
        made = body(site_id, size + 1, line)
        hashed = leaf(made)
        chain = link(chain, hashed)
        grow(peaks, size, hashed)
        size += 1
        entries.append(Sealed(size, made, chain))
    return entries, Seals(size, chain, b"".join(peaks))


def peaks_of(frontier: bytes) -> list[bytes]:
    """A frontier's subtree roots, largest first."""
    return [frontier[i : i + 32] for i in range(0, len(frontier), 32)]


def grow(peaks: list[bytes], size: int, leaf_hash: bytes) -> None:
    """Add a leaf, in place, to the frontier of a tree of `size` leaves: one inner hash an entry on average."""
    while size & 1:
        leaf_hash = node(peaks.pop(), leaf_hash)
        size >>= 1
    peaks.append(leaf_hash)


def fits(size: int, frontier: bytes) -> bool:
    """Whether `frontier` has the shape of one of a tree of `size` leaves."""
    return len(frontier) == 32 * size.bit_count()


def root(size: int, frontier: bytes) -> bytes:
    """RFC 6962 tree head. Raises ValueError when `frontier` does not belong to a tree of `size` leaves."""
    peaks = peaks_of(frontier)
    if not fits(size, frontier):
        raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(frontier) / 32:g}")
    if not peaks:
        return sha256(b"").digest()
    head = peaks.pop()
    while peaks:
        head = node(peaks.pop(), head)
    return head
