"""A hunt: the night of a seed is played, what it left is read back, and every promise is asked whether it held."""

import time
from collections import Counter

import msgspec

from simulators.hunter.invariants import Broken, broken
from simulators.hunter.kept import Kept, read
from simulators.hunter.night import MakeShores, Night, Says
from simulators.hunter.plan import random_night
from simulators.hunter.record import Record, Stay
from simulators.hunter.sometimes import seen


class Catch(msgspec.Struct, frozen=True):
    """What a night came to. The same seed gives the same `head` (of the logbook's chain) and the same counts."""

    seed: int
    hours: float
    zone: str
    head: str
    broken: tuple[Broken, ...]
    counts: dict[str, int]
    seen: Counter[str]
    took_s: float


def hunt(seed: int, make_shores: MakeShores, hours: float = 24.0, says: Says = lambda _at, _what: None) -> Catch:
    """Play one night and judge it."""
    began = time.perf_counter()
    plan = random_night(seed, hours)
    night = Night(plan, make_shores, says)
    try:
        record = night.play()
        kept = read(night.house.store, plan.register.site_id)
    finally:
        night.close()
    _place_stays(record, kept)
    counts = {
        "devices": len(plan.register.devices),
        "events": len(kept.events),
        "alerts": len(kept.alerts),
        "rungs": sum(len(rungs) for rungs in kept.rungs.values()),
        "notices": len(kept.notices),
        "rejects": len(kept.rejects),
        "acts": len(record.did),
        "entries": len(kept.entries),
        "commits": len(record.marks),
    }
    return Catch(
        seed,
        hours,
        plan.register.time_zone,
        record.heads[-1][1] if record.heads else "",
        tuple(broken(record, kept)),
        counts,
        seen(record, kept),
        time.perf_counter() - began,
    )


def _place_stays(record: Record, kept: Kept) -> None:
    """Who came and went, as the hunter saw it accepted; an act in which the server died counts if the log tells of it."""
    for entry in kept.entries:
        if entry.act not in {"duty.sign_on", "duty.sign_off"}:
            continue
        seat, commit = entry.data["seat"], record.commit_of_log(entry.n)
        tag = "signs_on" if entry.act == "duty.sign_on" else "signs_off"
        if not any(
            (d.act, d.person, d.about, d.us) == (tag, entry.actor, seat, entry.us) and d.answer in {"", "died"}
            for d in record.did
        ):
            record.troubles.append(f"entry {entry.n}: {entry.act} by {entry.actor}, which nobody did")
        if tag == "signs_on":
            record.stays.append(Stay(seat, entry.actor, entry.us, commit))
            continue
        for stay in record.stays:
            if (stay.seat, stay.person, stay.off) == (seat, entry.actor, None):
                stay.off_us, stay.off = entry.us, commit
    signed = sum(1 for d in record.did if d.act in {"signs_on", "signs_off"} and not d.answer)
    told = sum(1 for e in kept.entries if e.act in {"duty.sign_on", "duty.sign_off"})
    if told < signed:
        record.troubles.append(f"{signed} sign-ons and sign-offs were accepted, the log tells {told}")
