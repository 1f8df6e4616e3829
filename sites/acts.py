"""Checking and importing a site pack. An import is one transaction, and the same pack twice is no change."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import delete, insert, select, update

from core.ids import fresh
from sites import pack, patrol_edits, store
from sites.changes import Change, diff, summary, warnings
from sites.errors import LoginTaken, PackRefused
from sites.register import Person, Register
from sites.tables import account, account_pin, member, passkey
from store.db import Tx

MAX_NAMED: Final = 200


class ImportResult(msgspec.Struct, frozen=True):
    """What an import did. `line_data` is for the logbook line `site.imported`, `pushes` for the outbox; both are empty
    when nothing changed.
    """

    site_id: str
    version: int
    changed: bool
    digest: str
    changes: tuple[Change, ...] = ()
    accounts_made: tuple[str, ...] = ()
    line_data: Mapping[str, Any] = {}
    pushes: tuple[tuple[str, Any], ...] = ()


def check(path: Path | str) -> Register:
    """The register that a pack stands for. Raises `PackRefused`, which holds every fault."""
    return pack.read(Path(path))


def import_pack(
    tx: Tx, register: Register, digest: str, at: datetime, by: str, *, over_edits: bool = False
) -> ImportResult:
    """Make `register` the site's own: its row, its accounts and its members, in the caller's transaction. What was edited at
    the console stays, unless the import goes `over_edits`.

    The caller holds the site's head, and appends `line_data` and `pushes` in the same transaction.
    """
    old = store.load(tx.conn, register.site_id)
    over = over_edits and patrol_edits.found(tx.conn, register.site_id) is not None
    if old is not None and store.pack_hash(tx.conn, register.site_id) == digest and not over:
        return ImportResult(register.site_id, old.version, changed=False, digest=digest)
    register = patrol_edits.merged(tx, old, register, over=over)
    new = msgspec.structs.replace(register, version=old.version + 1 if old is not None else 1)
    changes = diff(old, new)
    made = _staff(tx, new, at)
    store.save(tx.conn, new, digest, at)
    return ImportResult(
        new.site_id,
        new.version,
        changed=True,
        digest=digest,
        changes=tuple(changes),
        accounts_made=tuple(made),
        line_data=_line(new, digest, by, changes, made),
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
