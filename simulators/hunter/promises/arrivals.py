"""What was said arrives, once, as it was said (I1, I2, I3)."""

from collections import Counter
from collections.abc import Iterator

from simulators.hunter.kept import Kept
from simulators.hunter.record import SECOND, Record, Sent, Try

Found = Iterator[tuple[int | None, str]]

MOMENT_US = 3 * SECOND
HISTORY = b',"history":true}'  # the only change that a gateway may make to an event's bytes: it is old news by now
REPORTS = ("manual.report", "manual.resident_call", "manual.panic")


def no_loss(record: Record, kept: Kept) -> Found:
    """I1: whatever a receipt covers is stored; and whatever a gateway accepted is stored once everything is whole again."""
    there = {e["id"] for e in kept.events} | _set_aside(record, kept)
    best: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for r in record.receipts:
        best.setdefault((r.gateway, r.boot), []).append((r.through, r.true))
    for sent in _spooled(record):
        if sent.id in there:
            continue
        covered = [true for through, true in best.get((sent.gateway, sent.boot), ()) if through >= sent.seq]
        if covered:
            yield min(covered), f"{_name(sent)} has a receipt and is not stored"
        else:
            yield None, f"{_name(sent)} was accepted by its gateway and never stored"
    for name in sorted(record.promised - there):
        yield None, f"{_name(record.sent[name][0])} was accepted by the broker and never stored"
    kept_garbage = Counter(bytes(r["raw"]) for r in kept.rejects)
    for raw, times in Counter(record.garbage_promised).items():
        if kept_garbage[raw] < times and not raw.startswith(b"["):
            yield None, f"{raw!r} was accepted by the broker {times} times and rejected {kept_garbage[raw]} times"


def once(record: Record, kept: Kept) -> Found:
    """I2: one row an event, one row a rung, one answer a ringing, one sending a try."""
    for what, counted in (
        ("event", Counter(e["id"] for e in kept.events)),
        ("rung", Counter((a, r["ring"], r["rung"]) for a, rows in kept.rungs.items() for r in rows)),
        ("notice", Counter((n["alert_id"], n["ring"], n["rung"], n["channel"], n["target"]) for n in kept.notices)),
        ("sending", Counter((t.notice, t.attempt) for t in record.tries)),
        ("alert number", Counter(a["number"] for a in kept.alerts.values())),
    ):
        yield from ((None, f"{what} {key} is there {n} times") for key, n in counted.items() if n > 1)
    yield from _sent_by_two(record)
    for alert, told in kept.told.items():
        held = False
        for entry in told:
            if entry.act == "alert.ack":
                if held:
                    yield record.true_of_log(entry.n), f"#{_number(kept, alert)} was answered twice (entry {entry.n})"
                held = True
            elif entry.act in {"alert.release", "alert.timeout", "alert.recur"}:
                held = False


def _sent_by_two(record: Record) -> Found:
    """Whoever tries again waits; two tries in one moment are two who hold the same notice."""
    last: dict[str, Try] = {}
    for one in record.tries:
        before = last.get(one.notice)
        if before is not None and one.true - before.true < MOMENT_US and abs(one.us - before.us) < MOMENT_US:
            yield one.true, f"notice {one.notice} was sent twice at once"
        last[one.notice] = one


def nothing_invented(record: Record, kept: Kept) -> Found:
    """I3: every stored event was said, byte for byte; every reject is something that we did send."""
    reported = Counter((d.us, d.person) for d in record.did if d.act == "reports" and d.answer in {"", "died"})
    garbage = set(record.garbage)
    known = {raw for sents in record.sent.values() for s in sents for raw in _forms(s)}
    for e in kept.events:
        raw = bytes(e["raw"])
        if e["gateway_id"] == "":
            at = e["heard_at"]
            if e["kind"] not in REPORTS or not any(us == at for us, _ in reported):
                yield record.true_of_event(e["place"]), f"event {e['id']} was reported by nobody"
            continue
        forms = [f for s in record.sent.get(e["id"], ()) for f in _forms(s)]
        if not forms:
            yield record.true_of_event(e["place"]), f"event {e['id']} ({e['device_id']} {e['kind']}) was never sent"
        elif raw not in forms:
            yield record.true_of_event(e["place"]), f"event {e['id']} is not stored as it was sent: {raw[:120]!r}"
    for reject in kept.rejects:
        raw = bytes(reject["raw"])
        if raw not in garbage and raw not in known:
            yield None, f"reject {reject['why']} was never sent: {raw[:120]!r}"


def _spooled(record: Record) -> Iterator[Sent]:
    return (s for sents in record.sent.values() for s in sents if s.spooled)


def _forms(sent: Sent) -> tuple[bytes, bytes]:
    return sent.raw, sent.raw[:-1] + HISTORY


def _set_aside(record: Record, kept: Kept) -> set[str]:
    """Ids whose bytes are kept as a reject instead: understood by the gateway, not by us."""
    raws = {bytes(r["raw"]) for r in kept.rejects}
    return {s.id for sents in record.sent.values() for s in sents if not raws.isdisjoint(_forms(s))}


def _name(sent: Sent) -> str:
    return f"event {sent.id} ({sent.gateway} {sent.boot[-4:]}/{sent.seq}, {sent.device} {sent.kind})"


def _number(kept: Kept, alert: str) -> int:
    return int(kept.alerts[alert]["number"]) if alert in kept.alerts else 0
