"""Two databases behind one door: SQLite (one process, one writer) and PostgreSQL (any number of processes).

`begin(sites)` is the only way to write. It takes each site's head row first, so that one site has one writer at a time on
either database: sequence numbers then follow commit order, and what a transaction loads cannot change before it saves.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool, StaticPool

from store.bulk import insert_ignoring
from store.tables import site_head


@dataclass(slots=True)
class Head:
    """Where one site's counters and its log stand inside this transaction."""

    seq: int
    alert_no: int
    log_size: int
    log_chain: bytes
    log_frontier: bytes
    changed: bool = False


@dataclass(slots=True)
class Tx:
    """An open write transaction and the heads it holds."""

    conn: Connection
    dialect: str
    heads: dict[str, Head] = field(default_factory=dict)


Committed = Callable[[Mapping[str, int]], None]


class Store:
    """Engines, transactions, and who wants to hear of a commit."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        self._listeners: list[Committed] = []
        if self.dialect == "sqlite":
            self._writer, self._reader = _sqlite_engines(self.url.database)
            self._lock: threading.RLock | None = threading.RLock()
        elif self.dialect == "postgresql":
            self._writer = create_engine(
                self.url.set(drivername="postgresql+psycopg"), pool_size=16, max_overflow=16, pool_pre_ping=True
            )
            # The same pool; what is read in several queries must be one snapshot, as it is on SQLite.
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ")
            self._lock = None
        else:
            raise ValueError(f"store URL {url!r}: use sqlite:///FILE or postgresql://…")

    def on_commit(self, listener: Committed) -> None:
        """Call `listener` with {site: newest seq} after each commit of this process, on the committing thread."""
        self._listeners.append(listener)

    @contextmanager
    def begin(self, sites: Iterable[str] = ()) -> Iterator[Tx]:
        """One transaction that may write to `sites`; commits on exit, rolls back on any error."""
        with self._alone(), self._writer.connect() as conn, conn.begin():
            tx = Tx(conn, self.dialect)
            take_heads(tx, sites)
            yield tx
            news = _put_heads(tx)
        for listener in self._listeners:
            listener(news)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot for reading."""
        with self._reader.connect() as conn, conn.begin():
            yield conn

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._lock is None:
            yield
        else:
            with self._lock:
                yield

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    def close(self) -> None:
        """Give every connection back."""
        self._writer.dispose()
        if self._reader is not self._writer:
            self._reader.dispose()


def take_heads(tx: Tx, sites: Iterable[str]) -> None:
    """Take the heads of `sites`, in one order everywhere so that two transactions cannot wait for each other."""
    wanted = sorted(set(sites) - tx.heads.keys())
    if not wanted:
        return
    insert_ignoring(tx.conn, tx.dialect, site_head, [{"site_id": s, **_EMPTY} for s in wanted], only_missing=True)
    query = select(site_head).where(site_head.c.site_id.in_(wanted)).order_by(site_head.c.site_id)
    if tx.dialect == "postgresql":
        query = query.with_for_update()
    for row in tx.conn.execute(query):
        tx.heads[row.site_id] = Head(row.seq, row.alert_no, row.log_size, row.log_chain, row.log_frontier)


_EMPTY: Mapping[str, Any] = {"seq": 0, "alert_no": 0, "log_size": 0, "log_chain": b"\0" * 32, "log_frontier": b""}


def _put_heads(tx: Tx) -> dict[str, int]:
    changed = {site: head for site, head in tx.heads.items() if head.changed}
    for site, head in changed.items():
        tx.conn.execute(
            update(site_head)
            .where(site_head.c.site_id == site)
            .values(
                seq=head.seq,
                alert_no=head.alert_no,
                log_size=head.log_size,
                log_chain=head.log_chain,
                log_frontier=head.log_frontier,
            )
        )
    return {site: head.seq for site, head in changed.items()}


def _sqlite_engines(database: str | None) -> tuple[Engine, Engine]:
    if not database or database == ":memory:":
        engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False, "isolation_level": None}
        )
        _prepare(engine, "BEGIN", memory=True)
        return engine, engine
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{database}"
    args: dict[str, Any] = {
        "check_same_thread": False,
        "isolation_level": None,
        "timeout": 30,
        "cached_statements": 256,
    }
    writer = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args=args)
    reader = create_engine(url, poolclass=QueuePool, pool_size=8, max_overflow=8, connect_args=args)
    _prepare(writer, "BEGIN IMMEDIATE")
    _prepare(reader, "BEGIN", read_only=True)
    return writer, reader


def _prepare(engine: Engine, begin: str, *, memory: bool = False, read_only: bool = False) -> None:
    """Set what SQLite forgets at every connect. FULL: a commit survives a power cut. One writer also checkpoints,
    which keeps SQLite 3.7.0-3.51.2 clear of its WAL-reset fault.
    """

    @event.listens_for(engine, "connect")
    def _(dbapi: sqlite3.Connection, _record: object) -> None:
        settings: Sequence[str] = (
            "foreign_keys=ON",
            "busy_timeout=30000",
            "cache_size=-65536",
            "temp_store=MEMORY",
            *(() if memory else ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=8000")),
            *(("query_only=ON", "wal_autocheckpoint=0") if read_only else ()),
        )
        for setting in settings:
            dbapi.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def _(conn: Connection) -> None:
        conn.exec_driver_sql(begin)
