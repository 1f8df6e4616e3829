"""What becomes of an alarm: it has one alert (I4), and that alert lives by the table (I5)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from core.kinds import Effect, kind_of
from simulators.hunter.kept import Entry, Kept
from simulators.hunter.record import SECOND, Record
from sites.register import Register, Role

Found = Iterator[tuple[int | None, str]]

LATE_US: Final = 2 * SECOND  # what the product promises of everything that falls due
SUPERVISORS: Final = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})

_RINGING: Final = frozenset({"raised", "cleared"})
_HELD: Final = frozenset({"acked", "settling"})

# The life of an alert as the design states it: what may happen, and which ways that goes.
LIFE: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    act: frozenset(ways)
    for act, ways in {
        "repeat": [("raised", "raised"), ("acked", "acked"), ("cleared", "cleared")],
        "clear_said": [("raised", "raised"), ("acked", "acked")],
        "clear": [("raised", "cleared"), ("acked", "settling")],
        "reset": [("raised", "cleared"), ("acked", "settling")],
        "recur": [("cleared", "raised"), ("settling", "raised")],
        "escalate": [("raised", "raised"), ("cleared", "cleared")],
        "witness": [("raised", "raised"), ("cleared", "cleared")],
        "note": [(s, s) for s in ("raised", "acked", "cleared", "settling")],
        "ack": [("raised", "acked"), ("cleared", "settling")],
        "take": [("acked", "acked"), ("settling", "settling")],
        "hand_over": [("acked", "acked"), ("settling", "settling")],
        "release": [("acked", "raised"), ("settling", "cleared")],
        "timeout": [("acked", "raised"), ("settling", "cleared")],
        "dispose": [("acked", "closed"), ("settling", "closed")],
    }.items()
}
_BY_PERSONS: Final = frozenset({"ack", "take", "witness", "note", "reset", "dispose"})


class _Words(msgspec.Struct):
    test: bool = False
    history: bool = False


_words = msgspec.json.Decoder(_Words).decode


def every_alarm_has_its_alert(record: Record, kept: Kept) -> Found:
    """I4: a live ringing event opens an alert or joins the open one of its condition; nothing else opens any."""
    opened = {a["event_id"]: a for a in kept.alerts.values()}
    for e in kept.events:
        ringing, live = _rings(record, e), _is_live(record, e)
        when = record.true_of_event(e["place"])
        alert = kept.alerts.get(e["alert_id"]) if e["alert_id"] else None
        if ringing and live:
            subject, kind = _condition(record.register, e)
            if alert is None:
                yield when, f"event {e['id']} ({e['device_id']} {e['kind']}) has no alert"
            elif (alert["subject"], alert["kind"]) != (subject, kind):
                yield (
                    when,
                    f"event {e['id']} ({subject} {kind}) went to the alert of {alert['subject']} {alert['kind']}",
                )
            else:
                yield from _while_open(record, kept, e, alert)
        elif e["id"] in opened:
            old = "old news" if ringing else "nothing that rings"
            yield when, f"alert #{opened[e['id']]['number']} was raised by event {e['id']}, which is {old}"
    yield from _one_at_a_time(record, kept)
    events = {e["id"] for e in kept.events}
    for a in kept.alerts.values():
        own = a["subject"].startswith("seat/") or a["kind"] in {"device.offline", "gateway.offline", "gateway.seq_gap"}
        if a["event_id"] not in events and not own:
            yield None, f"alert #{a['number']} ({a['subject']} {a['kind']}) has no event"


def _rings(record: Record, e: dict[str, Any]) -> bool:
    device = record.register.devices.get(e["device_id"])
    foreign = device is not None and device.gateway != e["gateway_id"] and e["gateway_id"] != ""
    unknown = device is None and e["device_id"] != e["gateway_id"] and e["gateway_id"] != ""
    return foreign or unknown or kind_of(e["kind"]).effect in {Effect.RAISE, Effect.PULSE}


def _is_live(record: Record, e: dict[str, Any]) -> bool:
    words = _words(bytes(e["raw"]))
    known = e["device_id"] in record.register.devices or e["gateway_id"] in {"", e["device_id"]}
    return not (words.history or e["id"] in record.retained or (words.test and known))


def _condition(register: Register, e: dict[str, Any]) -> tuple[str, str]:
    """What is wrong where, as this event says."""
    if e["gateway_id"] == "":
        return f"report/{e['id']}", e["kind"]
    device = register.devices.get(e["device_id"])
    if device is not None and device.gateway == e["gateway_id"]:
        return e["device_id"], e["kind"]
    if device is None and e["device_id"] == e["gateway_id"]:
        return f"gateway/{e['gateway_id']}", e["kind"]
    return f"gateway/{e['gateway_id']}", "device.unknown"


def _while_open(record: Record, kept: Kept, e: dict[str, Any], alert: dict[str, Any]) -> Found:
    told = kept.told.get(alert["id"], [])
    commit = record.commit_of_event(e["place"])
    ends = [record.commit_of_log(t.n) for t in told if t.act == "alert.dispose"]
    if not told or commit < record.commit_of_log(told[0].n) or any(commit > end for end in ends):
        yield record.marks[commit].true, f"event {e['id']} was put to alert #{alert['number']}, which was not open"


def _one_at_a_time(record: Record, kept: Kept) -> Found:
    open_now: dict[tuple[str, str], int] = {}
    for entry in kept.entries:
        alert = kept.alerts.get(entry.about.removeprefix("alert/"))
        if alert is None:
            continue
        key = alert["subject"], alert["kind"]
        if entry.act == "alert.raise":
            if key in open_now:
                what = f"alert #{alert['number']} was raised while #{open_now[key]} of the same condition was open"
                yield record.true_of_log(entry.n), what
            open_now[key] = alert["number"]
        elif entry.act == "alert.dispose":
            open_now.pop(key, None)


def lifecycle(record: Record, kept: Kept) -> Found:
    """I5: every alert went the ways of the table, ended by a person with a result, and was not left in anybody's hands
    beyond its time.
    """
    for a in kept.alerts.values():
        told, name = kept.told.get(a["id"], []), f"alert #{a['number']}"
        if not told or told[0].act != "alert.raise":
            yield None, f"{name} has no raising in the logbook"
            continue
        state = "cleared" if a["ends"] == "at_once" else "raised"
        hold: tuple[Entry, int] | None = None
        for entry in told[1:]:
            act, when = entry.act.removeprefix("alert."), record.true_of_log(entry.n)
            way = (str(entry.data.get("from")), str(entry.data.get("to")))
            if way[0] != state or way not in LIFE.get(act, frozenset()):
                yield when, f"{name}: {act} went {way[0]} → {way[1]}, it was {state} (entry {entry.n})"
            yield from (
                (when, f"{name}: {said} (entry {entry.n})") for said in _fit(record.register, act, entry, state)
            )
            state = way[1]
            if hold is not None and (act == "take" or state not in _HELD):
                yield from _held(record, a, hold, entry, act)
                hold = None
            if act in {"ack", "take"}:
                hold = entry, when
        if hold is not None:
            yield from _held(record, a, hold, None, "")


def _fit(register: Register, act: str, entry: Entry, state: str) -> Iterator[str]:
    """What an act owes besides its way through the table."""
    person = register.people.get(entry.actor)
    if act in _BY_PERSONS and person is None:
        yield f"{act} by {entry.actor}, who is nobody here"
        return
    supervises = person is not None and not SUPERVISORS.isdisjoint(person.roles)
    if act == "take" and not (supervises and entry.data.get("reason")):
        yield "taken without a supervisor and a reason"
    if act == "dispose":
        if not entry.data.get("disposition"):
            yield "closed without a result"
        if state == "acked" and not (supervises and entry.data.get("reason")):
            yield "closed while active, without a supervisor and a reason"
        if entry.data.get("disposition") == "false_alarm" and not (entry.data.get("cause") and entry.data.get("note")):
            yield "a false alarm without cause and note"


def _held(record: Record, a: dict[str, Any], hold: tuple[Entry, int], ended: Entry | None, act: str) -> Found:
    """Custody ends by itself when the handling time is over: not before, and not later."""
    since, from_true = hold
    due = since.us + a["ladder"]["handle_s"] * SECOND
    until = record.end if ended is None else record.true_of_log(ended.n)
    if act == "timeout" and ended is not None and ended.us < due:
        yield until, f"alert #{a['number']} was taken from {since.actor} before its time"
    chance = record.first_chance(due, from_true)
    if chance is not None and until > chance + LATE_US:
        yield chance, f"alert #{a['number']} stayed with {since.actor} beyond its handling time"
