"""Full text beside a table, in whatever way the database has: derived data whose tables and indexes are made at first use.

On SQLite an FTS5 table of its own for each site, whose row numbers are those of the entries; it keeps no copy of the words.
On PostgreSQL a GIN index over the words column, which needs no extension.
"""

from collections.abc import Sequence

from store.db import Tx

VECTOR = "array_to_tsvector(string_to_array(words, ' '))"


def table_of(table: str, site_id: str) -> str:
    """A site's FTS5 table, quoted. Site ids are slugs; whatever else came here would still be only a name."""
    return '"{}/{}"'.format(table, site_id.replace('"', ""))


def add(tx: Tx, table: str, source: str, site_id: str, said: Sequence[tuple[int, str]]) -> None:
    """Make numbered words findable. `source` is the table whose `words` column holds them, `table` names what is derived."""
    if tx.dialect == "sqlite":
        name = table_of(table, site_id)
        tx.conn.exec_driver_sql(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5(words, content='', tokenize='ascii')"
        )
        tx.conn.exec_driver_sql(f"INSERT INTO {name} (rowid, words) VALUES (?, ?)", list(said))
        return
    index = f"ix_{source}_words"
    if tx.conn.exec_driver_sql(f"SELECT to_regclass('{index}')").scalar() is None:
        tx.conn.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {index} ON {source} USING gin ({VECTOR})")


def remove(tx: Tx, table: str, site_id: str, said: Sequence[tuple[int, str]]) -> None:
    """Take numbered words out again; they must be those that were put in. On PostgreSQL the index follows its rows."""
    if tx.dialect == "sqlite" and said:
        name = table_of(table, site_id)
        sql = f"INSERT INTO {name} ({name}, rowid, words) VALUES ('delete', ?, ?)"
        tx.conn.exec_driver_sql(sql, list(said))


def forget(tx: Tx, table: str, site_id: str) -> None:
    """Drop what was derived for a site; on PostgreSQL the index follows its rows by itself."""
    if tx.dialect == "sqlite":
        tx.conn.exec_driver_sql(f"DROP TABLE IF EXISTS {table_of(table, site_id)}")
