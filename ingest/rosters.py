"""What stands of the roster: published ahead from the site's rosters and rotas, and settled at once for whoever sits there.

The rule by which the two live together: a month that has a published roster takes its shifts from there alone, and only
those that have not begun; any other month follows the rotas, up to the site's horizon.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

import msgspec

from core.ids import fresh
from duty import calendar_acts, calendar_store, coverage_store, roster_acts, roster_due, roster_reading, roster_store
from duty import store as duty_store
from duty.calendar import days_of, month_of
from duty.errors import ShiftBegun
from duty.rosters import Act, Edit, Roster, RosterState, begun, edited, from_rosters, planned, step, with_past
from ingest import roster_notices, roster_watch, rounds
from ingest.acts import settle_seats
from ingest.scene import Desk
from logbook import entries
from logbook.rules import Line
from sites.duty_words import DayType
from sites.register import Register, Role
from store.db import Tx


def extend_roster(tx: Tx, register: Register, at: datetime) -> None:
    """Publish the shifts up to the site's horizon, when the last one comes within it."""
    horizon = timedelta(days=register.policies.roster_horizon_days)
    last = duty_store.last_published(tx.conn, register.site_id)
    if last is None or last < at + horizon - timedelta(days=1):
        publish_roster(tx, register, at)


def publish_roster(tx: Tx, register: Register, at: datetime) -> int:
    """Publish all shifts from yesterday to the horizon, or to the end of the last month that has a roster; begun shifts
    stay as they were. Returns how many stand.
    """
    first = (at.astimezone(register.zone_info) - timedelta(days=1)).date()
    last = first + timedelta(days=register.policies.roster_horizon_days + 1)
    published = roster_store.published(tx.conn, register.site_id, month_of(first))
    if published:
        last = max(last, days_of(max(published))[-1])
    made = planned(register, first, last, calendar_store.calendar(tx.conn, register, first, last), published)
    theirs = from_rosters(made, published)
    standing = [s for s in made if s.starts_at > at or s.id not in theirs]
    roster_due.reset(tx, register, at)
    coverage_store.look_at(tx, register.site_id, at)
    rounds.replan_soon(tx, register, at)
    return duty_store.publish(tx, register.site_id, standing, at)


def publish(tx: Tx, desk: Desk, roster_id: str, by: str, roles: Collection[Role], at: datetime) -> Roster:
    """Let an approved roster stand: the shifts to come follow it at once, and so do the seats (DUTY-03). By whoever may
    make rosters or approve them.
    """
    register = desk.register
    roster_acts.publisher(register, roles)
    before = roster_store.get(tx.conn, register.site_id, roster_id)
    step(before, Act.PUBLISH, by=by, at=at)  # before anything else is said of it: whether it is approved at all
    roster_acts.within_reach(register, before.month, at)
    version, warnings = roster_acts.current(tx, before), roster_reading.sound(tx.conn, register, before, at)
    stood = roster_reading.standing_cells(tx.conn, register, before.month)
    superseded = _supersede(tx, register, before.month, by, at, version)
    after = roster_acts.taken(
        tx, before, Act.PUBLISH, by, at, version=version, supersedes=superseded, warnings=warnings
    )
    after = msgspec.structs.replace(after, cells=with_past(register, after.cells, stood, after.month, at))
    roster_store.save(tx, after, cells=True)
    had = roster_notices.shifts_to_come(tx, register, after.month, at)
    _follow(tx, desk, at)
    roster_notices.tell(tx, register, had, after.month, by, at, version=version, everybody=True)
    roster_watch.published(tx, desk, after.month, at)
    return after


def amend(tx: Tx, desk: Desk, month: str, edits: Sequence[Edit], by: str, at: datetime, why: str) -> Roster:
    """Publish a version of a month in which some shifts have other people: a swap, a leave, a reinforcement that was
    approved elsewhere (DUTY-06, DUTY-08). A month that followed the rotas gets its first roster by it, which holds all
    that stood. A draft of the month that is on its way takes the same edits.
    """
    register = desk.register
    roster_acts.within_reach(register, month, at)
    base = roster_reading.standing_cells(tx.conn, register, month)
    cells, changes = edited(base, edits, month)
    over = next((c for c in changes if begun(register, c, at)), None)
    if over is not None:
        raise ShiftBegun(field="day", seat=over.seat, day=over.day.isoformat(), template=over.template)
    version = roster_store.last_version(tx.conn, register.site_id, month) + 1
    superseded = _supersede(tx, register, month, by, at, version)
    made = Roster(
        site_id=register.site_id,
        id=fresh(at),
        month=month,
        state=RosterState.PUBLISHED,
        version=version,
        based_on=version - 1,
        revision=0,
        authors=(by,),
        made_by=by,
        made_at=at,
        reason=why,
        published_by=by,
        published_at=at,
        cells=cells,
    )
    roster_store.add(tx, made)
    told = {"month": month, "version": version, "supersedes": superseded, "why": why, "changes": changes}
    entries.append(tx, register.site_id, [Line(at, "roster.amend", by, f"roster/{made.id}", told)])
    roster_store.tell(tx, made, at)
    going = roster_store.open_one(tx.conn, register.site_id, month)
    if going is not None:
        after, moved = edited(going.cells, edits, month)
        n = roster_store.add_revision(tx, going, going.revision, "amended", by, at, moved)
        kept = msgspec.structs.replace(going, cells=after, revision=n, based_on=version)
        roster_store.save(tx, kept, cells=True)
        roster_store.tell(tx, kept, at)
    had = roster_notices.shifts_to_come(tx, register, month, at)
    _follow(tx, desk, at)
    roster_notices.tell(tx, register, had, month, by, at, version=version, why=why)
    roster_due.begin(tx, register, at)
    roster_watch.published(tx, desk, month, at)
    return made


def set_day(tx: Tx, desk: Desk, day: date, kind: DayType, reason: str, by: str, at: datetime) -> None:
    """Override what a day is; the shifts to come follow at once."""
    calendar_acts.set_day(tx, desk.register, day, kind, reason, by, at)
    _replanned(tx, desk, day, reason, by, at)


def clear_day(tx: Tx, desk: Desk, day: date, by: str, at: datetime) -> None:
    """Take an override back; the shifts to come follow at once."""
    calendar_acts.clear_day(tx, desk.register, day, by, at)
    _replanned(tx, desk, day, "", by, at)


def _replanned(tx: Tx, desk: Desk, day: date, reason: str, by: str, at: datetime) -> None:
    if any(t.day_types for t in desk.register.templates.values()):
        month = month_of(day)
        had = roster_notices.shifts_to_come(tx, desk.register, month, at)
        _follow(tx, desk, at)
        roster_notices.tell(tx, desk.register, had, month, by, at, why=reason)


def _follow(tx: Tx, desk: Desk, at: datetime) -> None:
    """The published shifts, then whoever sits where."""
    publish_roster(tx, desk.register, at)
    settle_seats(tx, desk, at)


def _supersede(tx: Tx, register: Register, month: str, by: str, at: datetime, version: int) -> str | None:
    """The version so far steps back. Returns its id."""
    stood = roster_store.published_one(tx.conn, register.site_id, month)
    if stood is None:
        return None
    roster_acts.taken(tx, stood, Act.SUPERSEDE, by, at, version=stood.version, by_version=version)
    return stood.id
