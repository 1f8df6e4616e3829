"""The versions of a site's register: from when each is in force, who made it, and why (SITE-06, ROLE-08).

A version is never changed and never deleted. One that is to come waits in its row for its time; whatever is judged at a time is
judged by the version that was in force then.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from core.clock import instant, micros
from sites.errors import EffectiveInPast, NoSuchVersion, OwnVersion, VersionNotToCome, VersionPending
from sites.register import Register, plain
from sites.store import read, version
from sites.tables import site, site_version


class VersionState(StrEnum):
    """The life of a version. `refused`: its time came, and the site could not be as it said."""

    TO_COME = "to_come"
    IN_FORCE = "in_force"
    PAST = "past"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class VersionAct(StrEnum):
    """What happens to a version."""

    COME = "come"
    GIVE_WAY = "give_way"
    WITHDRAW = "withdraw"
    REFUSE = "refuse"


NEXT: Final[Mapping[tuple[VersionState, VersionAct], VersionState]] = {
    (VersionState.TO_COME, VersionAct.COME): VersionState.IN_FORCE,
    (VersionState.TO_COME, VersionAct.WITHDRAW): VersionState.WITHDRAWN,
    (VersionState.TO_COME, VersionAct.REFUSE): VersionState.REFUSED,
    (VersionState.IN_FORCE, VersionAct.GIVE_WAY): VersionState.PAST,
}
_ONCE_IN_FORCE: Final = (VersionState.IN_FORCE, VersionState.PAST)


class Terms(msgspec.Struct, frozen=True):
    """Under what terms a version is made: from when (None: now), why, and who approved it."""

    effective_from: datetime | None = None
    reason: str = ""
    approved_by: str | None = None


NOW: Final = Terms()


class Version(msgspec.Struct, frozen=True):
    """One version, without the register that it is of."""

    version: int
    state: VersionState
    effective_from: datetime
    made_at: datetime
    by: str
    approved_by: str | None
    reason: str
    digest: str
    ended_why: str | None


_c = site_version.c
_BRIEF: Final = (
    *(
        _c.version,
        _c.state,
        _c.effective_from,
        _c.made_at,
        _c.by,
        _c.approved_by,
        _c.reason,
        _c.pack_hash,
        _c.ended_why,
    ),
)
_NEWEST_FIRST: Final = (_c.effective_from.desc(), _c.version.desc())


def starts(conn: Connection, site_id: str, terms: Terms, by: str, at: datetime) -> datetime:
    """From when a version made now would be in force. Raises `EffectiveInPast`, `OwnVersion`, and `VersionPending` when one
    that waits comes later: what is planned is not undone by what did not know of it.
    """
    if terms.approved_by is not None and terms.approved_by == by:
        raise OwnVersion(field="approved_by")
    if terms.effective_from is not None and terms.effective_from < at:
        raise EffectiveInPast(field="effective_from")
    begins = terms.effective_from or at
    before = last(conn, site_id)
    if before is not None and before.effective_from > begins:
        if before.state is VersionState.TO_COME:
            raise VersionPending(version=before.version, effective_from=before.effective_from.isoformat())
        return before.effective_from  # the clock was set back
    return begins


def last(conn: Connection, site_id: str) -> Version | None:
    """The version that nothing comes after: the last to come, or the one in force."""
    alive = _c.state.in_([VersionState.TO_COME, VersionState.IN_FORCE])
    row = conn.execute(select(*_BRIEF).where(_c.site_id == site_id, alive).order_by(*_NEWEST_FIRST).limit(1)).first()
    return None if row is None else _version(row)


def following(conn: Connection, site_id: str) -> int:
    """The number of the version that is made next."""
    newest: int = conn.execute(select(func.max(_c.version)).where(_c.site_id == site_id)).scalar() or 0
    return 1 + max(newest, version(conn, site_id) or 0)


def keep(
    conn: Connection, register: Register, digest: str, begins: datetime, at: datetime, by: str, terms: Terms
) -> None:
    """Keep a version. One that begins now is in force, and the one before it gives way."""
    later = begins > at and terms.effective_from is not None
    if not later:
        _give_way(conn, register.site_id)
    conn.execute(
        insert(site_version).values(
            site_id=register.site_id,
            version=register.version,
            state=VersionState.TO_COME if later else VersionState.IN_FORCE,
            effective_from=micros(begins),
            made_at=at,
            by=by,
            approved_by=terms.approved_by,
            reason=terms.reason,
            pack_hash=digest,
            register=plain(register),
        )
    )
    _mind_next(conn, register.site_id)


def come(conn: Connection, site_id: str, number: int) -> None:
    """Note that a version is in force."""
    _give_way(conn, site_id)
    _step(conn, site_id, number, VersionAct.COME)


def end(conn: Connection, site_id: str, number: int, act: VersionAct, why: str) -> Version:
    """Withdraw or refuse a version that has not come. Raises `NoSuchVersion`, `VersionNotToCome`."""
    found = get(conn, site_id, number)
    if (found.state, act) not in NEXT:
        raise VersionNotToCome(field="version", state=found.state)
    _step(conn, site_id, number, act, why)
    return found


def get(conn: Connection, site_id: str, number: int) -> Version:
    """One version. Raises `NoSuchVersion`."""
    row = conn.execute(select(*_BRIEF).where(_c.site_id == site_id, _c.version == number)).first()
    if row is None:
        raise NoSuchVersion(field="version")
    return _version(row)


def listed(conn: Connection, site_id: str, most: int = 500) -> list[Version]:
    """A site's versions, the one that begins last first."""
    rows = conn.execute(select(*_BRIEF).where(_c.site_id == site_id).order_by(*_NEWEST_FIRST).limit(most))
    return [_version(row) for row in rows]


