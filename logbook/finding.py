"""Finding in the log what people wrote and did (LOG-07, RPT-07). The index is derived: it can always be made anew.

Only lines by people are in it, so that the path of alarms never waits for it. On SQLite each site has an FTS5 table whose
row numbers are those of the entries: matches come newest first without sorting. On PostgreSQL the newest few thousand are
read through as they stand, which a common word fills a page from; what is rarer a GIN index finds. It needs no extension.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, func, select

from core.clock import micros
from logbook.rules import Line
from logbook.tables import log_entry, log_text
from logbook.wording import MOST, Phrase, mark, marks, phrases, spoken, words
from store import bulk, fulltext
from store.bulk import marked
from store.db import Store, Tx

SYSTEM: Final = "system"
NEAR: Final = 4000
DERIVED: Final = "log_words"


class Asked(msgspec.Struct, frozen=True):
    """What is looked for; everything given must fit. `until` is excluded, `before` is an entry's number."""

    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    act: str | None = None
    subject: str | None = None
    form: str | None = None
    before: int | None = None


def index(tx: Tx, site_id: str, first: int, lines: Sequence[Line]) -> None:
    """Put the lines by people among `lines`, numbered from `first`, into the index."""
    rows = [_row(site_id, n, line) for n, line in enumerate(lines, first) if line.actor != SYSTEM]
    if rows:
        _insert(tx, site_id, rows)


def _row(site_id: str, n: int, line: Line) -> dict[str, Any]:
    form = line.data.get("form")
    name = form.get("id", "") if isinstance(form, dict) else ""
    said = [*marks(line.act, line.actor, line.subject, name), *words(spoken(line.data))]
    return {
        "site_id": site_id,
        "n": n,
        "at": micros(line.at),
        "act": line.act,
        "actor": line.actor,
        "subject": line.subject,
        "form": name,
        "words": " ".join(said[:MOST]),
    }


def _insert(tx: Tx, site_id: str, rows: list[dict[str, Any]]) -> None:
    """Those of `rows`, rising by number, that are not in the index yet: one that is stale must not keep an alarm out of
    the log.
    """
    first, last = rows[0]["n"], rows[-1]["n"]
    query = select(log_text.c.n).where(log_text.c.site_id == site_id, log_text.c.n.between(first, last))
    there = set(tx.conn.execute(query).scalars())
    rows = [row for row in rows if row["n"] not in there]
    if not rows:
        return
    bulk.insert(tx.conn, tx.dialect, log_text, rows)
    fulltext.add(tx, DERIVED, log_text.name, site_id, [(row["n"], row["words"]) for row in rows])


def find(conn: Connection, site_id: str, asked: Asked, limit: int) -> list[int]:
    """The numbers of up to `limit` entries, newest first."""
    wanted = phrases(asked.text)
    if asked.text.strip() and not wanted:
        return []  # nothing but punctuation
    wanted += [
        Phrase((mark(kind, value),))
        for kind, value in (("a", asked.act), ("p", asked.person), ("s", asked.subject), ("f", asked.form))
        if value
    ]
    span = _span(conn, site_id, asked)
    if span is None:
        return []
    if not wanted:
        return _every(conn, site_id, asked, span, limit)
    if conn.dialect.name == "sqlite":
        return _sqlite(conn, site_id, asked, wanted, span, limit)
    return _postgresql(conn, site_id, asked, wanted, span, limit)


def _span(conn: Connection, site_id: str, asked: Asked) -> tuple[int, int] | None:
    """The smallest and the greatest number that may fit; None when none can."""
    number = log_text.c.n + 0  # else PostgreSQL walks the numbers from their beginning until the time fits
    query = select(func.min(number), func.max(number)).where(log_text.c.site_id == site_id)
    if asked.since is not None:
        query = query.where(log_text.c.at >= micros(asked.since))
    if asked.until is not None:
        query = query.where(log_text.c.at < micros(asked.until))
    if asked.since is None and asked.until is None:
        newest = select(func.max(log_text.c.n)).where(log_text.c.site_id == site_id)
        first, last = 1, conn.execute(newest).scalar()
    else:
        first, last = conn.execute(query).one()
    if last is None:
        return None
    if asked.before is not None:
        last = min(last, asked.before - 1)
    return first, last


def _time(asked: Asked, prefix: str = "") -> tuple[str, list[Any]]:
    """Numbers bound the time only roughly where a clock was set back."""
    sql, values = "", []
    if asked.since is not None:
        sql, values = f" AND {prefix}at >= ?", [micros(asked.since)]
    if asked.until is not None:
        sql, values = f"{sql} AND {prefix}at < ?", [*values, micros(asked.until)]
    return sql, values


