"""The spool: every accepted event, fsynced before it is answered, kept until the server's receipt covers it.

One SQLite file for one gateway process. A transaction is one fsync however many events it holds. The bytes of an event
are made here, once, together with its `(boot, seq)`; they are what is sent, and sent again, until the end.
"""

import contextlib
import json
import logging
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from core.clock import micros
from core.ids import fresh
from core.kinds import Effect, Klass, kind_of
from gateway.fact import STORAGE_FAULT, Fact, Refused, fact, written
from gateway.order import Waiting

log = logging.getLogger("gateway.spool")

CAPACITY: Final = 100_000
SETTLED_KEPT: Final = 20_000  # covered ids remembered, so that an input's late retry is still recognised
REFUSED_KEPT: Final = 500
REFUSED_BYTES: Final = 4096
COMMANDS_KEPT: Final = 1000
SHED_FIRST: Final = frozenset({"device.heartbeat"})  # the next one says the same
_SHED_FIRST_AT: Final = 0.9

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
  n INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
  device TEXT NOT NULL, urgent INTEGER NOT NULL, kept_at INTEGER NOT NULL, crc INTEGER NOT NULL, raw BLOB NOT NULL,
  UNIQUE (boot, seq));
CREATE TABLE IF NOT EXISTS settled (
  id TEXT PRIMARY KEY, n INTEGER NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL, device TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS settled_n ON settled (n);
CREATE TABLE IF NOT EXISTS refused (
  n INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, why TEXT NOT NULL, detail TEXT NOT NULL, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS commands (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
"""


class SpoolBusy(Exception):  # noqa: N818
    """Another process holds this spool."""


class Kept(Struct, frozen=True):
    """Where an event stands. `row` is None when the same id had been kept before."""

    id: str
    boot: str
    seq: int
    row: Waiting | None = None
    raw: bytes = b""


class Spool:
    """Open with `Spool.open`. Not safe for several threads at once; the process gives it one thread of its own."""

    def __init__(self, conn: sqlite3.Connection, boot: str, capacity: int, broken: Path | None) -> None:
        self._conn = conn
        self.boot = boot
        self.capacity = capacity
        self.broken = broken
        self.shed = 0
        self._seq = 0
        self._count: int = conn.execute("SELECT count(*) FROM events").fetchone()[0]

    @classmethod
    def open(cls, path: Path, at: datetime, capacity: int = CAPACITY) -> "Spool":
        """Open or make the file. A broken one is put aside, what can still be read of it is carried over."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return cls(_connect(path), fresh(at), capacity, None)
        except sqlite3.DatabaseError as wrong:
            _only_if_broken(wrong, path)
            log.exception("spool.broken", extra={"path": str(path)})
        aside = _put_aside(path, at)
        spool = cls(_connect(path), fresh(at), capacity, aside)
        saved = spool._carry_over(_readable(aside))
        log.warning("spool.replaced", extra={"aside": str(aside), "saved": saved})
        return spool

    def close(self) -> None:
        """Let go of the file."""
        self._conn.close()

    def __len__(self) -> int:
        return self._count

    @property
    def last_seq(self) -> int:
        """The newest number given in this boot."""
        return self._seq

    def append(self, facts: Sequence[Fact], at: datetime) -> list[Kept | Refused]:
        """Keep facts in one transaction, one fsync. Answers stand in the order of the facts; only `Kept` is durable."""
        before = self._seq, self._count
        try:
            with self._tx():
                return [self._one(one, at) for one in facts]
        except BaseException:
            self._seq, self._count = before
            raise

    def waiting(self) -> Iterator[Waiting]:
        """Everything not yet covered, oldest first."""
        sql = "SELECT n, boot, seq, device, urgent, kept_at, length(raw) FROM events ORDER BY n"
        boots: dict[str, str] = {}
        for n, boot, seq, device, urgent, kept_at, size in self._conn.execute(sql):
            one = boots.setdefault(boot, boot)
            yield Waiting(n, one, seq, boots.setdefault(device, device), bool(urgent), kept_at, size)

    def last_words(self) -> list[tuple[str, int]]:
        """The newest event of each device among those already covered."""
        return list(self._conn.execute("SELECT device, max(n) FROM settled GROUP BY device"))

    def read(self, ns: Sequence[int]) -> dict[int, bytes]:
        """The bytes of some events; one that rotted on the disk is missing from the answer."""
        wanted = (json.dumps(list(ns)),)
        rows = self._conn.execute("SELECT n, crc, raw FROM events WHERE n IN (SELECT value FROM json_each(?))", wanted)
        return {n: raw for n, crc, raw in rows if _is_whole(raw, crc)}

    def covered(self, through: Iterable[tuple[str, int]]) -> int:
        """Forget what receipts cover: (boot, through) pairs. Returns how many went."""
        gone = 0
        with self._tx():
            for pair in through:
                self._conn.execute(
                    "INSERT OR IGNORE INTO settled SELECT id, n, boot, seq, device FROM events WHERE boot = ? AND seq <= ?",
                    pair,
                )
                gone += self._conn.execute("DELETE FROM events WHERE boot = ? AND seq <= ?", pair).rowcount
            self._conn.execute("DELETE FROM settled WHERE n <= (SELECT max(n) FROM settled) - ?", (SETTLED_KEPT,))
        self._count -= gone
        return gone

    def replace(self, ns: Sequence[int], gateway: str, at: datetime) -> list[Waiting]:
        """Give up events whose bytes rotted: an event that says so takes their place in the order, so no gap is left."""
        made = []
        with self._tx():
            for n in ns:
                boot, seq, old = self._conn.execute("SELECT boot, seq, raw FROM events WHERE n = ?", (n,)).fetchone()
                self._refuse(at, "rotten", "the kept bytes no longer match their checksum", old)
                told = fact(at, gateway, STORAGE_FAULT, {"lost": 1})
                raw = written(told, boot, seq, at)
                self._conn.execute(
                    "UPDATE events SET id = ?, device = ?, urgent = 0, crc = ?, raw = ? WHERE n = ?",
                    (told.id, gateway, zlib.crc32(raw), raw, n),
                )
                made.append(Waiting(n, boot, seq, gateway, False, micros(at), len(raw)))
        return made

    def refuse(self, refusals: Sequence[tuple[Refused, bytes]], at: datetime) -> None:
        """Keep what was not taken, with its reason, for whoever looks into it; bounded."""
        with self._tx():
            for refused, raw in refusals:
                self._refuse(at, refused.why, refused.detail, raw)

    def refusals(self) -> list[tuple[str, str, bytes]]:
        """(why, detail, first bytes) of what was not taken, newest last."""
        return list(self._conn.execute("SELECT why, detail, raw FROM refused ORDER BY n"))

    def first_time(self, command_id: str) -> bool:
        """Whether a command is new here; remembers it."""
        with self._tx():
            fresh_one = (
                self._conn.execute("INSERT OR IGNORE INTO commands (id) VALUES (?)", (command_id,)).rowcount == 1
            )
            self._conn.execute("DELETE FROM commands WHERE n <= (SELECT max(n) FROM commands) - ?", (COMMANDS_KEPT,))
        return fresh_one

    def _one(self, fact: Fact, at: datetime) -> Kept | Refused:
        known = self._conn.execute(
            "SELECT boot, seq FROM events WHERE id = ?1 UNION ALL SELECT boot, seq FROM settled WHERE id = ?1",
            (fact.id,),
        ).fetchone()
        if known is not None:
            return Kept(fact.id, known[0], known[1])
        if self._sheds(fact.kind):
            self.shed += 1
            return Refused("spool_full", f"{self._count} events wait for the server, room for {self.capacity}")
        raw = written(fact, self.boot, self._seq + 1, at)
        urgent = kind_of(fact.kind).klass is Klass.ALARM
        kept_at = micros(at)
        n = self._conn.execute(
            "INSERT INTO events (boot, seq, id, device, urgent, kept_at, crc, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.boot, self._seq + 1, fact.id, fact.device, urgent, kept_at, zlib.crc32(raw), raw),
        ).lastrowid
        assert n is not None  # noqa: S101 - an INSERT has a row id
        self._seq += 1
        self._count += 1
        row = Waiting(n, self.boot, self._seq, fact.device, urgent, kept_at, len(raw))
        return Kept(fact.id, self.boot, self._seq, row, raw)

    def _sheds(self, name: str) -> bool:
        """Never an alarm, nor the word that one is over; heartbeats go before anything else does."""
        if self._count < self.capacity * _SHED_FIRST_AT:
            return False
        kind = kind_of(name)
        if kind.klass is Klass.ALARM or kind.effect is Effect.CLEAR:
            return False
        return name in SHED_FIRST or self._count >= self.capacity

    def _refuse(self, at: datetime, why: str, detail: str, raw: bytes) -> None:
        row = (micros(at), why, detail, raw[:REFUSED_BYTES])
        self._conn.execute("INSERT INTO refused (at, why, detail, raw) VALUES (?, ?, ?, ?)", row)
        self._conn.execute("DELETE FROM refused WHERE n <= (SELECT max(n) FROM refused) - ?", (REFUSED_KEPT,))

    def _carry_over(self, rows: Iterable[tuple[object, ...]]) -> int:
        marks = (
            "INSERT OR IGNORE INTO events (boot, seq, id, device, urgent, kept_at, crc, raw) VALUES (?,?,?,?,?,?,?,?)"
        )
        with self._tx():
            saved = sum(self._conn.execute(marks, row).rowcount for row in rows)
        self._count += saved
        return saved

    @contextlib.contextmanager
    def _tx(self) -> Iterator[None]:
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._conn.execute("ROLLBACK")
            raise
        self._conn.execute("COMMIT")


def _is_whole(raw: object, crc: object) -> bool:
    return isinstance(raw, bytes) and zlib.crc32(raw) == crc


def _connect(path: Path) -> sqlite3.Connection:
    """EXCLUSIVE keeps a second process out; FULL makes each commit an fsync."""
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.5)
    try:
        conn.execute("PRAGMA locking_mode=EXCLUSIVE")
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        conn.executescript(_SCHEMA)
        _check(conn)
    except BaseException:
        conn.close()
        raise
    return conn


def _check(conn: sqlite3.Connection) -> None:
    found = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        wrong = sqlite3.DatabaseError(found)
        wrong.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise wrong


def _only_if_broken(wrong: sqlite3.DatabaseError, path: Path) -> None:
    """Go on only when the file itself is damaged; a full disk or a second process is another matter."""
    code = getattr(wrong, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        raise SpoolBusy(f"{path} is in use by another process") from wrong
    if code not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}:
        raise wrong


def _put_aside(path: Path, at: datetime) -> Path:
    aside = path.with_name(f"{path.name}.broken-{at:%Y%m%dT%H%M%S%f}")
    for tail in ("", "-wal", "-shm"):
        part = path.with_name(path.name + tail)
        if part.exists():
            part.rename(aside.with_name(aside.name + tail))
    return aside


def _readable(path: Path) -> list[tuple[object, ...]]:
    """The rows of a broken file up to the first that cannot be read, then those from the other end."""
    rows: dict[int, tuple[object, ...]] = {}
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        for way in ("ASC", "DESC"):
            sql = f"SELECT n, boot, seq, id, device, urgent, kept_at, crc, raw FROM events NOT INDEXED ORDER BY n {way}"  # noqa: S608
            with contextlib.suppress(sqlite3.DatabaseError):
                for n, *row in conn.execute(sql):
                    if _is_whole(row[-1], row[-2]):
                        rows.setdefault(n, tuple(row))
    finally:
        conn.close()
    return [rows[n] for n in sorted(rows)]
