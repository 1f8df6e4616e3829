"""The house watches itself: it is whole again after every fault (I11), and tells every silence once (I12)."""

from collections.abc import Iterable, Iterator

from simulators.hunter.kept import Kept
from simulators.hunter.promises.alerts import LATE_US
from simulators.hunter.record import SECOND, Record, Word

Found = Iterator[tuple[int | None, str]]

RESTART_US = 20 * SECOND  # a gateway that says goodbye gets that long to come back


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
    """I12: every silence of a device or gateway is told in its time, once."""
    slack = (
        LATE_US + max((-s.offset for s in record.spans), default=0) + max((s.offset for s in record.spans), default=0)
    )
    for device in record.register.devices.values():
        if device.supervision_s:
            words = _device_words(record, kept, device.id, device.gateway)
            told = _occurred(record, kept, device.id, "device.offline")
            yield from _compare(record, device.id, words, device.supervision_s * SECOND, told, slack)
    for gateway in record.register.gateways.values():
        words = [w for w in record.words if w.gateway == gateway.id]
        told = _occurred(record, kept, f"gateway/{gateway.id}", "gateway.offline")
        yield from _compare(record, gateway.id, words, gateway.supervision_s * SECOND, told, slack)


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


def _expected(record: Record, words: Iterable[Word], span: int) -> Iterator[tuple[int, int]]:
    """(first, last) moments between which each silence has to be told."""
    last, since, silent = record.start, record.start, False
    leaving: int | None = None
    for word in [*words, None]:
        due = last + span if leaving is None else min(leaving, last + span)
        chance = None if silent else record.first_chance(due, since)
        if chance is not None and chance <= (record.end if word is None else word.true):
            yield chance, record.end if word is None else word.true
            silent = True
        if word is None:
            return
        since, last = word.true, word.us
        if word.what == "online":
            silent, leaving = False, None
        elif word.what == "offline":
            leaving = word.us + RESTART_US


def _compare(record: Record, name: str, words: list[Word], span: int, told: list[int], slack: int) -> Found:
    left = list(told)
    for chance, until in _expected(record, words, span):
        found = next((t for t in left if chance - LATE_US <= t <= chance + slack), None)
        if found is not None:
            left.remove(found)
        elif until > chance + slack:
            yield chance, f"the silence of {name} was not told"
    for t in left:
        if not any(start <= t <= start + slack for start in record.unsure):
            yield t, f"a silence of {name} was told that was none"
