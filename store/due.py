"""Which of many things are due at a site, asked at once: a statement each would cost more than all their answers."""

from datetime import datetime
from functools import cache

from sqlalchemy import Connection

from core.clock import micros
from store.bulk import marked


def which(conn: Connection, rows: tuple[str, ...], site_id: str, at: datetime) -> set[str]:
    """Those of `rows` that find something due at the site by `at`. Each is a statement that tells every `site_id` with
    something due, and takes nothing but the time.
    """
    now, values = micros(at), []
    for sql in rows:
        values += [*(now,) * sql.count("?"), site_id]
    return {rows[place] for (place,) in conn.exec_driver_sql(marked(conn, _at_once(rows)), tuple(values))}


@cache
def _at_once(rows: tuple[str, ...]) -> str:
    return " UNION ALL ".join(
        f"SELECT {place} WHERE EXISTS (SELECT 1 FROM ({sql}) AS due WHERE site_id = ?)"
        for place, sql in enumerate(rows)
    )