def _every(conn: Connection, site_id: str, asked: Asked, span: tuple[int, int], limit: int) -> list[int]:
    time, values = _time(asked)
    sql = f"SELECT n FROM log_text WHERE site_id = ? AND n BETWEEN ? AND ?{time} ORDER BY n DESC LIMIT ?"  # noqa: S608
    return [row[0] for row in conn.exec_driver_sql(marked(conn, sql), (site_id, *span, *values, limit))]


def _sqlite(
    conn: Connection, site_id: str, asked: Asked, wanted: list[Phrase], span: tuple[int, int], limit: int
) -> list[int]:
    name = fulltext.table_of(DERIVED, site_id)
    there = conn.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = ?", (name.strip('"'),)).first()
    if there is None:
        return []
    match = " AND ".join(f'"{" ".join(phrase.words)}"{"*" if phrase.open_end else ""}' for phrase in wanted)
    time, values = _time(asked, "t.")
    join = " JOIN log_text t ON t.site_id = ? AND t.n = w.rowid" if time else ""
    sql = (
        f"SELECT w.rowid FROM {name} w{join} WHERE w.words MATCH ? AND w.rowid BETWEEN ? AND ?{time} "  # noqa: S608
        "ORDER BY w.rowid DESC LIMIT ?"
    )
    given = (*((site_id,) if time else ()), match, *span, *values, limit)
    return [row[0] for row in conn.exec_driver_sql(sql, given)]


def _postgresql(
    conn: Connection, site_id: str, asked: Asked, wanted: list[Phrase], span: tuple[int, int], limit: int
) -> list[int]:
    time, values = _time(asked)
    likes = [_like(phrase) for phrase in wanted]
    beside = " AND ' ' || words || ' ' LIKE ?" * len(likes)
    first, last = span
    near = max(first, last - NEAR)
    head = f"SELECT n FROM log_text WHERE site_id = ? AND n BETWEEN ? AND ?{time}"  # noqa: S608
    tail = f"{beside} ORDER BY n DESC LIMIT ?"
    sql = marked(conn, head + tail)
    found = [row[0] for row in conn.exec_driver_sql(sql, (site_id, near, last, *values, *likes, limit))]
    if len(found) < limit and near > first:
        # as a whole first, so that the planner takes the GIN index and not a walk through the numbers
        sql = marked(
            conn,
            f"WITH hit AS MATERIALIZED (SELECT n, site_id, at, words FROM log_text WHERE {fulltext.VECTOR} @@ ?::tsquery) "  # noqa: S608
            f"SELECT n FROM hit WHERE site_id = ? AND n BETWEEN ? AND ?{time}{tail}",
        )
        given = (_tsquery(wanted), site_id, first, near - 1, *values, *likes, limit - len(found))
        found += [row[0] for row in conn.exec_driver_sql(sql, given)]
    return found


def _like(phrase: Phrase) -> str:
    """Words hold letters and digits only: nothing to escape."""
    return f"% {' '.join(phrase.words)}{'' if phrase.open_end else ' '}%"


def _tsquery(wanted: list[Phrase]) -> str:
    parts = []
    for phrase in wanted:
        parts += [f"'{word}'" for word in phrase.words[:-1]]
        parts.append(f"'{phrase.words[-1]}'{':*' if phrase.open_end else ''}")
    return " & ".join(parts)


class _Body(msgspec.Struct):
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]


_decode = msgspec.json.Decoder(_Body).decode


def reindex(db: Store, site_id: str, page: int = 1000) -> Iterator[int]:
    """Make the index of a site anew, a page of entries in a transaction so that no alarm waits for it; yields how many
    entries have been gone through. What is written meanwhile is in it, too.
    """
    with db.begin([site_id]) as tx:
        size = tx.heads[site_id].log_size
        tx.conn.execute(delete(log_text).where(log_text.c.site_id == site_id))
        fulltext.forget(tx, DERIVED, site_id)
    for done in range(0, size, page):
        query = select(log_entry.c.n, log_entry.c.body).where(
            log_entry.c.site_id == site_id,
            log_entry.c.n > done,
            log_entry.c.n <= min(done + page, size),
            log_entry.c.actor != SYSTEM,
            log_entry.c.leaf.is_(None),
        )
        with db.begin([site_id]) as tx:
            rows = [
                _row(site_id, row.n, _line(bytes(row.body))) for row in tx.conn.execute(query.order_by(log_entry.c.n))
            ]
            if rows:
                _insert(tx, site_id, rows)
        yield min(done + page, size)


def _line(body: bytes) -> Line:
    said = _decode(body)
    return Line(said.at, said.act, said.actor, said.subject, said.data)
