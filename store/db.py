"""Two databases behind one door: SQLite (one process, one writer) and PostgreSQL (any number of processes).

`begin(sites)` is the only way to write. It takes each site's head row first, so that one site has one writer at a time on
either database: sequence numbers then follow commit order, and what a transaction loads cannot change before it saves.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import QueuePool, StaticPool

from store import bulk
from store.aside import Aside
from store.tables import site_head

log = logging.getLogger(__name__)


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
    """An open write transaction and the heads it holds. `known`: sites whose head row is known to be there. `sent`: its
    commit is on its way, and it takes nothing more. `soon`: what sends it, where it need not be waited for.
    """

    conn: Connection
    dialect: str
    heads: dict[str, Head] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    sent: bool = False
    soon: Callable[[Connection], int] | None = None


Committed = Callable[[Mapping[str, int]], None]


class Store:
    """Engines, transactions, and who wants to hear of a commit.

    Errors never quote bound values: they end up in logs, and the values are people's names and what devices said.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        self._listeners: list[Committed] = []
        self._known: frozenset[str] = frozenset()
        self._lock: threading.Lock | None = None
        self._aside: Aside | None = None
        self._soon: Callable[[Connection], int] | None = None
        if self.dialect == "sqlite":
            self._writer, self._reader = _sqlite_engines(self.url.database)
            self._lock = threading.Lock()
            if self._reader is not self._writer:
                self._aside = _aside(self._writer)
                self._soon = self._aside.commit
        elif self.dialect == "postgresql":
            from store import copy  # here: who keeps to SQLite need not wait for the other driver

            self._writer, self._reader = _postgresql_engines(self.url)
            self._soon = copy.commit_soon
        else:
            raise ValueError(f"store URL {url!r}: use sqlite:///FILE or postgresql://…")
        self._holder: int | None = None

    def on_commit(self, listener: Committed) -> None:
        """Call `listener` with {site: newest seq} after each commit of this process that pushed something, on the
        committing thread. Two threads may call out of order: keep the greatest.
        """
        self._listeners.append(listener)

    @contextmanager
    def begin(self, sites: Iterable[str] = ()) -> Iterator[Tx]:
        """One transaction that may write to `sites`; commits on exit, rolls back on any error. Never one inside another."""
        with self._alone(), self._writer.connect() as conn, conn.begin():
            tx = Tx(conn, self.dialect, known=self._known, soon=self._soon)
            take_heads(tx, sites)
            yield tx
            if not tx.sent:
                _put_heads(tx)
        self._known |= tx.heads.keys()
        news = {site: head.seq for site, head in tx.heads.items() if head.changed}
        if news:
            self._tell(news)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot for reading."""
        with self._alone(only=self._reader is self._writer), self._reader.connect() as conn, conn.begin():
            yield conn

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    def close(self) -> None:
        """Give every connection back. The writer goes last: closing the last connection of an SQLite file writes to it."""
        self._reader.dispose()
        self._writer.dispose()
        if self._aside is not None:
            self._aside.close()

    def _tell(self, news: Mapping[str, int]) -> None:
        """The rows are durable: a listener's trouble must not make the writer believe otherwise."""
        for listener in self._listeners:
            try:
                listener(news)
            except Exception:
                log.exception("store.listener_failed")

    @contextmanager
    def _alone(self, *, only: bool = True) -> Iterator[None]:
        """One thread at a time where the database has one connection; the same thread twice is a fault in our code."""
        if self._lock is None or not only:
            yield
            return
        if self._holder == threading.get_ident():
            raise RuntimeError("this thread has a transaction open already")
        with self._lock:
            self._holder = threading.get_ident()
            try:
                yield
            finally:
                self._holder = None


def take_heads(tx: Tx, sites: Iterable[str]) -> None:
    """Take the heads of `sites`, in one order everywhere so that two transactions cannot wait for each other."""
    wanted = sorted(set(sites) - tx.heads.keys())
    if not wanted:
        return
    if tx.heads and wanted[0] < max(tx.heads):
        raise ValueError(f"{wanted[0]} must be taken before {max(tx.heads)}: name all sites at the beginning")
    if not tx.known.issuperset(wanted):
        _make_heads(tx, wanted)
    mark, lock = ("%s", " FOR UPDATE") if tx.dialect == "postgresql" else ("?", "")
    sql = f"{_HEADS} WHERE site_id IN ({', '.join([mark] * len(wanted))}) ORDER BY site_id{lock}"
    for site, *values in tx.conn.exec_driver_sql(sql, tuple(wanted)):
        tx.heads[site] = Head(*values)


def commit_soon(tx: Tx) -> int | None:
    """Send the commit without waiting for it; leaving `begin` then only takes its outcome. Returns the descriptor that
    becomes readable with it, or None where a commit is nothing to wait for: in memory.
    """
    if tx.soon is None:
        return None
    _put_heads(tx)
    tx.sent = True
    return tx.soon(tx.conn)


