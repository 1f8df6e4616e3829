"""Migrations: from nothing to what the tables say, in one transaction, on both databases."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.exc import DBAPIError

from store import migrate
from store.db import Store
from store.metadata import metadata

for tables in sorted(Path(__file__).parents[2].glob("*/tables.py")):
    import_module(f"{tables.parent.name}.tables")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store without a single table, on each database in turn."""
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path}/empty.db")
    else:
        store = Store(request.getfixturevalue("postgres_url"))
        _clear(store)
    yield store
    store.close()


def _clear(store: Store) -> None:
    with store.begin() as tx:
        if store.dialect == "postgresql":
            tx.conn.exec_driver_sql("DROP SCHEMA public CASCADE")
            tx.conn.exec_driver_sql("CREATE SCHEMA public")
        else:
            for table in inspect(tx.conn).get_table_names():
                tx.conn.exec_driver_sql(f'DROP TABLE "{table}"')


def schema(conn: Connection) -> dict[str, Any]:
    """All that can be read back of a schema, in an order that does not matter."""
    look: Inspector = inspect(conn)
    names = [n for n in look.get_table_names() if n != "alembic_version"]
    found: dict[str, Any] = {name: _table(look, name) for name in names}
    found["?"] = sorted(_definitions(conn))
    return found


def _table(look: Inspector, name: str) -> dict[str, Any]:
    return {
        "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(name)],
        "key": look.get_pk_constraint(name),
        "uniques": sorted(map(repr, look.get_unique_constraints(name))),
        "checks": sorted((c["name"] or "", c["sqltext"]) for c in look.get_check_constraints(name)),
        "foreign": sorted(map(repr, look.get_foreign_keys(name))),
    }


def _definitions(conn: Connection) -> list[str]:
    """Indexes as the database words them, with their WHERE, and which tables have no row ids."""
    if conn.dialect.name == "postgresql":
        return [
            str(r[0])
            for r in conn.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
            if "alembic_version" not in r[0]
        ]
    indexes = conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    bare = conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%'")
    return [*(str(r[0]) for r in indexes), *(f"{r[0]} without rowid" for r in bare)]


def test_a_migrated_schema_is_what_create_all_makes(empty: Store) -> None:
    """Out of date? `python -m migrations regenerate` (unreleased) or `python -m migrations make "what changes"`."""
    assert migrate.upgrade(empty) == (None, migrate.newest())
    with empty.read() as conn:
        migrated = schema(conn)
    _clear(empty)
    with empty.begin() as tx:
        metadata.create_all(tx.conn)
    with empty.read() as conn:
        wanted = schema(conn)
    assert set(migrated) == set(wanted)
    for name in wanted:
        assert migrated[name] == wanted[name]
    assert {"alert", "event", "outbox", "log_entry", "tap", "shift", "site", "telemetry_point"} < set(wanted)
    assert any("ix_alert_open" in d and "WHERE" in d for d in wanted["?"])
    assert wanted["alert"]["checks"]


def test_alembic_sees_no_difference_either(empty: Store) -> None:
    migrate.upgrade(empty)
    with empty.begin() as tx:
        command.check(migrate.config(tx.conn))


def test_revisions_are_one_numbered_line(empty: Store) -> None:
    with empty.begin() as tx:
        line = [r.revision for r in ScriptDirectory.from_config(migrate.config(tx.conn)).walk_revisions()]
    assert line[::-1] == migrate.revisions()


def test_a_second_upgrade_does_nothing(empty: Store) -> None:
    assert migrate.current(empty) is None
    migrate.upgrade(empty)
    assert migrate.current(empty) == migrate.newest()
    assert migrate.upgrade(empty) == (migrate.newest(), migrate.newest())


def test_processes_that_start_together_migrate_once(empty: Store) -> None:
    url = empty.url.render_as_string(hide_password=False)

    def start(_: int) -> tuple[str | None, str]:
        store = Store(url)
        try:
            return migrate.upgrade(store)
        finally:
            store.close()

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(start, range(3)))
    assert sorted(before or "" for before, _ in told) == ["", migrate.newest(), migrate.newest()]


def test_a_revision_that_fails_leaves_nothing_behind(empty: Store) -> None:
    with empty.begin() as tx:
        tx.conn.exec_driver_sql("CREATE TABLE tap (id INTEGER)")
    with pytest.raises(DBAPIError, match="tap"):
        migrate.upgrade(empty)
    with empty.read() as conn:
        assert inspect(conn).get_table_names() == ["tap"]
    _clear(empty)
    migrate.upgrade(empty)


def test_a_database_from_a_newer_version_is_refused(empty: Store) -> None:
    migrate.upgrade(empty)
    with empty.begin() as tx:
        tx.conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrate.NewerDatabase, match="9999"):
        migrate.upgrade(empty)


def test_a_start_that_is_up_to_date_loads_no_alembic(tmp_path: Path) -> None:
    """The greater part of a start would otherwise be the loading of what it does not need."""
    store = Store(f"sqlite:///{tmp_path}/db")
    migrate.upgrade(store)
    store.close()
    script = f"""
        import sys
        from store import migrate
        from store.db import Store
        print(migrate.upgrade(Store("sqlite:///{tmp_path}/db")))
        assert not [m for m in sys.modules if m.split(".")[0] in ("alembic", "mako")]
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=30)
