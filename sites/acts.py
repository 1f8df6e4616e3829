"""Checking and importing a site pack. An import is one transaction, and the same pack twice is no change."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import delete, insert, select, update

from core.clock import rfc3339
from core.ids import fresh
from sites import pack, patrol_edits, store, versions
from sites.changes import Change, diff, summary, warnings
from sites.errors import LoginTaken, PackRefused
from sites.register import Person, Register
from sites.tables import account, account_pin, member, passkey, patrol_edit
from sites.versions import NOW, Terms, Version, VersionState
from store.db import Tx

MAX_NAMED: Final = 200


class ImportResult(msgspec.Struct, frozen=True):
    """What an import did. `line_data` is for the logbook line `site.imported`, `pushes` for the outbox; both are empty
    when nothing changed. `waits_until`: when the version comes into force that was made; None: now.
    """

    site_id: str
    version: int
    changed: bool
    digest: str
    changes: tuple[Change, ...] = ()
    accounts_made: tuple[str, ...] = ()
    line_data: Mapping[str, Any] = {}
    pushes: tuple[tuple[str, Any], ...] = ()
    waits_until: datetime | None = None


def check(path: Path | str) -> Register:
    """The register that a pack stands for. Raises `PackRefused`, which holds every fault."""
    return pack.read(Path(path))


def import_pack(
    tx: Tx,
    register: Register,
    digest: str,
    at: datetime,
    by: str,
    *,
    terms: Terms = NOW,
    over_edits: bool = False,
) -> ImportResult:
    """Make `register` a version of the site: now its row, its accounts and its members, or all that at its time, in the
    caller's transaction. What is to come stands on the last version that is to come before it. What was edited at the
    console stays, unless the import goes `over_edits`.

    The caller holds the site's head, and appends `line_data` and `pushes` in the same transaction.
    """
    site_id = register.site_id
    old, before = store.load(tx.conn, site_id), versions.last(tx.conn, site_id)
    over = over_edits and patrol_edits.found(tx.conn, site_id) is not None
    stands = old is not None and terms.effective_from is None and store.pack_hash(tx.conn, site_id) == digest
    if old is not None and stands and not over:
        return ImportResult(site_id, old.version, changed=False, digest=digest)
    begins = versions.starts(tx.conn, site_id, terms, by, at)
    if before is not None and before.digest == digest and not over:
        return ImportResult(site_id, before.version, changed=False, digest=digest)
    if before is not None and before.state is VersionState.TO_COME:
        old = versions.register_of(tx.conn, site_id, before.version)
    later = begins if terms.effective_from is not None and begins > at else None
    merged = _merged(tx, old, register, over=over, later=later is not None)
    new = msgspec.structs.replace(merged, version=versions.following(tx.conn, site_id))
    changes = diff(old, new)
    made = _staff(tx, new, at) if later is None else _staff_later(tx, new, at)
    if later is None:
        store.save(tx.conn, new, digest, at, begins)
    versions.keep(tx.conn, new, digest, begins, at, by, terms)
    return ImportResult(
        site_id,
        new.version,
        changed=True,
        digest=digest,
        changes=tuple(changes),
        accounts_made=tuple(made),
        line_data=_line(new, digest, by, changes, made) | _under(terms),
        pushes=(("register", {"version": new.version if later is None or old is None else old.version}),),
        waits_until=later,
    )


def bring_into_force(tx: Tx, version: Version, site_id: str, at: datetime) -> ImportResult:
    """Let a version stand whose time has come. Raises `LoginTaken`, having changed nothing, when it has become impossible."""
    new, old = versions.register_of(tx.conn, site_id, version.version), store.load(tx.conn, site_id)
    with tx.conn.begin_nested():
        made = _staff(tx, new, at)
    if old is not None and patrol_edits.digest(old) != patrol_edits.digest(new):
        tx.conn.execute(delete(patrol_edit).where(patrol_edit.c.site_id == site_id))
    store.save(tx.conn, new, version.digest, version.made_at, version.effective_from)
    versions.come(tx.conn, site_id, version.version)
    told = {"version": version.version, "effective_from": rfc3339(version.effective_from), "by": version.by}
    return ImportResult(
        site_id,
        new.version,
        changed=True,
        digest=version.digest,
        changes=tuple(diff(old, new)),
        accounts_made=tuple(made),
        line_data=told | _under(Terms(reason=version.reason, approved_by=version.approved_by)) | {"accounts": made},
        pushes=(("register", {"version": new.version}),),
    )


def counts(register: Register) -> dict[str, int]:
    """How much of everything stands at a site."""
    names = (
        *("zones", "plans", "gateways", "devices", "checkpoints", "posts", "seats", "people", "ladders", "routes"),
        *("rotations", "forms", "checklists", "patrol_routes", "patrol_plans"),
    )
    return {name: len(getattr(register, name)) for name in names} | {"shifts": len(register.templates)}


def _line(register: Register, digest: str, by: str, changes: list[Change], made: list[str]) -> dict[str, Any]:
    named = list(dict.fromkeys(f"{c.section}/{c.id} {c.how}" for c in changes)) if register.version > 1 else []
    return {
        "version": register.version,
        "hash": digest,
        "by": by,
        "counts": counts(register),
        "summary": summary(changes),
        "changes": named[:MAX_NAMED],
        "more": max(0, len(named) - MAX_NAMED),
        "accounts": made,
    }


def _under(terms: Terms) -> dict[str, Any]:
    told = {
        "reason": terms.reason,
        "effective_from": rfc3339(terms.effective_from) if terms.effective_from is not None else "",
        "approved_by": terms.approved_by or "",
    }
    return {name: value for name, value in told.items() if value}


def _merged(tx: Tx, old: Register | None, register: Register, *, over: bool, later: bool) -> Register:
    """With what was edited at the console. An edit ends only with the version that ends it: that may be withdrawn before."""
    if not later:
        return patrol_edits.merged(tx, old, register, over=over)
    trial = tx.conn.begin_nested()
    try:
        return patrol_edits.merged(tx, old, register, over=over)
    finally:
        trial.rollback()


def _staff_later(tx: Tx, register: Register, at: datetime) -> list[str]:
    """Try whether everybody could have an account, and undo it. Raises `LoginTaken`: better now than at its time."""
    trial = tx.conn.begin_nested()
    try:
        _staff(tx, register, at)
    finally:
        trial.rollback()
    return []


def _staff(tx: Tx, register: Register, at: datetime) -> list[str]:
    """One account and one member row for each person. Someone who left loses the site, never the account's history."""
    here = {
        row.person_id: row.account_id
        for row in tx.conn.execute(select(member).where(member.c.site_id == register.site_id))
    }
    _leave(tx, register.site_id, here.keys() - register.people.keys())
    made = []
    for person in register.people.values():
        account_id = here.get(person.id)
        if account_id is None:
            account_id, is_new = _account(tx, register.site_id, person, at)
            made += [person.login] if is_new else []
        else:
            _rename(tx, account_id, person, at)
        _enrol(tx, register.site_id, person, account_id, known=person.id in here)
    return made