_HEADS = "SELECT site_id, seq, alert_no, log_size, log_chain, log_frontier FROM site_head"
_EMPTY: Mapping[str, Any] = {"seq": 0, "alert_no": 0, "log_size": 0, "log_chain": b"\0" * 32, "log_frontier": b""}


def _make_heads(tx: Tx, wanted: Sequence[str]) -> None:
    """Insert the heads that are not there. Before any is locked: waiting for another's insert while holding a lock could
    close a ring.
    """
    there = set(tx.conn.scalars(select(site_head.c.site_id).where(site_head.c.site_id.in_(wanted))))
    new = [{"site_id": s, **_EMPTY} for s in wanted if s not in there]
    bulk.insert_ignoring(tx.conn, tx.dialect, site_head, new)


def _put_heads(tx: Tx) -> None:
    bulk.update(
        tx.conn,
        tx.dialect,
        site_head,
        ("site_id",),
        [
            {
                "site_id": site,
                "seq": head.seq,
                "alert_no": head.alert_no,
                "log_size": head.log_size,
                "log_chain": head.log_chain,
                "log_frontier": head.log_frontier,
            }
            for site, head in tx.heads.items()
            if head.changed
        ],
    )


def _postgresql_engines(url: URL) -> tuple[Engine, Engine]:
    """READ COMMITTED for writers, who load only after they hold the head; one read-only snapshot for readers."""
    from store import copy  # here: who keeps to SQLite need not wait for the other driver

    url = url.set(drivername="postgresql+psycopg")
    args = {"connect_timeout": 10, "application_name": "watchroom", "keepalives_idle": 30}
    sized: dict[str, Any] = {"pool_size": 4, "max_overflow": 12, "pool_pre_ping": True, "connect_args": args}
    writer = create_engine(url, hide_parameters=True, **sized)
    reader = create_engine(url, hide_parameters=True, isolation_level="REPEATABLE READ", **sized)

    @event.listens_for(reader, "connect")
    def _(dbapi: Any, _record: object) -> None:
        dbapi.read_only = True

    for engine in (writer, reader):
        event.listen(engine, "before_cursor_execute", _clean, retval=True)
    event.listen(writer, "before_cursor_execute", lambda conn, *_: copy.settle(conn))
    event.listen(writer, "commit", copy.settle)
    event.listen(writer, "rollback", copy.drop)
    return writer, reader


def _clean(
    _conn: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
) -> tuple[str, Any]:
    """The sign for NUL in single statements too; `bulk` sees to its own."""
    if many or not parameters:
        return statement, parameters
    if isinstance(parameters, Mapping):
        if any(type(v) is str and "\0" in v for v in parameters.values()):
            return statement, {k: bulk.without_nul(v) for k, v in parameters.items()}
    elif any(type(v) is str and "\0" in v for v in parameters):
        return statement, tuple(map(bulk.without_nul, parameters))
    return statement, parameters


def _sqlite_engines(database: str | None) -> tuple[Engine, Engine]:
    if not database or database == ":memory:":
        engine = create_engine(
            "sqlite://",
            hide_parameters=True,
            poolclass=StaticPool,
            connect_args={"check_same_thread": False, "isolation_level": None},
        )
        _prepare(engine, "BEGIN", memory=True)
        event.listen(engine, "before_cursor_execute", _clean, retval=True)
        return engine, engine
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{database}"
    args: dict[str, Any] = {
        "check_same_thread": False,
        "isolation_level": None,
        "timeout": 30,
        "cached_statements": 256,
    }
    writer = create_engine(
        url, hide_parameters=True, poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args=args
    )
    reader = create_engine(
        url, hide_parameters=True, poolclass=QueuePool, pool_size=8, max_overflow=8, connect_args=args
    )
    _prepare(writer, "BEGIN IMMEDIATE")
    _prepare(reader, "BEGIN", read_only=True)
    for engine in (writer, reader):
        event.listen(engine, "before_cursor_execute", _clean, retval=True)
    with writer.connect():  # makes the file and its WAL before any reader looks; a bad path fails here and now
        pass
    return writer, reader


def _aside(writer: Engine) -> Aside:
    made = Aside()
    event.listen(writer, "commit", made.settle)
    event.listen(writer, "rollback", made.drop)
    return made


def _prepare(engine: Engine, begin: str, *, memory: bool = False, read_only: bool = False) -> None:
    """Set what SQLite forgets at every connect. FULL: a commit survives a power cut. One writer also checkpoints,
    which keeps SQLite 3.7.0-3.51.2 clear of its WAL-reset fault.
    """

    @event.listens_for(engine, "connect")
    def _(dbapi: sqlite3.Connection, _record: object) -> None:
        settings: Sequence[str] = (
            "foreign_keys=ON",
            "busy_timeout=30000",
            f"cache_size={-16384 if read_only else -65536}",
            "temp_store=MEMORY",
            *(() if memory or read_only else ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=8000")),
            *(("query_only=ON", "wal_autocheckpoint=0") if read_only else ()),
        )
        for setting in settings:
            dbapi.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def _(conn: Connection) -> None:
        conn.exec_driver_sql(begin)
