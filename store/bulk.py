"""The few hot statements: many rows in one go, past the expression layer.

SQLite takes tuples through the driver's executemany; PostgreSQL takes one typed array per column through UNNEST. Measured,
this is 1.4-5 times the rate of insert constructs. Values are given as they rest: microseconds, JSON text, bytes.

Both databases keep the same: a NUL in text, which PostgreSQL cannot hold and panels like to pad with, becomes the sign
for it (U+2400); rows of different columns and a key that comes twice are a ValueError before anything is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import BigInteger, Boolean, Connection, Double, Integer, LargeBinary, String, Table

WORTH_COPYING = 400  # a COPY costs PostgreSQL less, but whatever follows it waits for its end

Rows = Sequence[Mapping[str, Any]]
Columns = tuple[str, ...]
Tuples = Sequence[tuple[Any, ...]]

NUL_SIGN = "\u2400"


def insert(conn: Connection, dialect: str, table: Table, rows: Rows) -> None:
    """Insert `rows`, which all have the same keys. A clash is an error."""
    if rows:
        columns = tuple(rows[0])
        insert_tuples(conn, dialect, table, columns, _tuples(columns, rows))


def insert_tuples(
    conn: Connection,
    dialect: str,
    table: Table,
    columns: Columns,
    tuples: Tuples,
    *,
    more: bool = False,
    clean: bool = False,
) -> None:
    """Insert rows given as tuples in the order of `columns`. A clash is an error, at the latest when the transaction ends.
    `more`: the next statement brings more rows of the same table. `clean`: the caller knows that no text in it holds a NUL.
    """
    if not tuples:
        return
    if dialect == "postgresql":
        from store import copy  # here: who keeps to SQLite need not wait for the other driver

        if more or len(tuples) >= WORTH_COPYING or copy.under_way(conn, table):
            copy.copy_in(conn, table, columns, [_pg_type(table, c) for c in columns], tuples, more=more)
            return
    _run(conn, dialect, table, partial(_insert_sql, table, columns, dialect, ""), columns, tuples, clean=clean)


def insert_ignoring(
    conn: Connection,
    dialect: str,
    table: Table,
    rows: Rows,
    *,
    keys: Columns | None = None,
    only_missing: bool = False,
) -> None:
    """Insert those of `rows` whose key (the primary one, or the unique `keys`) is not there yet. `only_missing` looks
    first, so that a plain re-read does not write.
    """
    if not rows:
        return
    keys = keys or _primary(table)
    if only_missing:
        rows = [row for row in rows if not _there(conn, dialect, table, keys, row)]
        if not rows:
            return
    columns = tuple(rows[0])
    tail = f" ON CONFLICT ({', '.join(keys)}) DO NOTHING"
    sql = partial(_insert_sql, table, columns, dialect, tail)
    _run(conn, dialect, table, sql, columns, _tuples(columns, rows), wait=True)


def upsert(conn: Connection, dialect: str, table: Table, rows: Rows) -> None:
    """Insert `rows`, or replace the columns given in those that are there. No key may come twice in `rows`."""
    if not rows:
        return
    keys, columns = _primary(table), tuple(rows[0])
    _refuse_twins(table, keys, rows)
    upsert_tuples(conn, dialect, table, columns, _tuples(columns, rows))


def upsert_tuples(
    conn: Connection, dialect: str, table: Table, columns: Columns, tuples: Tuples, *, clean: bool = False
) -> None:
    """`upsert` of rows given as tuples in the order of `columns`, by a caller whose keys cannot come twice."""
    if tuples:
        tail = _replacing(table, columns)
        _run(conn, dialect, table, partial(_insert_sql, table, columns, dialect, tail), columns, tuples, clean=clean)


def update(conn: Connection, dialect: str, table: Table, keys: Sequence[str], rows: Rows) -> None:
    """Set every column of `rows` that is not a key, where the keys match."""
    if not rows:
        return
    keys, columns = tuple(keys), tuple(rows[0])
    _refuse_twins(table, keys, rows)
    order = (*(c for c in columns if c not in keys), *keys)
    sql = partial(_update_sql, table, keys, columns, dialect)
    _run(conn, dialect, table, sql, order, _tuples(order, rows))


def update_tuples(
    conn: Connection, dialect: str, table: Table, sets: Columns, keys: Columns, tuples: Tuples, *, clean: bool = False
) -> None:
    """`update` of rows given as tuples: what is set, then the keys, by a caller whose keys cannot come twice."""
    if tuples:
        sql = partial(_update_sql, table, keys, (*sets, *keys), dialect)
        _run(conn, dialect, table, sql, (*sets, *keys), tuples, clean=clean)


@lru_cache(maxsize=64)
def _marks(sql: str) -> str:
    return sql.replace("?", "%s")


def marked(conn: Connection, sql: str) -> str:
    """A hot statement written with `?`, with the marks that this database's driver wants."""
    return _marks(sql) if conn.dialect.name == "postgresql" else sql


