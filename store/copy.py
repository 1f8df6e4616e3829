"""What PostgreSQL is given without waiting for it: very many new rows by COPY, which costs it least, and all else whose
outcome nobody asks for in a pipeline, the commit itself if it is sent ahead.

Both stay open until the connection's next statement that does need an answer, commit or rollback (`settle`). So the server
puts one table's rows away while we make the next ones, and rows may come piece by piece while they are made. An error
comes that much later.

Both go past SQLAlchemy, so their errors are brought back to what the rest of the house expects of a statement.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, cast

import psycopg
from psycopg import generators
from psycopg.copy import Copy, LibpqWriter
from psycopg.pq import ExecStatus
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

PIECE: Final = 100  # rows
_OPEN: Final = "watchroom.open"  # where a connection keeps what is open on it


class _Writer(LibpqWriter):
    """Can send the end of a COPY without waiting for what becomes of it."""

    ended = False

    def end(self) -> None:
        """Send the end, as far as the socket takes it now."""
        self.ended = self._pgconn.put_copy_end(None) == 1
        if self.ended:
            self._pgconn.flush()

    def finish(self, exc: BaseException | None = None) -> None:
        """Wait for the outcome."""
        if not self.ended:
            super().finish(exc)
            return
        (result,) = self.connection.wait(generators.execute(self._pgconn))  # sends what is left of it, then fetches
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result, encoding=self.connection.info.encoding)
        self.cursor._results = [result]


@dataclass(slots=True)
class _Open:
    """A COPY (with its `copy` and `writer`) or a pipeline that is under way. Leaving `lease` waits for its outcome."""

    statement: str
    lease: AbstractContextManager[Any]
    copy: Copy | None = None
    writer: _Writer | None = None


def copy_in(
    conn: Connection,
    table: Table,
    columns: Sequence[str],
    kinds: Sequence[str],
    tuples: Sequence[tuple[Any, ...]],
    *,
    more: bool = False,
) -> None:
    """Append `tuples`, whose values have the PostgreSQL types `kinds`. A clash is an error, as with INSERT, only later.
    `more`: the caller will come again with rows of the same table before any other statement.
    """
    statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
    piece = _text(kinds, tuples[:PIECE])  # before waiting for the COPY that is still open
    now = conn.info.get(_OPEN)
    if now is None or now.statement != statement or now.writer is None or now.writer.ended:
        settle(conn)
        now = _begin(conn, statement)
    copy, writer = cast("Copy", now.copy), cast("_Writer", now.writer)
    with _told_as_ours(conn, statement):
        copy.write(piece)
        for begin in range(PIECE, len(tuples), PIECE):  # the server reads one piece while we write the next
            copy.write(_text(kinds, tuples[begin : begin + PIECE]))
        if not more:
            writer.end()


def send(conn: Connection, sql: str, arguments: Sequence[Any]) -> None:
    """Run a statement whose outcome nobody asks for, unless it fails; after others of its kind, without waiting for them."""
    now = conn.info.get(_OPEN)
    if now is None or now.copy is not None:
        settle(conn)
        lease = _raw(conn).pipeline()
        with _told_as_ours(conn, sql):
            lease.__enter__()
        now = conn.info[_OPEN] = _Open(sql, lease)
    with _told_as_ours(conn, sql):
        _raw(conn).cursor().execute(sql.encode(), arguments)


def commit_soon(conn: Connection) -> int:
    """Send the commit behind what is under way, waiting for neither. Nothing may follow it but the connection's own commit,
    which takes the outcome. Returns the descriptor that becomes readable with it.
    """
    send(conn, "COMMIT", ())
    raw = _raw(conn).pgconn
    with _told_as_ours(conn, "COMMIT"):
        raw.send_flush_request()  # else it would be told only at the end of the pipeline
        raw.flush()
    return raw.socket


def under_way(conn: Connection, table: Table) -> bool:
    """Whether a COPY into `table` is open for more rows."""
    now = conn.info.get(_OPEN)
    return (
        now is not None
        and now.writer is not None
        and not now.writer.ended
        and now.statement.startswith(f"COPY {table.name} ")
    )


def settle(conn: Connection) -> None:
    """Wait for what is open on this connection. Raises what it raised."""
    now = conn.info.pop(_OPEN, None)
    if now is not None:
        with _told_as_ours(conn, now.statement):
            now.lease.__exit__(None, None, None)


def drop(conn: Connection) -> None:
    """The transaction is given up: end what is open, whatever comes of it."""
    if not conn.invalidated:
        with suppress(DBAPIError):
            settle(conn)


def _begin(conn: Connection, statement: str) -> _Open:
    with _told_as_ours(conn, statement):
        cursor = _raw(conn).cursor()
        writer = _Writer(cursor)
        lease = cursor.copy(statement.encode(), writer=writer)
        now = conn.info[_OPEN] = _Open(statement, lease, lease.__enter__(), writer)
    return now


def _raw(conn: Connection) -> "psycopg.Connection[Any]":
    return cast("psycopg.Connection[Any]", conn.connection.driver_connection)


@contextmanager
def _told_as_ours(conn: Connection, statement: str) -> Iterator[None]:
    """What psycopg raises, as SQLAlchemy would."""
    try:
        yield
    except psycopg.Error as wrong:
        raw, failed = _raw(conn), conn.info.pop(_OPEN, None)
        if failed is not None:
            with suppress(psycopg.Error):
                failed.lease.__exit__(type(wrong), wrong, None)
        gone = conn.dialect.is_disconnect(cast("Any", wrong), cast("Any", raw), None)
        if gone:
            conn.invalidate(wrong)
        raise DBAPIError.instance(
            statement, (), wrong, psycopg.Error, connection_invalidated=gone, dialect=conn.dialect
        ) from wrong


def _text(kinds: Sequence[str], tuples: Sequence[tuple[Any, ...]]) -> str:
    """Rows as COPY's text."""
    fields = map(_column, kinds, zip(*tuples, strict=True))
    return "\n".join(map("\t".join, zip(*fields, strict=True))) + "\n"


def _column(kind: str, values: Sequence[Any]) -> list[str]:
    """One column as COPY's text. Many hold one value throughout: a site, a moment, nothing."""
    if len(values) > 1 and values.count(values[0]) == len(values):
        return _column(kind, values[:1]) * len(values)
    if kind == "text":
        return _texts(values)
    write = _WRITERS[kind]
    if None in values:
        return [r"\N" if v is None else write(v) for v in values]
    return list(map(write, values))


def _texts(values: Sequence[str | None]) -> list[str]:
    """Escaped in one pass over the joined column. NUL, which PostgreSQL does not take, becomes its symbol."""
    joined = "\0".join(["" if v is None else v for v in values])
    if joined.count("\0") != len(values) - 1:
        return _texts([None if v is None else v.replace("\0", "\u2400") for v in values])
    for plain, escaped in _ESCAPES:
        if plain in joined:
            joined = joined.replace(plain, escaped)
    made = joined.split("\0")
    if None in values:
        return [r"\N" if v is None else m for v, m in zip(values, made, strict=True)]
    return made


_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))

_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "bigint": str,
    "integer": str,
    "boolean": lambda v: "t" if v else "f",
    "double precision": repr,
    "bytea": lambda v: "\\\\x" + bytes(v).hex(),
}