def register_of(conn: Connection, site_id: str, number: int) -> Register:
    """The register that a version is of. Raises `NoSuchVersion`."""
    document = conn.execute(select(_c.register).where(_c.site_id == site_id, _c.version == number)).scalar()
    if document is None:
        raise NoSuchVersion(field="version")
    return read(number, document)


def before(conn: Connection, site_id: str, version: Version) -> int | None:
    """The version that this one takes, took, or would have taken the place of."""
    begins = micros(version.effective_from)
    earlier = (_c.effective_from < begins) | ((_c.effective_from == begins) & (_c.version < version.version))
    alive = _c.state.in_([*_ONCE_IN_FORCE, VersionState.TO_COME])
    query = select(_c.version).where(_c.site_id == site_id, earlier, alive).order_by(*_NEWEST_FIRST).limit(1)
    found: int | None = conn.execute(query).scalar()
    return found


def in_force(conn: Connection, site_id: str, at: datetime) -> tuple[int, int] | None:
    """(version, since) of what was in force at a time, or will be; before the first version, the first."""
    alive = (_c.site_id == site_id, _c.state.in_([*_ONCE_IN_FORCE, VersionState.TO_COME]))
    here = select(_c.version, _c.effective_from).where(*alive)
    row = conn.execute(here.where(_c.effective_from <= micros(at)).order_by(*_NEWEST_FIRST).limit(1)).first()
    if row is None:
        row = conn.execute(here.order_by(_c.effective_from, _c.version).limit(1)).first()
    return None if row is None else (row.version, row.effective_from)


def due(conn: Connection, site_id: str, at: datetime) -> list[Version]:
    """The versions whose time has come, in their order."""
    waits = (_c.state == VersionState.TO_COME, _c.effective_from <= micros(at))
    rows = conn.execute(select(*_BRIEF).where(_c.site_id == site_id, *waits).order_by(_c.effective_from, _c.version))
    return [_version(row) for row in rows]


def sites_due(conn: Connection, at: datetime) -> set[str]:
    """Sites of which a version's time has come."""
    return set(conn.scalars(select(site.c.id).where(site.c.next_from <= micros(at))))


def next_due(conn: Connection) -> datetime | None:
    """When the next version of any site comes into force."""
    found: int | None = conn.execute(select(func.min(site.c.next_from))).scalar()
    return None if found is None else instant(found)


def _give_way(conn: Connection, site_id: str) -> None:
    stands = (_c.site_id == site_id, _c.state == VersionState.IN_FORCE)
    after = NEXT[VersionState.IN_FORCE, VersionAct.GIVE_WAY]
    conn.execute(update(site_version).where(*stands).values(state=after))


def _step(conn: Connection, site_id: str, number: int, act: VersionAct, why: str | None = None) -> None:
    after = NEXT[VersionState.TO_COME, act]
    which = (_c.site_id == site_id, _c.version == number)
    conn.execute(update(site_version).where(*which).values(state=after, ended_why=why))
    _mind_next(conn, site_id)


def _mind_next(conn: Connection, site_id: str) -> None:
    """The site's own row says when the next version comes, so that nobody has to ask for it."""
    waits = (_c.site_id == site_id, _c.state == VersionState.TO_COME)
    soonest = select(func.min(_c.effective_from)).where(*waits).scalar_subquery()
    conn.execute(update(site).where(site.c.id == site_id).values(next_from=soonest))


def _version(row: Any) -> Version:
    return Version(
        version=row.version,
        state=VersionState(row.state),
        effective_from=instant(row.effective_from),
        made_at=row.made_at,
        by=row.by,
        approved_by=row.approved_by,
        reason=row.reason,
        digest=row.pack_hash,
        ended_why=row.ended_why,
    )
