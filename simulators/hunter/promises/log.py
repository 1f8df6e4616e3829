"""The logbook (I8): unbroken, only ever longer, and it tells every change that the rows show."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from simulators.hunter.kept import Kept
from simulators.hunter.record import Record

Found = Iterator[tuple[int | None, str]]


class _Body(msgspec.Struct):
    n: int
    site: str
    act: str
    actor: str


_body = msgspec.json.Decoder(_Body).decode


def logbook(record: Record, kept: Kept) -> Found:
    """I8: the chain holds from the first entry to the head, every earlier head stands in it, and rows and entries agree."""
    chain, chains = bytes(32), [bytes(32)]
    for want, entry in enumerate(kept.entries, 1):
        chain = sha256(chain + sha256(b"\0" + entry.body).digest()).digest()
        chains.append(chain)
        said = _body(entry.body)
        if (entry.n, said.n, said.site) != (want, want, record.register.site_id) or entry.chain != chain:
            yield None, f"entry {want} does not follow from the one before it"
            return
        if (said.act, said.actor) != (entry.act, entry.actor):
            yield None, f"entry {want} is found as {entry.act} by {entry.actor}, its bytes say otherwise"
    for size, seen in record.heads:
        if size >= len(chains) or chains[size].hex() != seen:
            yield None, f"the log was seen with {size} entries and head {seen[:12]}…, and is no continuation of that"
    if record.heads and [s for s, _ in record.heads] != sorted(s for s, _ in record.heads):
        yield None, "the log became shorter on the way"
    for alert in kept.alerts.values():
        yield from ((None, f"alert #{alert['number']}: {said}") for said in _agrees(alert, kept))


def _agrees(alert: dict[str, Any], kept: Kept) -> Iterator[str]:
    """The row stands where its entries leave it."""
    told = kept.told.get(alert["id"], [])
    if not told:
        yield "there is no entry of it"
        return
    state, custody, disposition = ("cleared" if alert["ends"] == "at_once" else "raised"), None, None
    for entry in told[1:]:
        before, state = state, str(entry.data.get("to"))
        if entry.act in {"alert.ack", "alert.take"}:
            custody = entry.actor
        elif before in {"acked", "settling"} and state in {"raised", "cleared"}:
            custody = None
        disposition = entry.data.get("disposition", disposition)
    row = alert["state"], alert["custody_by"], alert["disposition"]
    if row != (state, custody, disposition):
        yield f"the row says {row}, the logbook {(state, custody, disposition)}"
    fired = {(r["ring"], r["rung"]) for r in kept.rungs.get(alert["id"], [])} - {(1, 0)}
    climbed = [(e.data["ring"], e.data["rung"]) for e in told if e.act == "alert.escalate"]
    if sorted(fired) != sorted(climbed):
        yield f"rungs {sorted(fired)} fired, the logbook tells {sorted(climbed)}"