def without_nul(value: Any) -> Any:
    """Text with the sign for NUL in place of each NUL; anything else as it is."""
    return value.replace("\0", NUL_SIGN) if isinstance(value, str) else value


def _there(conn: Connection, dialect: str, table: Table, keys: Columns, row: Mapping[str, Any]) -> bool:
    mark = "%s" if dialect == "postgresql" else "?"
    sql = f"SELECT 1 FROM {table.name} WHERE {' AND '.join(f'{k} = {mark}' for k in keys)}"
    return conn.exec_driver_sql(sql, tuple(row[k] for k in keys)).first() is not None


@lru_cache(maxsize=64)
def _replacing(table: Table, columns: Columns) -> str:
    keys = _primary(table)
    sets = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in keys)
    return f" ON CONFLICT ({', '.join(keys)}) DO " + (f"UPDATE SET {sets}" if sets else "NOTHING")


@lru_cache(maxsize=256)
def _insert_sql(table: Table, columns: Columns, dialect: str, tail: str, *, cut: bool = False) -> str:
    names = ", ".join(columns)
    if dialect == "postgresql":
        return f"INSERT INTO {table.name} ({names}) SELECT * FROM UNNEST({_arrays(table, columns, cut)}){tail}"
    return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))}){tail}"


@lru_cache(maxsize=256)
def _update_sql(table: Table, keys: Columns, columns: Columns, dialect: str, *, cut: bool = False) -> str:
    sets = tuple(c for c in columns if c not in keys)
    if dialect == "postgresql":
        return (
            f"UPDATE {table.name} SET {', '.join(f'{c} = v.{c}' for c in sets)} "
            f"FROM UNNEST({_arrays(table, (*sets, *keys), cut)}) AS v({', '.join((*sets, *keys))}) "
            f"WHERE {' AND '.join(f'{table.name}.{k} = v.{k}' for k in keys)}"
        )
    return (
        f"UPDATE {table.name} SET {', '.join(f'{c} = ?' for c in sets)} WHERE {' AND '.join(f'{k} = ?' for k in keys)}"
    )


def _arrays(table: Table, columns: Columns, cut: bool) -> str:
    """A mark a column: an array, or for text (if `cut`) one string to be cut."""
    kinds = [_pg_type(table, c) for c in columns]
    return ", ".join(_CUT if cut and kind == "text" else f"%s::{kind}[]" for kind in kinds)


_BETWEEN, _NOTHING = "\x1f", "\x1e"  # what text may be cut at, and what stands for NULL, unless some text holds them
_CUT = r"string_to_array(%s, E'\x1f', E'\x1e')"


@lru_cache(maxsize=1024)
def _pg_type(table: Table, column: str) -> str:
    kind = table.c[column].type
    impl = getattr(kind, "impl_instance", kind)
    for known, name in _PG_TYPES:
        if isinstance(impl, known):
            return name
    raise TypeError(f"{table.name}.{column}: no array type known for {impl!r}")


_PG_TYPES = (
    (BigInteger, "bigint"),
    (Boolean, "boolean"),
    (Integer, "integer"),
    (LargeBinary, "bytea"),
    (Double, "double precision"),
    (String, "text"),
)


@lru_cache(maxsize=256)
def _primary(table: Table) -> Columns:
    return tuple(c.name for c in table.primary_key)


@lru_cache(maxsize=256)
def _texts(table: Table, columns: Columns) -> tuple[int, ...]:
    """Where in `columns` text stands."""
    return tuple(i for i, c in enumerate(columns) if _pg_type(table, c) == "text")


def _tuples(columns: Columns, rows: Rows) -> list[tuple[Any, ...]]:
    width = len(columns)
    if any(len(row) != width for row in rows):
        raise ValueError(f"every row must have exactly the columns {', '.join(columns)}")
    return list(map(_picker(columns), rows))


