"""What a gateway and the line behind it do to what devices say: numbers, outages, duplicates, disorder, delay, gaps.

Each is a transformer of a stream of messages, so that any of them may be put on top of any other; `troubled` puts them on
in the order in which a message meets them. Shares and bounds of the usual bad line: faults F9 (duplicates 10 %, disorder
within 100, delay up to 30 s, loss 5 %).
"""

import heapq
from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

import msgspec

from simulators.sayings import Saying, at, fanned, later

DRAIN_PER_S: Final = 2000.0  # as the real gateway drains
HISTORY_AFTER_S: Final = 3600.0  # a backlog older than this is history, but for each device's last word


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A saying on its way: `(boot, seq)` is its place in the gateway's order, `t` when it comes out at the other end."""

    t: float
    seq: int
    saying: Saying
    boot: int = 1
    history: bool = False


Messages = Iterator[Message]


class Troubles(msgspec.Struct, frozen=True):
    """A bad line. Shares are 0 to 1; `outages` are (from, until) seconds; `restarts` when the gateway begins to count anew."""

    outages: tuple[tuple[float, float], ...] = ()
    duplicate: float = 0.0
    duplicate_after_s: float = 5.0
    reorder: int = 0
    delay_s: float = 0.0
    gap: float = 0.0
    restarts: tuple[float, ...] = ()

    @property
    def any(self) -> bool:
        """Whether it does anything at all."""
        return self != Troubles()


def troubled(stream: Iterable[Saying], troubles: Troubles, by: Random) -> Messages:
    """Numbered, then through everything that is wrong with this gateway and its line."""
    messages = gaps(numbered(stream, troubles.restarts), by, troubles.gap)
    for since, until in sorted(troubles.outages):
        messages = outage(messages, since, until)
    messages = delayed(messages, by, troubles.delay_s)
    messages = reordered(messages, by, troubles.reorder)
    return duplicated(messages, by, troubles.duplicate, troubles.duplicate_after_s)


def numbered(stream: Iterable[Saying], restarts: Iterable[float] = ()) -> Messages:
    """Each saying with its place: from 1, and from 1 again in a new boot at each restart."""
    boot, seq = 1, 0
    pending = sorted(restarts)
    for saying in stream:
        while pending and saying.t >= pending[0]:
            pending.pop(0)
            boot, seq = boot + 1, 0
        seq += 1
        yield Message(t=saying.t, boot=boot, seq=seq, saying=saying)


def gaps(messages: Iterable[Message], by: Random, share: float) -> Messages:
    """A share is lost after it was numbered: the server sees a hole."""
    return (m for m in messages if not share or by.random() >= share)


def outage(
    messages: Iterable[Message],
    since: float,
    until: float,
    drain_per_s: float = DRAIN_PER_S,
    history_after_s: float = HISTORY_AFTER_S,
) -> Messages:
    """The link is down from `since` to `until`; what was said meanwhile comes afterwards at `drain_per_s`, in order.

    New words overtake the backlog, but never that of their own device. What waited longer than `history_after_s` is
    marked as history, but for the last word of each device, which is news however old.
    """
    held: list[Message] = []
    ready: list[tuple[float, int, Message]] = []  # the backlog, and what may not overtake it
    free: dict[str, float] = {}
    down, n = True, 0
    for message in messages:
        if down and message.t >= until:
            down = False
            ready = [(m.t, k, m) for k, m in enumerate(_backlog(held, until, drain_per_s, history_after_s))]
            free, n = {m.saying.device: t for t, _, m in ready}, len(ready)
        if down and message.t >= since:
            held.append(message)
            continue
        while ready and ready[0][0] <= message.t:
            yield heapq.heappop(ready)[2]
        behind = free.get(message.saying.device, 0.0)
        if behind > message.t:
            n += 1
            heapq.heappush(ready, (behind, n, msgspec.structs.replace(message, t=behind)))
        else:
            yield message
    while ready:
        yield heapq.heappop(ready)[2]
    if down:
        yield from _backlog(held, until, drain_per_s, history_after_s)


def delayed(messages: Iterable[Message], by: Random, up_to_s: float) -> Messages:
    """Each comes up to `up_to_s` late; their order suffers."""
    if not up_to_s:
        return iter(messages)
    return fanned(messages, lambda m: [msgspec.structs.replace(m, t=at(m.t + by.uniform(0, up_to_s)))])


def reordered(messages: Iterable[Message], by: Random, within: int) -> Messages:
    """Shuffled: none is overtaken by more than `within` others."""
    if not within:
        yield from messages
        return
    waiting: list[tuple[int, Message]] = []
    now, out = 0.0, 0
    for n, message in enumerate(messages):
        now = message.t
        waiting.append((n, message))
        if len(waiting) > within:
            yield msgspec.structs.replace(_drawn(waiting, by, out, within), t=now)
            out += 1
    while waiting:
        yield msgspec.structs.replace(_drawn(waiting, by, out, within), t=now)
        out += 1


def duplicated(messages: Iterable[Message], by: Random, share: float, after_s: float = 5.0) -> Messages:
    """A share comes a second time, up to `after_s` later, the same in everything."""
    if not share:
        return iter(messages)

    def out(message: Message) -> Iterator[Message]:
        yield message
        if by.random() < share:
            yield msgspec.structs.replace(message, t=at(message.t + by.uniform(0, after_s)))

    return fanned(messages, out)


def heard(message: Message) -> Saying:
    """The saying as it is heard now: late words carry the time at which they were said."""
    return later(message.saying, message.t) if message.t != message.saying.t else message.saying


def _backlog(held: list[Message], until: float, per_s: float, history_after_s: float) -> list[Message]:
    last = {m.saying.device: n for n, m in enumerate(held)}
    return [
        msgspec.structs.replace(
            m,
            t=at(until + n / per_s),
            history=m.history or (until - m.t > history_after_s and last[m.saying.device] != n),
        )
        for n, m in enumerate(held)
    ]


def _drawn(waiting: list[tuple[int, Message]], by: Random, out: int, within: int) -> Message:
    """Any of those that wait, unless the oldest has been overtaken often enough."""
    overtaken = out - waiting[0][0]
    return waiting.pop(0 if overtaken >= within else by.randrange(len(waiting)))[1]