def _leave(tx: Tx, site_id: str, gone: Iterable[str]) -> None:
    for person_id in gone:
        tx.conn.execute(delete(member).where(member.c.site_id == site_id, member.c.person_id == person_id))


def _enrol(tx: Tx, site_id: str, person: Person, account_id: str, *, known: bool) -> None:
    roles = [str(role) for role in person.roles]
    if known:
        mine = (member.c.site_id == site_id, member.c.person_id == person.id)
        tx.conn.execute(update(member).where(*mine).values(roles=roles))
    else:
        values = {"site_id": site_id, "person_id": person.id, "account_id": account_id, "roles": roles}
        tx.conn.execute(insert(member).values(**values))


def _account(tx: Tx, site_id: str, person: Person, at: datetime) -> tuple[str, bool]:
    """The account for someone new here. A login that someone else uses is refused: a pack cannot take over an account."""
    row = tx.conn.execute(select(account).where(account.c.login == person.login)).first()
    if row is None:
        account_id = fresh(at)
        tx.conn.execute(
            insert(account).values(
                id=account_id, login=person.login, password_hash=None, admin=False, disabled=False, must_change=False,
                changed_at=at, **_names(person),
            )
        )  # fmt: skip
        return account_id, True
    users = [m.site_id for m in tx.conn.execute(select(member).where(member.c.account_id == row.id))]
    if row.admin or users:
        raise LoginTaken(
            f'The login "{person.login}" of {person.id} is taken.', field=f"people.{person.id}.login", site=site_id
        )
    # Left behind by someone who went: its old password must not open the new person's door.
    tx.conn.execute(update(account).where(account.c.id == row.id).values(password_hash=None, changed_at=at))
    for means in (account_pin, passkey):
        tx.conn.execute(delete(means).where(means.c.account_id == row.id))
    _rename(tx, row.id, person, at)
    return row.id, False


def _rename(tx: Tx, account_id: str, person: Person, at: datetime) -> None:
    row = tx.conn.execute(select(account).where(account.c.id == account_id)).one()
    changed: dict[str, Any] = {
        k: v for k, v in {"login": person.login, **_names(person)}.items() if getattr(row, k) != v
    }
    if "login" in changed:
        other = tx.conn.execute(select(account.c.id).where(account.c.login == person.login)).first()
        if other is not None:
            raise LoginTaken(f'The login "{person.login}" of {person.id} is taken.', field=f"people.{person.id}.login")
        changed["changed_at"] = at
    if changed:
        tx.conn.execute(update(account).where(account.c.id == account_id).values(**changed))


def _names(person: Person) -> dict[str, str]:
    return {"name_zh": person.name.zh, "name_en": person.name.en, "language": person.language}


__all__ = ["ImportResult", "PackRefused", "check", "counts", "diff", "import_pack", "summary", "warnings"]