@lru_cache(maxsize=256)
def _picker(places: tuple[Any, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes those places out of a row, as a tuple even when it is one."""
    if len(places) == 1:
        only = places[0]
        return lambda row: (row[only],)
    return itemgetter(*places)


def _refuse_twins(table: Table, keys: Columns, rows: Rows) -> None:
    """PostgreSQL refuses a key that comes twice (or takes either); SQLite would let the last win."""
    if len(rows) > 1 and len(set(map(_picker(keys), rows))) < len(rows):
        raise ValueError(f"{table.name}: a key comes twice")


def _run(
    conn: Connection,
    dialect: str,
    table: Table,
    sql: Callable[..., str],
    columns: Columns,
    tuples: Tuples,
    *,
    wait: bool = False,
    clean: bool = False,
) -> None:
    """Run a statement for many rows; without `wait`, an error may come as late as the transaction's end."""
    if dialect == "postgresql":
        kinds = [_pg_type(table, c) for c in columns]
        values = list(zip(*tuples, strict=True))
        given = _given(kinds, values)
        cut = given is not None
        arrays = given or tuple(map(_array, kinds, values))
        if wait:
            conn.exec_driver_sql(sql(cut=cut), arrays)
        else:
            from store import copy  # here: who keeps to SQLite need not wait for the other driver

            copy.send(conn, sql(cut=cut), arrays)
        return
    if not clean and _any_nul(_texts(table, columns), tuples):
        tuples = [tuple(map(without_nul, row)) for row in tuples]
    conn.exec_driver_sql(sql(), tuples if isinstance(tuples, list) else list(tuples))


def _any_nul(texts: tuple[int, ...], tuples: Tuples) -> bool:
    return bool(texts) and "\0" in "".join(filter(None, chain.from_iterable(map(_picker(texts), tuples))))


def _given(kinds: Sequence[str], columns: Sequence[Sequence[Any]]) -> tuple[str, ...] | None:
    """Every column as text, that of text uncut, because quoting costs, JSON above all. None where it would not be cut as it
    was joined.
    """
    made = []
    for kind, values in zip(kinds, columns, strict=True):
        if kind != "text":
            made.append(_array(kind, values))
            continue
        texts, plain = values, "".join(filter(None, values))
        if None in values:
            texts = [_NOTHING if v is None else v for v in values]
        if _BETWEEN in plain or _NOTHING in plain or "\0" in plain:
            return None
        joined = _BETWEEN.join(texts)
        if not joined:  # is cut into none
            return None
        made.append(joined)
    return tuple(made)


def _array(kind: str, values: Sequence[Any]) -> str:
    """One column as PostgreSQL's own text for an array: a tenth of what the driver's lists cost."""
    if len(values) > 1 and values.count(values[0]) == len(values):  # a site, a moment, nothing
        only = _array(kind, values[:1])[1:-1]
        return "{" + ",".join([only] * len(values)) + "}"
    if kind == "text":
        return text_array(values)
    write = _WRITERS[kind]
    if None in values:
        return "{" + ",".join(["NULL" if v is None else write(v) for v in values]) + "}"
    return "{" + ",".join(map(write, values)) + "}"


def text_array(values: Sequence[str | None]) -> str:
    """Joined by NUL, which no element may hold, escaped in one pass; NULL rides as U+0001 unless that is taken."""
    missing = values.count(None)
    joined = "\0".join(["\1" if v is None else v for v in values] if missing else cast("Sequence[str]", values))
    if joined.count("\0") != len(values) - 1:
        return text_array([without_nul(v) for v in values])
    escaped = joined.replace("\\", "\\\\").replace('"', '\\"')
    if not missing:
        return '{"' + escaped.replace("\0", '","') + '"}'
    if joined.count("\1") == missing:
        return ('{"' + escaped.replace("\0", '","') + '"}').replace('"\1"', "NULL")
    parts = zip(values, escaped.split("\0"), strict=True)
    return "{" + ",".join("NULL" if v is None else f'"{e}"' for v, e in parts) + "}"


def _bytes(value: bytes) -> str:
    return '"\\\\x' + bytes(value).hex() + '"'


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "bigint": str,
    "integer": str,
    "boolean": lambda v: "t" if v else "f",
    "double precision": repr,
    "bytea": _bytes,
}
