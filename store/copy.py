"""Many new rows into PostgreSQL by COPY: a third of what the same rows cost as arrays in an INSERT.

COPY goes past SQLAlchemy, so its errors are brought back to what the rest of the house expects of a statement.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    import psycopg

PIECE = 100  # rows


def copy_in(
    conn: Connection, table: Table, columns: Sequence[str], kinds: Sequence[str], tuples: Sequence[tuple[Any, ...]]
) -> None:
    """Append `tuples`, whose values have the PostgreSQL types `kinds`. A clash is an error, as with INSERT."""
    import psycopg  # here: who keeps to SQLite need not wait for it

    raw = cast("psycopg.Connection[Any]", conn.connection.driver_connection)
    statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
    try:
        with raw.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for begin in range(0, len(tuples), PIECE):  # the server reads one piece while we write the next
                copy.write(_text(kinds, tuples[begin : begin + PIECE]))
    except psycopg.Error as wrong:
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
    """One column as COPY's text."""
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
