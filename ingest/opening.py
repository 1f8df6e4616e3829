"""The watch over opening entries: who signs on writes of the weather, the plan and the cautions, or it is an alert (LOG-01)."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, case, func, or_, select

from core.clock import instant, rfc3339
from core.ids import derived
from duty.rules import Basis
from duty.tables import seat_state
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from logbook import openings
from logbook.openings import GRACE, Owed
from logbook.tables import log_opening
from store.db import Tx

DUE: Final = "logbook.opening_due"
TOLD: Final = "logbook.opening_told"
DUE_ROWS: Final = None  # who is there now is seen in every pass

_o, _s = log_opening.c, seat_state.c
_joined = seat_state.outerjoin(log_opening, and_(_o.site_id == _s.site_id, _o.seat_id == _s.seat_id))
_person = case((_s.basis == str(Basis.SIGNED_ON), _s.holder_id), else_="")
_news = and_(
    _s.stands_for.is_(None),
    or_(func.coalesce(_o.person, "") != _person, and_(_person != "", _o.since != _s.since)),
)
_SITES = select(_s.site_id).distinct().select_from(_joined)
_NEXT_NEWS = select(func.min(func.coalesce(_s.since, 0))).select_from(_joined).where(_news)


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where somebody came or went, or an entry is due."""
    return set(conn.execute(_SITES.where(or_(_news, _o.due_at <= at))).scalars())


def next_due(conn: Connection) -> datetime | None:
    """The earliest look at any seat."""
    found = (conn.execute(select(func.min(_o.due_at))).scalar(), conn.execute(_NEXT_NEWS).scalar())
    return min((at if isinstance(at, datetime) else instant(at) for at in found if at is not None), default=None)


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:  # noqa: ARG001 - a watch's question
    """What may be raised and ended for the seats of a site."""
    if not _may_ring(desk, bool(openings.rows(conn, desk.register.site_id))):
        return []
    return [(f"seat/{seat}", DUE) for seat in desk.register.seats]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """See who came and who went, raise what is owed, end what was written."""
    site = desk.register.site_id
    known = {row.seat: row for row in openings.rows(tx.conn, site)}
    changed = []
    for seat in desk.register.seats:
        was = known.get(seat, Owed(seat, ""))
        after = _after(tx.conn, desk, judgement, was, at)
        if _may_ring(desk, bool(known)) and (after.due_at is None or after.person != was.person):
            _over(judgement, seat, at)
        if after != was:
            changed.append(after)
    if changed:
        openings.put(tx, site, changed)


def _after(conn: Connection, desk: Desk, judgement: Judgement, was: Owed, at: datetime) -> Owed:
    """What is owed now: of whoever came since, or of who is there."""
    holding = judgement.scene.held.get(was.seat)
    if holding is None or holding.stands_for is not None:
        return was
    person = holding.person if holding.basis is Basis.SIGNED_ON and holding.person else ""
    if not person or holding.since is None:
        return Owed(was.seat, "")
    now = was
    if (was.person, was.since) != (person, holding.since):
        asked = desk.register.policies.duty.opening_entry_required and desk.register.seats[was.seat].required
        now = Owed(was.seat, person, holding.since, holding.since + GRACE if asked else None)
    if now.due_at is None or now.due_at > at:
        return now
    if openings.written(conn, desk.register.site_id, person, holding.since):
        return Owed(was.seat, person, holding.since)
    if not judgement.stands(f"seat/{was.seat}", DUE):
        data = {"person": person, "since": rfc3339(holding.since)}
        judgement.occur(f"seat/{was.seat}", DUE, Origin(derived(at, DUE, was.seat, person), at), data)
    return Owed(was.seat, person, holding.since, at + GRACE)


def _may_ring(desk: Desk, known: bool) -> bool:
    """Where the site does not ask for it, only what rang before it stopped asking may still end."""
    return known or desk.register.policies.duty.opening_entry_required


def _over(judgement: Judgement, seat: str, at: datetime) -> None:
    if judgement.stands(f"seat/{seat}", DUE):
        judgement.over(f"seat/{seat}", TOLD, Origin(derived(at, TOLD, seat), at))
