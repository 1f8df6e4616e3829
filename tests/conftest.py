"""Fixtures that every slice shares: real brokers, real databases, a clock turned by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from store.db import Store
from tests.servers import Broker, Mosquitto, Nats, Postgres, broker_of, create_schema

# How long something took says how busy the machine is, not whether it is right; a given seed and CI's own settings stay.
settings.register_profile("house", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


class HandClock:
    """A `core.clock.Clock` that moves only when told."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def tick(self, seconds: float = 1.0) -> datetime:
        """Move on (or back), and say what the time now is."""
        self.at += timedelta(seconds=seconds)
        return self.at

    def set(self, at: datetime) -> None:
        """Jump."""
        self.at = at


@pytest.fixture
def clock() -> HandClock:
    """Sunday 1 March 2026, 22:00 in Shanghai."""
    return HandClock(datetime(2026, 3, 1, 14, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """One NATS for the session; take your own topics."""
    broker = Nats(tmp_path_factory.mktemp("nats"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """One Mosquitto for the session; take your own topics."""
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(params=["nats", "mosquitto"])
def mqtt_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Each broker in turn, the test's own: it may be restarted, stopped and killed."""
    broker = broker_of(request.param, tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the session (one a worker under xdist)."""
    server = Postgres()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A fresh database with our schema."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file with our schema."""
    url = f"sqlite:///{tmp_path / 'watchroom.db'}"
    create_schema(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store with our schema, on each database in turn."""
    url = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    opened = Store(url)
    yield opened
    opened.close()
