"""What a hand-over begins with: the packet as the site's data and the seat's checklist give it (HND-05, HND-07)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from alerts import major_store
from alerts import store as alert_store
from core.ids import fresh
from duty import handover_store, handovers
from duty.handover_errors import HandoverOpen, NotInSeat
from duty.handover_packet import HandoverKind, Item, carried, refreshed
from duty.handovers import Handover
from duty.relief import coming, planned_end
from duty.rules import Holding
from duty.store import AHEAD, BEHIND, shifts
from ingest import packet_equipment, store
from logbook import entries, finding
from logbook.finding import Asked
from logbook.forms import WRITTEN
from logbook.rules import Line
from patrol import round_store, rounds
from sites.register import Register
from store import outbox
from store.db import Tx

EVER: Final = datetime.max.replace(tzinfo=UTC)  # with all proof that has come by now
NOTES: Final = 100  # of more entries than these, the newest: the log itself has them all


def live_items(
    conn: Connection,
    register: Register,
    seat: str,
    outgoing: str,
    since: datetime | None,
    opened: datetime | None = None,
) -> list[Item]:
    """What is open, silent or away right now, as far as it is this seat's or this person's, and what was written into the
    log since they took the seat; of a hand-over that was opened, what is due on that day, too.
    """
    site = register.site_id
    made = []
    mine = [a for a in alert_store.open_alerts(conn, site) if a.seat_id == seat or a.custody_by == outgoing]
    majors = major_store.some(conn, site, [a.id for a in mine])
    for a in mine:
        kind = HandoverKind.ALERT_OPEN if a.ringing else HandoverKind.ALERT_ACKED
        told = {"number": a.number, "kind": a.kind, "subject": a.subject, "zone": a.zone_id, "priority": a.priority}
        if a.id in majors and majors[a.id].unrecorded:
            told["unrecorded"] = True
        made.append(Item(key=f"alert/{a.id}", kind=kind, data={**told, "state": a.state.value}, live=True))
    silent = [c["subject"] for c in alert_store.active_conditions(conn, site) if c["name"] == "device.offline"]
    away = [g["gateway_id"] for g in store.gateway_states(conn, site) if g["silent"] or g["state"] == "offline"]
    made += [Item(key=f"device/{name}", kind=HandoverKind.DEVICE_SILENT, live=True) for name in silent]
    made += [Item(key=f"gateway/{name}", kind=HandoverKind.GATEWAY_AWAY, live=True) for name in away]
    if opened is not None:
        made += packet_equipment.items(conn, register, seat, outgoing, since, opened)
    return sorted([*made, *_written(conn, site, since), *_unwalked(conn, site, seat, since)], key=lambda i: i.key)


def _written(conn: Connection, site: str, since: datetime | None) -> list[Item]:
    """The shift's own entries: whoever takes over has read them (HND-09)."""
    if since is None:
        return []
    numbers = finding.find(conn, site, Asked(act=WRITTEN, since=since), NOTES)
    return [
        Item(
            key=f"entry/{e.n:09}",
            kind=HandoverKind.NOTE,
            data={"number": e.n, "by": e.actor, "at": e.at, "form": e.data["form"], "fields": e.data["fields"]},
            live=True,
        )
        for e in entries.some(conn, site, numbers)
        if e.act == WRITTEN
    ]


def _unwalked(conn: Connection, site: str, seat: str, since: datetime | None) -> list[Item]:
    """Points of the seat's rounds that were missed since they took it, and that nobody has explained or excused."""
    if since is None:
        return []
    return [
        Item(
            key=f"point/{found.id}/{point}",
            kind=HandoverKind.POINT_MISSED,
            data={"checkpoint": point, "route": found.route.id, "closes_at": found.closes_at},
            live=True,
        )
        for found in round_store.over(conn, site, seat, since)
        for point in rounds.missed(found, EVER)
    ]


def listed_items(register: Register, seat: str, before: Handover | None) -> list[Item]:
    """What the last hand-over left to be seen to, and the lines of the seat's checklist, to be counted and seen to, each with
    what was counted then (HND-06, HND-09, HND-15).
    """
    checklist = register.checklists.get(seat)
    ended = before.items if before else ()
    counted = {i.key: i.counted for i in ended}
    return carried(ended) + [
        Item(
            key=f"list/{line.id}",
            kind=HandoverKind(line.kind.value),
            data={"name": msgspec.to_builtins(line.name)},
            listed=True,
            mandatory=line.mandatory,
            expected=line.expected,
            last=counted.get(f"list/{line.id}"),
        )
        for line in (checklist.items if checklist else ())
    ]


def current(conn: Connection, register: Register, h: Handover) -> Handover:
    """The hand-over with what is true now; one that has ended stays as it was."""
    if not h.live:
        return h
    now = live_items(conn, register, h.seat, h.outgoing, h.since, h.opened_at)
    return msgspec.structs.replace(h, items=refreshed(h.items, now))


def begin(
    tx: Tx, register: Register, held: Mapping[str, Holding], seat: str, outgoing: str, by: str, at: datetime
) -> Handover:
    """Open the hand-over of a seat by who holds it. One that somebody left lying who no longer does is cancelled."""
    holding = held[seat]
    if holding.person != outgoing:
        raise NotInSeat(field="seat", holder=holding.person)
    for left in handover_store.live(tx.conn, register.site_id, seat):
        if left.outgoing == outgoing:
            raise HandoverOpen(handover_id=left.id)
        keep(tx, left, handovers.cancel(left, "left_the_seat", by="system", at=at), at)
    planned = shifts(tx.conn, register.site_id, at - BEHIND, at + AHEAD)
    end = planned_end(holding, planned, at)
    relief = coming(holding, planned, end or at)
    made = Handover(
        site_id=register.site_id,
        id=fresh(at),
        seat=seat,
        outgoing=outgoing,
        expected=relief.person if relief else None,
        planned_end=end,
        opened_at=at,
        opened_by=by,
        since=holding.since,
        items=(
            *live_items(tx.conn, register, seat, outgoing, holding.since, at),
            *listed_items(register, seat, handover_store.last_done(tx.conn, register.site_id, seat)),
        ),
    )
    handover_store.insert(tx, made)
    entries.append(tx, register.site_id, [handovers.opened(made)])
    show(tx, made, at)
    return made


def keep(tx: Tx, before: Handover, stepped: tuple[Handover, list[Line]], at: datetime) -> Handover:
    """Save what became of a hand-over, with its lines and its push."""
    after, lines = stepped
    handover_store.save(tx, before, after)
    entries.append(tx, after.site_id, lines)
    show(tx, after, at)
    return after


def show(tx: Tx, h: Handover, at: datetime) -> None:
    """Tell the live feed: the one who is to prepare it, or to take it over, sees it at once (HND-02)."""
    outbox.append(tx, h.site_id, at, [("handover", brief(h))])


def brief(h: Handover) -> dict[str, Any]:
    """Where a hand-over stands, without what is in it."""
    return {
        "id": h.id,
        "seat_id": h.seat,
        "state": h.state,
        "version": h.version,
        "outgoing": h.outgoing,
        "incoming": h.incoming,
        "expected": h.expected,
        "planned_end": h.planned_end,
    }
