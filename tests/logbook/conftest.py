"""A log worth tampering with: three watches of entries, a checkpoint after each of the first two, and its export."""

import io
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from logbook import checkpoints, entries
from logbook.export import export
from logbook.rules import Line
from store.db import Store
from tests.servers import create_schema

SITE = "harbour-garden"
START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)


def line(i: int) -> Line:
    """Entry `i` of every test: words in two scripts, quotes, numbers and an empty value."""
    said = {"number": i, "note": f'B2-{i:02} 烟感 "café" \u007f\n', "ratio": i / 7, "cause": None}
    return Line(START + timedelta(seconds=i, microseconds=i), "alert.note", f"p{i % 5}", f"alert/{i % 3}", said)


def write(store: Store, count: int, site: str = SITE, start: int = 0) -> None:
    """Append `count` entries in one transaction."""
    with store.begin([site]) as tx:
        entries.append(tx, site, [line(start + i) for i in range(count)])


def sworn(store: Store, key: Ed25519PrivateKey, minutes: int, site: str = SITE) -> str:
    """Make a checkpoint and give its note."""
    with store.begin([site]) as tx:
        made = checkpoints.checkpoint(tx, site, START + timedelta(minutes=minutes), key)
    assert made is not None
    return made.note


def exported(store: Store, key: Ed25519PrivateKey, site: str = SITE) -> bytes:
    """The export as one piece."""
    out = io.BytesIO()
    with store.read() as conn:
        export(conn, site, out, key=key, at=START + timedelta(hours=1))
    return out.getvalue()


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    """The server's key."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="session")
def other_key() -> Ed25519PrivateKey:
    """Somebody else's."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def three_watches(store: Store, key: Ed25519PrivateKey) -> list[str]:
    """Twenty-one entries; the notes of the checkpoints after seven and after fourteen."""
    notes = []
    for watch in range(3):
        write(store, 7, start=7 * watch)
        if watch < 2:
            notes.append(sworn(store, key, watch))
    return notes


@pytest.fixture
def watches(store: Store, key: Ed25519PrivateKey) -> list[str]:
    """Three watches in `store`, and the notes of its checkpoints."""
    return three_watches(store, key)


class Told(NamedTuple):
    """An export and the checkpoints that were kept elsewhere."""

    data: bytes
    notes: list[str]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory, key: Ed25519PrivateKey) -> Told:
    """Three watches, exported once for all who only tamper with the file."""
    url = f"sqlite:///{tmp_path_factory.mktemp('logbook') / 'told.db'}"
    create_schema(url)
    store = Store(url)
    notes = three_watches(store, key)
    data = exported(store, key)
    store.close()
    return Told(data, notes)
