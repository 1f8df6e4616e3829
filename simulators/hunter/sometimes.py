"""What must happen at least sometimes: a hunt that never took an edge, climbed a rung or hit a fault proves nothing of it."""

from collections import Counter
from typing import Final

from alerts.rules import NEXT, Act
from core.kinds import KINDS, Effect
from simulators.hunter.kept import Kept
from simulators.hunter.plan import FAULTS
from simulators.hunter.record import Record

LONGEST_LADDER: Final = 5

# No site that is hunted on demands hand-overs, owes rosters, asks for status entries or has rounds to walk.
UNSAID: Final = frozenset(
    {
        "duty.absent",
        "duty.away_overdue",
        "duty.chief_due",
        "duty.coverage",
        "duty.equipment_due",
        "duty.late_relief",
        "duty.lone_worker",
        "duty.presence_check",
        "duty.roster_due",
        "duty.short",
        "logbook.opening_due",
        "logbook.review_due",
        "logbook.status_due",
        "patrol.finding",
        "patrol.missed",
        "patrol.proof_due",
        "patrol.suspect",
        "patrol.missed_night",
        "patrol.violation",
        "patrol.violation_assist",
        "patrol.violation_report",
        "patrol.violation_stop",
    }
)
UNDONE: Final = frozenset({Act.HAND_OVER, Act.GO, Act.ARRIVE})

REFUSALS: Final = (
    *("already_answered", "not_holder", "supervisor_needed", "reason_needed", "condition_active"),
    *("alert_not_allowed", "already_signed_on", "not_signed_on", "unavailable"),
)
EFFECTS: Final = (
    # on the way
    *("message lost", "message twice", "message late", "redelivered after a crash", "spool sent again"),
    "backlog as history",
    # time
    *("clock jumped on", "clock jumped back", "clocks changed in the night"),
    # server
    *("died before a commit", "died after a commit", "died while something rang", "due while down"),
    # people and messages
    *("custody", "override", "witness", "taken over", "custody returned with the shift", "rung without anybody"),
    *("rang again", "ladder repeated", "notice sent", "notice failed", "notice tried again", "notice cancelled"),
    *("second sweep",),
    # what arrived
    *("reject", "id used twice", "duplicate", "late event", "skewed event", "retained event", "history event"),
    *("test event", "unknown device", "foreign device", "gap in the numbers"),
)


def wanted() -> frozenset[str]:
    """Everything that the nights of one run have to show between them."""
    edges = {f"edge {state} {act}" for state, act in NEXT if act not in UNDONE}
    rungs = {f"rung {n}" for n in range(LONGEST_LADDER)}
    kinds = {f"alert {k.name}" for k in KINDS.values() if k.effect in {Effect.RAISE, Effect.PULSE}}
    kinds -= {f"alert {name}" for name in UNSAID}
    refused = {f"refused {code}" for code in REFUSALS}
    return frozenset(edges | rungs | kinds | refused | set(EFFECTS) | {f"fault {name}" for name in FAULTS})


def seen(record: Record, kept: Kept) -> Counter[str]:
    """What a night showed: what the hunter saw while it was played, and what the log and the rows tell."""
    found = Counter(record.seen)
    for alert in kept.alerts.values():
        found[f"alert {alert['kind']}"] += 1
        for entry in kept.told.get(alert["id"], [])[1:]:
            found[f"edge {entry.data['from']} {entry.act.removeprefix('alert.')}"] += 1
            _told(found, entry.act, entry.data)
        last = len(alert["ladder"]["rungs"]) - 1
        for rung in kept.rungs.get(alert["id"], []):
            found[f"rung {rung['rung']}"] += rung["rung"] <= last
            found["ladder repeated"] += rung["rung"] > last
            found["rang again"] += rung["ring"] > 1
            found["rung without anybody"] += not rung["people"]
    for notice in kept.notices:
        found[f"notice {notice['state']}"] += 1
        found["notice tried again"] += notice["attempts"] > 1
    for event in kept.events:
        _flags(found, record, event["flags"], event["device_id"])
    for reject in kept.rejects:
        found["id used twice" if reject["why"] == "id_reused" else "reject"] += 1
    found["gap in the numbers"] = found["alert gateway.seq_gap"]
    for did in record.did:
        found[f"refused {did.answer}"] += bool(did.answer)
    return +found


def _told(found: Counter[str], act: str, data: dict[str, object]) -> None:
    if act == "alert.ack":
        found["override" if data.get("override") else "custody"] += 1
    elif act == "alert.witness":
        found["witness"] += 1
    elif act == "alert.take":
        found["taken over"] += 1
    elif act == "alert.release" and data.get("reason") == "left_the_seat":
        found["custody returned with the shift"] += 1


def _flags(found: Counter[str], record: Record, flags: int, device: str) -> None:
    names = ((1, "test event"), (2, "history event"), (4, "retained event"), (16, "skewed event"), (32, "late event"))
    for bit, name in names:
        found[name] += bool(flags & bit)
    if flags & 8:
        found["foreign device" if device in record.register.devices else "unknown device"] += 1
