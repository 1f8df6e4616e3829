"""Whoever walks a round alone, or has said that they walk alone, is called when they gave no sign of life for a while: a presence
check of its own kind, answered by one press. When nobody answers within the grace, a leader is told, with the point at which the person last proved to be.

A tap that counts is a sign of life, too: who walks on is not disturbed, and whoever had not answered is safe.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from core.clock import seconds
from core.ids import derived, fresh
from duty import lone, lone_store, presence, presence_store
from duty.lone import Watch
from duty.presence import Act, Check, CheckState, How
from ingest.presence import ALONE, SAFE, keep
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from logbook.rules import Line
from patrol import round_store
from patrol import store as tap_store
from patrol.rounds import PatrolRound, Stand
from patrol.rules import Tap
from sites.register import Register
from store.db import Tx

_NAME: Final = presence_store.LONE
DUE_ROWS: Final = presence_store.DUE_ROWS[_NAME]
_LOOK_BACK: Final = timedelta(hours=9)
_LOOK_AGAIN: Final = timedelta(minutes=10)  # rounds may be planned meanwhile


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites where it is time to look."""
    return presence_store.sites_due(conn, _NAME, at)


def next_due(conn: Connection) -> datetime | None:
    """When it is next time to look at any site."""
    return presence_store.next_due(conn, _NAME)


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:  # noqa: ARG001 - a watch's question
    """What may be raised and ended."""
    site, register = desk.register.site_id, desk.register
    wanted = register.policies.duty.lone_worker.every_min or lone_store.standing(conn, site)
    if not wanted and not _live(conn, site):
        return []
    return [(f"seat/{seat}", ALONE) for seat in register.seats]


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:
    """Call whom it is time to call; of those who were called, see who has not answered, and who is safe after all."""
    site, policy = desk.register.site_id, desk.register.policies.duty.lone_worker
    if not presence_store.is_due(tx.conn, site, _NAME, at):
        return
    walked = _walked(tx.conn, desk.register, at)
    taps = tap_store.between(tx.conn, site, at - _LOOK_BACK, at + timedelta(microseconds=1))
    live = [one for c in _live(tx.conn, site) if (one := _seen_to(tx, judgement, c, taps, at))]
    dues = [c.until for c in live if c.state is CheckState.ASKED]
    watches = _stand(tx, judgement, at)
    if policy.every_min or watches:
        dues.append(at + _LOOK_AGAIN)
    calls = [(seat, since, policy.every_min) for seat, since in walked.items()]
    calls += [(watch.seat_id, watch.since, watch.every_min) for watch in watches]
    for seat, since, every_min in sorted(calls, key=lambda call: call[2]):
        holding = judgement.scene.held.get(seat)
        if holding is None or holding.person is None or any(c.seat_id == seat for c in live):
            continue
        seen = _sign_of_life(tx.conn, site, seat, holding.person, taps)
        due = max(t for t in (since, holding.since, seen) if t is not None) + timedelta(minutes=every_min)
        if due <= at:
            live.append(_call(tx, desk.register, seat, holding.person, at))
            dues.append(live[-1].until)
        else:
            dues.append(due)
    presence_store.look_at(tx, site, _NAME, min(dues, default=None))


def _stand(tx: Tx, judgement: Judgement, at: datetime) -> list[Watch]:
    """Those begun by hand whose person is still in the seat; the others are over."""
    site, still = judgement.scene.desk.register.site_id, []
    for watch in lone_store.standing(tx.conn, site):
        holding = judgement.scene.held.get(watch.seat_id)
        if holding is not None and holding.person == watch.person_id:
            still.append(watch)
        else:
            lone_store.drop(tx, watch)
            judgement.changes.lines.append(lone.ended(watch, by="system", reason="", at=at))
    return still


def _live(conn: Connection, site: str) -> list[Check]:
    return [c for c in presence_store.live_checks(conn, site) if c.how is How.LONE]


def _walked(conn: Connection, register: Register, at: datetime) -> dict[str, datetime]:
    """Since when a round is open for each seat that is watched over."""
    policy = register.policies.duty.lone_worker
    if not policy.every_min:
        return {}
    found: dict[str, datetime] = {}
    for one in round_store.between(conn, register.site_id, at, at + timedelta(microseconds=1)):
        if _watched(one, policy.seats):
            found[one.seat] = min(found.get(one.seat, one.opens_at), one.opens_at)
    return found


def _watched(one: PatrolRound, seats: tuple[str, ...]) -> bool:
    return one.stand is Stand.OPEN and (not seats or one.seat in seats)


def _sign_of_life(conn: Connection, site: str, seat: str, person: str, taps: Iterable[Tap]) -> datetime | None:
    """The last that we heard of them: taps, and answers to calls."""
    past = presence_store.newest_checks(conn, site, 5, None, seat)
    heard = [c.answered_at for c in past if c.person_id == person and c.answered_at is not None]
    return max(
        [*heard, *(t.heard_at for t in taps if t.person_id == person and t.counts and not t.synced)], default=None
    )


def _seen_to(tx: Tx, judgement: Judgement, check: Check, taps: Iterable[Tap], at: datetime) -> Check | None:
    """A call as it is after a look; None when nothing more is waited for."""
    subject = f"seat/{check.seat_id}"
    mine = [t for t in taps if t.person_id == check.person_id and t.counts and not t.synced]
    walked = [t for t in mine if t.heard_at >= check.asked_at]
    holding = judgement.scene.held.get(check.seat_id)
    if walked or holding is None or holding.person != check.person_id:
        for stepped in _ended(check, walked, at):
            keep(tx, stepped, at)
        judgement.over(subject, SAFE, Origin(derived(at, SAFE, check.id), at))
        return None
    if check.state is not CheckState.ASKED or check.until > at:
        return check
    after = keep(tx, presence.due(check, judgement.scene.desk.register.policies.duty.lone_worker.grace_s, at=at), at)
    if after.state is CheckState.MISSED:
        last = max(mine, key=lambda t: t.heard_at, default=None)
        data: dict[str, Any] = {"person": after.person_id, "asked_at": after.asked_at, "check": after.id}
        if last is not None:
            data |= {"checkpoint": last.checkpoint_id, "seen_at": last.heard_at}
        judgement.occur(subject, ALONE, Origin(derived(at, ALONE, check.id), at), data)
    return after


def _ended(check: Check, walked: list[Tap], at: datetime) -> list[presence.Stepped]:
    if not walked:
        return [presence.step(check, Act.VOID, at=at, by="system")]
    first = min(t.heard_at for t in walked)
    return presence.answer(check, at=first)


def _call(tx: Tx, register: Register, seat: str, person: str, at: datetime) -> Check:
    until = at + seconds(register.policies.duty.lone_worker.grace_s)
    made = Check(
        site_id=register.site_id,
        id=fresh(at),
        seat_id=seat,
        person_id=person,
        how=How.LONE,
        asked_at=at,
        until=until,
    )
    said = {"seat": seat, "person": person, "to": made.state, "how": How.LONE, "until": until}
    return keep(tx, (made, Line(at, "presence.ask", "system", f"presence/{made.id}", said)), at)
