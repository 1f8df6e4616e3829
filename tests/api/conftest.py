"""The application over a real store, with two sites and one person of every role at each."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, select

from api.accounts import ensure_admin, give_demo_passwords
from api.app import create_app
from api.live import Hub
from api.passwords import Passwords
from api.room import Room, Settings
from patrol.keys import Ring
from sites.register import Contact, Person, Plan, Register, Role
from sites.tables import account
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, words
from tests.servers import create_schema

MASTER = bytes.fromhex("00112233445566778899AABBCCDDEEFF")  # of the tags
SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF"
MINE, OTHER = "harbour", "garden"
ORIGIN = "http://test"
START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)  # where the `clock` fixture starts
CSRF = {"x-watchroom": "1"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>'


def cheap() -> Passwords:
    """Argon2id as it is, with next to no work: these tests are not about its cost."""
    return Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


def staffed(site: str, prefix: str = "") -> Register:
    """The small site with one person of every role; `wang` and `li` keep the centre's seat."""
    people = {
        name: msgspec.structs.replace(p, login=prefix + name, phone="13800000000") for name, p in HARBOUR.people.items()
    }
    for role in Role:
        name = f"the-{role}"
        people[name] = Person(name, words(name), prefix + name, (role,), "139", (Contact("email", "a@example.org"),))
    plans = {"f7": Plan("f7", 100, 50, SVG)}
    return msgspec.structs.replace(HARBOUR, site_id=site, people=people, plans=plans)


def files_of(db: Store) -> Path:
    """A folder for attachments that goes with the database."""
    return Path(db.url.database or "").parent / "attachments" if db.dialect == "sqlite" else Path(mkdtemp())


class House:
    """What a test talks to."""

    def __init__(self, db: Store, clock: HandClock, **options: Any) -> None:
        self.db, self.clock = db, clock
        self.night = Night(db, clock, staffed(MINE))
        self.far = Night(db, clock, staffed(OTHER, "far-"))
        with db.begin() as tx:
            ensure_admin(tx, clock(), cheap())
            give_demo_passwords(tx, clock(), cheap())
        settings = Settings(**{"mode": "demo", "version": "1", "secret": SECRET, "files": files_of(db)} | options)
        settings = replace(settings, archives=settings.files and settings.files.parent / "archives")
        self.app: FastAPI = create_app(
            db,
            self.night.desks,
            clock,
            settings,
            passwords=cheap(),
            ring=Ring(MASTER),
            log_key=Ed25519PrivateKey.from_private_bytes(b"k" * 32),
            hub=Hub(db, clock, beat_s=0.2),
        )
        self.room: Room = self.app.state.room

    def client(self, login: str | None = None, address: str = "192.0.2.1", **headers: str) -> AsyncClient:
        """A browser; signed in as `login` when one is given."""
        transport = ASGITransport(self.app, raise_app_exceptions=False, client=(address, 1))
        made = AsyncClient(transport=transport, base_url=ORIGIN, headers=CSRF | headers)
        if login is not None:
            made.cookies.set(self.room.cookie, self.token(login))
        return made

    def first_start(self) -> str | None:
        """Start as if there had never been an administrator. Returns the one-time password."""
        with self.db.begin() as tx:
            tx.conn.execute(delete(account).where(account.c.admin))
            return ensure_admin(tx, self.clock(), cheap())

    def token(self, login: str) -> str:
        """A session opened without the password."""
        with self.db.begin() as tx:
            return self.room.sessions.start(tx, self.account_id(login), "192.0.2.1")

    def account_id(self, login: str) -> str:
        """The id behind a login."""
        with self.db.read() as conn:
            return str(conn.execute(select(account.c.id).where(account.c.login == login)).scalar_one())


def make_house(url: str, clock: HandClock, **options: Any) -> House:
    """A house over the store at `url`."""
    return House(Store(url), clock, **options)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house made once; each test gets a copy of its file."""
    file = tmp_path_factory.mktemp("furnished") / "watchroom.db"
    create_schema(f"sqlite:///{file}")
    make_house(f"sqlite:///{file}", HandClock(START)).db.close()
    return file


@pytest.fixture
def sqlite_url(furnished: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with the two sites already in it."""
    return f"sqlite:///{shutil.copy(furnished, tmp_path / 'watchroom.db')}"


@pytest.fixture
async def house(sqlite_url: str, clock: HandClock) -> AsyncIterator[House]:
    """Over SQLite, with the feed open."""
    made = make_house(sqlite_url, clock)
    made.room.live.open()
    yield made
    await made.room.live.closed()
    made.db.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_house(request: pytest.FixtureRequest, clock: HandClock) -> AsyncIterator[House]:
    """Over each database in turn."""
    made = make_house(request.getfixturevalue(f"{'sqlite' if request.param == 'sqlite' else 'postgres'}_url"), clock)
    made.room.live.open()
    yield made
    await made.room.live.closed()
    made.db.close()


@pytest.fixture
def alert_id(house: House) -> Iterator[str]:
    """A smoke alarm that rings at the site."""
    house.night.say("fire.alarm")
    yield house.night.only().id
