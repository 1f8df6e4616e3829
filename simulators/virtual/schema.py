"""A fresh store in memory. The schema is made once a process and then copied, which takes no time at all."""

import sqlite3
from functools import cache
from importlib import import_module
from typing import Any, Final

from sqlalchemy import create_engine

from store.metadata import metadata

_SLICES: Final = ("store", "sites", "logbook", "duty", "alerts", "patrol", "ingest")
URL: Final = "sqlite://"


def lay(dbapi: Any) -> None:
    """Put every table of every slice into an empty in-memory database."""
    dbapi.deserialize(_image())


@cache
def _image() -> bytes:
    for part in _SLICES:
        import_module(f"{part}.tables")
    engine = create_engine(URL)
    with engine.begin() as conn:
        metadata.create_all(conn, checkfirst=False)  # nothing is there yet
    with engine.connect() as conn:
        raw: Any = conn.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - what the URL asks for
        image = bytes(raw.serialize())
    engine.dispose()
    return image
