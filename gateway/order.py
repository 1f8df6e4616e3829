"""What goes up next. Pure: knows which events wait, never their bytes.

Three tiers: live (said while the link stands), urgent (a backlog that holds an alarm), and the rest. Within a tier and
across them, the words of one device never overtake each other: a live alarm takes its device's own backlog with it.
Nothing is forgotten before a receipt covers it; `restart` puts everything that still waits back in line.
"""

from collections import deque
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from msgspec import Struct

from core.wire import MAX_BATCH, MAX_BYTES
from gateway.fact import HISTORY_MARK

HISTORY_AFTER_US: Final = 3600 * 1_000_000
_LIVE_ALONE: Final = 32  # a longer live queue is sent in arrays: it joins what waits


class Tier(IntEnum):
    """In the order in which they are served."""

    LIVE = 0
    URGENT = 1
    BACKLOG = 2


class Waiting(Struct, frozen=True):
    """One spooled event: `n` is its place in the spool, `size` the length of its bytes, `kept_at` in microseconds."""

    n: int
    boot: str
    seq: int
    device: str
    urgent: bool
    kept_at: int
    size: int


class Parcel(Struct, frozen=True):
    """The events of one message; `history` holds the `n` of those that are old news."""

    tier: Tier
    rows: tuple[Waiting, ...]
    history: frozenset[int]


class Order:
    """The events that wait for a receipt, and the order in which they go (again)."""

    def __init__(self) -> None:
        self._rows: dict[int, Waiting] = {}
        self._boots: dict[str, deque[int]] = {}
        self._unsent: dict[str, dict[int, None]] = {}
        self._last: dict[str, int] = {}
        self._tiers: dict[Tier, deque[int]] = {tier: deque() for tier in Tier}

    def __len__(self) -> int:
        return len(self._rows)

    def has(self, n: int) -> bool:
        """Whether an event still waits for a receipt."""
        return n in self._rows

    def last_words(self, devices: Iterable[tuple[str, int]]) -> None:
        """Teach which event was the newest of each device, including those already covered."""
        for device, n in devices:
            self._last[device] = max(n, self._last.get(device, 0))

    def add(self, rows: Iterable[Waiting], tier: Tier = Tier.LIVE) -> None:
        """New events, in the order in which they were kept."""
        for row in rows:
            self._rows[row.n] = row
            self._boots.setdefault(row.boot, deque()).append(row.n)
            self._unsent.setdefault(row.device, {})[row.n] = None
            self._last[row.device] = max(row.n, self._last.get(row.device, 0))
            self._tiers[tier].append(row.n)

    def restart(self) -> None:
        """Everything that no receipt covers is to be sent (again), devices with an alarm first."""
        loud = {row.device for row in self._rows.values() if row.urgent}
        self._unsent.clear()
        for queue in self._tiers.values():
            queue.clear()
        for n, row in self._rows.items():
            self._unsent.setdefault(row.device, {})[n] = None
            self._tiers[Tier.URGENT if row.device in loud else Tier.BACKLOG].append(n)

    def covered(self, boot: str, through: int) -> int:
        """Forget what a receipt covers. Returns how many went."""
        queue = self._boots.get(boot)
        gone = 0
        while queue and self._rows[queue[0]].seq <= through:
            self._drop(queue.popleft())
            gone += 1
        if queue is not None and not queue:
            del self._boots[boot]
        return gone

    def replaced(self, rows: Iterable[Waiting]) -> None:
        """Events that took the place of ones whose bytes rotted; they go with the backlog."""
        for row in rows:
            self._mark_sent(row.n)
            self._rows[row.n] = row
            self._unsent.setdefault(row.device, {})[row.n] = None
            self._tiers[Tier.BACKLOG].append(row.n)

    def waits(self, tier: Tier) -> bool:
        """Whether a tier has something unsent."""
        queue = self._tiers[tier]
        while queue and not self._is_unsent(queue[0]):
            queue.popleft()
        return bool(queue)

    def take(self, tier: Tier, now: int) -> Parcel | None:
        """The next message of a tier; its events count as sent from now on."""
        if not self.waits(tier):
            return None
        queue = self._tiers[tier]
        first = queue[0]
        rows: list[Waiting] = []
        many = tier is not Tier.LIVE or len(queue) > _LIVE_ALONE or self._has_earlier(first)
        size = 2
        for n in list(self._line(queue)) if many else [first]:
            row = self._rows[n]
            size += row.size + len(HISTORY_MARK) + 1
            if rows and (size > MAX_BYTES or len(rows) == MAX_BATCH):
                break
            rows.append(row)
        for row in rows:
            self._mark_sent(row.n)
        return Parcel(tier, tuple(rows), self._old(rows, now))

    def probe(self, now: int) -> Parcel | None:
        """The oldest waiting events once more, sent or not: enough to learn whether anyone listens."""
        rows: list[Waiting] = []
        size = 2
        for row in self._rows.values():
            size += row.size + len(HISTORY_MARK) + 1
            if rows and (size > MAX_BYTES or len(rows) == MAX_BATCH):
                break
            rows.append(row)
        return Parcel(Tier.BACKLOG, tuple(rows), self._old(rows, now)) if rows else None

    def _line(self, queue: deque[int]) -> Iterable[int]:
        """Unsent events in the queue's order, each behind its own device's earlier ones; as many as one message may hold."""
        seen: set[int] = set()
        for n in queue:
            if not self._is_unsent(n) or n in seen:
                continue
            for earlier in self._unsent[self._rows[n].device]:
                if earlier > n or len(seen) > MAX_BATCH:
                    break
                if earlier not in seen:
                    seen.add(earlier)
                    yield earlier
            if len(seen) > MAX_BATCH:
                return

    def _is_unsent(self, n: int) -> bool:
        row = self._rows.get(n)
        return row is not None and n in self._unsent.get(row.device, ())

    def _has_earlier(self, n: int) -> bool:
        return next(iter(self._unsent[self._rows[n].device])) < n

    def _old(self, rows: Iterable[Waiting], now: int) -> frozenset[int]:
        """The last word of each device is always news, however old."""
        return frozenset(r.n for r in rows if now - r.kept_at > HISTORY_AFTER_US and self._last[r.device] > r.n)

    def _drop(self, n: int) -> None:
        self._mark_sent(n)
        del self._rows[n]

    def _mark_sent(self, n: int) -> None:
        device = self._rows[n].device
        unsent = self._unsent.get(device)
        if unsent is not None:
            unsent.pop(n, None)
            if not unsent:
                del self._unsent[device]
