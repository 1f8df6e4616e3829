"""The house watches itself: it is whole again after every fault (I11), and tells every silence once (I12)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from simulators.hunter.kept import Kept
from simulators.hunter.promises.alerts import LATE_US
from simulators.hunter.record import SECOND, Record, Word

Found = Iterator[tuple[int | None, str]]

RESTART_US = 20 * SECOND  # a gateway that says goodbye gets that long to come back
GRACE_US = 60 * SECOND  # what was said meanwhile gets that long to come in


def liveness(record: Record, kept: Kept) -> Found:
    """I11: nobody fell over, and once everything is whole again nothing waits that could go."""
    yield from ((None, trouble) for trouble in record.troubles)
    yield from ((None, f"still waiting at the end: {what}") for what in record.left)
    for reject in kept.rejects:
        if reject["why"] == "unjudged":
            yield None, f"nobody could judge {bytes(reject['raw'])[:120]!r}"
    last = record.marks[-1].us if record.marks else 0
    for notice in kept.notices:
        if notice["state"] == "queued" and (notice["due_at"] is None or notice["due_at"] + LATE_US < last):
            yield None, f"notice {notice['id']} to {notice['person_id']} is owed since {notice['due_at']}"
    ends = {t.notice: t.ok for t in record.tries}
    for notice in kept.notices:
        if notice["state"] == "sent" and not ends.get(notice["id"]):
            yield None, f"notice {notice['id']} counts as sent; the channel never took it"


def supervision(record: Record, kept: Kept) -> Found:
    """I12: every silence of a device or gateway is told in its time, once. Who stands behind an absent gateway is not silent
    but unknown, and a server that has just begun to listen waits a moment before it calls anybody silent.
    """
    starts = _starts(record)
    for gateway in record.register.gateways.values():
        words = [w for w in record.words if w.gateway == gateway.id]
        told = _occurred(record, kept, f"gateway/{gateway.id}", "gateway.offline")
        looks = Looks(record, starts, RESTART_US, ())
        yield from _compare(record, gateway.id, words, gateway.supervision_s * SECOND, told, looks)
        looks = Looks(record, starts, GRACE_US, tuple(_away(record, words, told)))
        for device in record.register.devices.values():
            if device.supervision_s and device.gateway == gateway.id:
                own = _device_words(record, kept, device.id, device.gateway)
                told = _occurred(record, kept, device.id, "device.offline")
                yield from _compare(record, device.id, own, device.supervision_s * SECOND, told, looks)


class Looks(NamedTuple):
    """What puts off the moment at which somebody is called silent."""

    record: Record
    starts: Sequence[int]
    grace: int
    away: Sequence[tuple[int, int]]  # from when until when the gateway in front was away

    def moment(self, chance: int) -> int:
        """When a silence that is due at `chance` has to be told."""
        while True:
            later = max((s + self.grace for s in self.starts if s <= chance < s + self.grace), default=chance)
            later = max((b + self.grace for a, b in self.away if a <= later < b + self.grace), default=later)
            found = self.record.first_chance(0, later)
            later = self.record.end + 1 if found is None else found
            if later == chance:
                return chance
            chance = later


def _starts(record: Record) -> list[int]:
    """When the server began to listen."""
    was = [False, *(span.up for span in record.spans)]
    return [span.true for span, before in zip(record.spans, was, strict=False) if span.up and not before]


def _away(record: Record, words: Sequence[Word], told: Sequence[int]) -> Iterator[tuple[int, int]]:
    """When a gateway counted as away: after its goodbye, or once its silence was told, until it says that it is there."""
    goodbyes = [w.true for w in words if w.what in {"offline", "was offline"}]
    for since in (*goodbyes, *told):
        yield since, next((w.true for w in words if w.what == "online" and w.true >= since), record.end + 1)


def _device_words(record: Record, kept: Kept, device: str, gateway: str) -> list[Word]:
    """When a device was heard, and whether that was news. Old news tells that the wire is whole, not that the device is."""
    made = []
    for e in kept.events:
        if e["device_id"] == device and e["gateway_id"] == gateway:
            old = bool(e["flags"] & (2 | 4))
            made.append(Word(record.true_of_event(e["place"]), e["heard_at"], gateway, "heard" if old else "online"))
    return made


def _occurred(record: Record, kept: Kept, subject: str, kind: str) -> list[int]:
    """When a silence was told, in the night's own time."""
    entries = [
        t
        for a in kept.alerts.values()
        if (a["subject"], a["kind"]) == (subject, kind)
        for t in kept.told.get(a["id"], [])
        if t.act in {"alert.raise", "alert.recur"}
    ]
    return sorted(record.true_of_log(t.n) for t in entries)


def _expected(words: Iterable[Word], span: int, looks: Looks) -> Iterator[tuple[int, int, int]]:
    """(due, to be told, the next word) of each silence."""
    record = looks.record
    last, since, silent = record.start, record.start, False
    leaving: int | None = None
    for word in [*(w for w in words if w.what != "was offline"), None]:
        until = record.end if word is None else word.true
        due = last + span if leaving is None else min(leaving, last + span)
        chance = None if silent else record.first_chance(due, since)
        if chance is not None and (moment := looks.moment(chance)) <= until:
            yield chance, moment, until
            silent = True
        if word is None:
            return
        since, last = word.true, word.us
        if word.what == "online":
            silent, leaving = False, None
        elif word.what == "offline":
            leaving = word.us + RESTART_US


def _compare(record: Record, name: str, words: list[Word], span: int, told: list[int], looks: Looks) -> Found:
    offsets = [s.offset for s in record.spans]
    jumps = max(offsets) - min(offsets)  # a silence is counted by the server's clock
    left = list(told)
    for chance, moment, until in _expected(words, span, looks):
        first = chance if jumps else moment
        found = next((t for t in left if first - LATE_US <= t <= moment + LATE_US + jumps), None)
        if found is not None:
            left.remove(found)
        elif until > moment + LATE_US + jumps:
            yield moment, f"the silence of {name} was not told"
    for t in left:
        if not any(start <= t <= start + GRACE_US + LATE_US + jumps for start in record.unsure):
            yield t, f"a silence of {name} was told that was none"
