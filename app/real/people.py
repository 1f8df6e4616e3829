"""A data folder as it is when a scenario begins: the site imported, everybody with an account and signed in, and every
contact outside leading to this machine.
"""

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select

from api.accounts import ensure_admin, give_demo_passwords
from api.passwords import Passwords
from api.sessions import Sessions, by_login, set_password
from app.imports import import_site
from app.settings import Settings
from ingest.desks import Desks
from simulators.scenario.model import Scenario
from simulators.scenario.phone import RING
from simulators.virtual import before
from sites import pack
from sites.register import Contact, Register
from sites.tables import member
from store.db import Store
from store.migrate import upgrade

PASSWORD: Final = "only a scenario"  # noqa: S105 - of accounts that live as long as one run
_LONGEST_NIGHT: Final = timedelta(days=30)


class Keys(msgspec.Struct, frozen=True):
    """Sessions: of each person, and of an administrator who asks how the server is."""

    people: Mapping[str, str]
    admin: str


def secret_of(data: Path) -> bytes:
    """The secret that the server will find."""
    return Settings.model_construct(data=data).secret()


def database(data: Path) -> Path:
    """Where the server keeps its rows."""
    return data.absolute() / "watchroom.db"


def prepare(scenario: Scenario, register: Register, data: Path) -> Keys:
    """Import the register as at the scenario's start. Everybody is signed in already: that is no part of the night."""
    database(data).write_bytes(_empty())
    settings = Settings.model_construct(data=data)
    settings.tag_key()
    (data / "keys" / "tags").write_text(RING.master.hex(), encoding="ascii")
    start, store = scenario.start, Store(f"sqlite:///{database(data)}")
    cheap = Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
    try:
        digest = pack.digest(register)
        import_site(store, Desks(), register, digest, start, "system", signed_on=scenario.signed_on)
        before.publish(store, Desks(), register.site_id, scenario.published, start)
        before.elsewhere(store, scenario.elsewhere, start)
        sessions = Sessions(store, lambda: scenario.end + _LONGEST_NIGHT)
        with store.begin() as tx:
            give_demo_passwords(tx, start, cheap, PASSWORD)
            ensure_admin(tx, start, cheap)
            admin = by_login(tx.conn, "admin")
            assert admin is not None  # noqa: S101 - the line above made it
            set_password(tx, admin.id, cheap.make(PASSWORD), start)
            accounts = tx.conn.execute(
                select(member.c.person_id, member.c.account_id).where(member.c.site_id == register.site_id)
            ).all()
            people = {row.person_id: sessions.start(tx, row.account_id, "scenario") for row in accounts}
            return Keys(people, sessions.start(tx, admin.id, "scenario"))
    finally:
        store.close()


@cache
def _empty() -> bytes:
    """A database without a row, brought to our schema once a process: migrating takes longer than everything else here."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "watchroom.db"
        store = Store(f"sqlite:///{file}")
        try:
            upgrade(store)
        finally:
            store.close()
        return file.read_bytes()


def kept_inside(register: Register, webhook: str, apprise: str) -> Register:
    """The register with every URL outside replaced: who is called is the site's, where the message goes is ours."""
    there = {"webhook": webhook, "apprise": apprise}

    def inside(contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
        return tuple(Contact(c.channel, there.get(c.channel, c.target)) for c in contacts)

    replace = msgspec.structs.replace
    return replace(
        register,
        people={k: replace(p, contacts=inside(p.contacts)) for k, p in register.people.items()},
        externals=tuple(replace(e, contacts=inside(e.contacts)) for e in register.externals),
    )
