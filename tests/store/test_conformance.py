"""One suite, two real databases: what every slice may rely on, whichever the store is."""

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Boolean as Bool
from sqlalchemy import Column, Double, Integer, LargeBinary, Table, Text, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from store import bulk, outbox
from store.db import Store, take_heads
from store.metadata import Instant, Json, metadata
from store.tables import outbox as outbox_table
from store.tables import site_head

AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
COLUMNS = ("site_id", "id", "n", "at", "ok", "raw", "words", "body", "size")


@pytest.fixture
def thing(store: Store) -> Iterator[Table]:
    """A table with a column of each type we use."""
    table = Table(
        "thing_of_each_type",
        metadata,
        Column("site_id", Text, primary_key=True),
        Column("id", Text, primary_key=True),
        Column("n", Integer),
        Column("at", Instant),
        Column("ok", Bool),
        Column("raw", LargeBinary),
        Column("words", Text),
        Column("body", Json),
        Column("size", Double),
    )
    try:
        with store.begin() as tx:
            table.create(tx.conn)
        yield table
    finally:
        metadata.remove(table)


def row(id_: str, **changes: object) -> dict[str, object]:
    whole = {
        "site_id": "harbour",
        "id": id_,
        "n": -7,
        "at": 1_772_373_600_000_001,
        "ok": True,
        "raw": b"\x00\xff\\x'\"{},",
        "words": '烟感 "B2\\07", {NULL} \t\n\x01 it\'s 100 %s',
        "body": '{"a":[1,null]}',
        "size": 21.5,
    }
    return whole | changes


def stored(store: Store, table: Table) -> list[tuple[object, ...]]:
    with store.read() as conn:
        return [tuple(r) for r in conn.execute(select(table).order_by(table.c.id))]


def push(store: Store, site: str, n: int = 1) -> None:
    with store.begin([site]) as tx:
        outbox.append(tx, site, AT, [("log", {"n": i}) for i in range(n)])


# --- transactions


def test_what_a_transaction_wrote_is_there_after_it(store: Store) -> None:
    push(store, "harbour", 2)
    with store.read() as conn:
        assert outbox.after(conn, "harbour", 0) == [(1, "log", '{"n":0}'), (2, "log", '{"n":1}')]


def test_an_error_takes_everything_back_heads_too(store: Store) -> None:
    push(store, "harbour")
    with pytest.raises(ZeroDivisionError), store.begin(["harbour", "tower"]) as tx:
        outbox.append(tx, "harbour", AT, [("log", {})])
        raise ZeroDivisionError
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 1)
        assert conn.scalar(select(func.count()).select_from(site_head)) == 1
    push(store, "tower")  # a rolled back head is not believed to be there
    push(store, "harbour")
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 2)
        assert outbox.span(conn, "tower") == (1, 1)


def test_an_error_never_quotes_what_was_to_be_stored(store: Store) -> None:
    """Errors end up in logs; the values are people's names and what devices said."""
    with pytest.raises(DBAPIError) as wrong, store.begin() as tx:
        tx.conn.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "Wang Lei"})
    assert "nowhere" in str(wrong.value)
    assert "Wang Lei" not in str(wrong.value)


def test_a_listener_hears_the_new_seq_after_the_commit_and_only_then(store: Store) -> None:
    heard: list[tuple[dict[str, int], tuple[int, int]]] = []

    def listener(news: object) -> None:
        with store.read() as conn:
            heard.append((dict(news), outbox.span(conn, "harbour")))  # type: ignore[call-overload]

    store.on_commit(listener)
    push(store, "harbour", 3)
    with pytest.raises(ZeroDivisionError), store.begin(["harbour"]) as tx:
        outbox.append(tx, "harbour", AT, [("log", {})])
        raise ZeroDivisionError
    with store.begin(["harbour"]):
        pass  # nothing pushed, nothing told
    assert heard == [({"harbour": 3}, (1, 3))]


def test_a_listener_in_trouble_does_not_undo_a_commit(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[int] = []
    store.on_commit(lambda _: 1 // 0)  # type: ignore[arg-type, return-value]
    store.on_commit(lambda news: heard.append(news["harbour"]))
    push(store, "harbour")
    assert heard == [1]
    assert "store.listener_failed" in caplog.text


def test_one_site_gets_gap_free_numbers_in_commit_order_from_eight_threads(store: Store) -> None:
    """8 threads x 200 pushes, while a reader that polls `after(last)` misses none and sees none out of order."""
    seen: list[int] = []
    done = threading.Event()

    def poll() -> None:
        while True:
            last_look = done.is_set()
            with store.read() as conn:
                news = outbox.after(conn, "harbour", seen[-1] if seen else 0)
            seen.extend(seq for seq, _, _ in news)
            if last_look and not news:
                return
            time.sleep(0.001)

    def write() -> None:
        for _ in range(200):
            push(store, "harbour")

    with ThreadPoolExecutor(9) as pool:
        reader = pool.submit(poll)
        try:
            for writer in [pool.submit(write) for _ in range(8)]:
                writer.result(60)
        finally:
            done.set()
        reader.result(60)
    assert seen == list(range(1, 1601))


def test_two_transactions_that_name_two_sites_in_opposite_order_both_end(store: Store) -> None:
    both = threading.Barrier(2)

    def write(sites: list[str]) -> None:
        both.wait(5)
        for _ in range(50):
            with store.begin(sites) as tx:
                for site in sites:
                    outbox.append(tx, site, AT, [("log", {})])

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(write, order) for order in (["a", "b"], ["b", "a"])]:
            future.result(30)
    with store.read() as conn:
        assert outbox.span(conn, "a") == outbox.span(conn, "b") == (1, 100)


def test_a_site_is_not_taken_after_one_that_sorts_behind_it(store: Store) -> None:
    with pytest.raises(ValueError, match="name all sites"), store.begin(["b"]) as tx:
        take_heads(tx, ["a"])
    with store.begin(["a"]) as tx:
        take_heads(tx, ["b", "a"])
        assert sorted(tx.heads) == ["a", "b"]


def test_a_snapshot_does_not_move_while_it_is_read(store: Store) -> None:
    push(store, "harbour")
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 1)
        push(store, "harbour")
        assert outbox.span(conn, "harbour") == (1, 1)
        assert len(outbox.after(conn, "harbour", 0)) == 1
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 2)


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError), store.read() as conn:
        conn.exec_driver_sql("DELETE FROM outbox")


def test_connections_come_back_after_errors(store: Store) -> None:
    """More failures than any pool has connections, in both kinds of transaction."""
    for _ in range(40):
        with pytest.raises(DBAPIError), store.begin(["harbour"]) as tx:
            tx.conn.exec_driver_sql("SELECT * FROM no_such_table")
        with pytest.raises(DBAPIError), store.read() as conn:
            conn.exec_driver_sql("SELECT * FROM no_such_table")
    push(store, "harbour")


# --- many rows in one go


def test_every_type_comes_back_as_it_went_in(store: Store, thing: Table) -> None:
    nothing = dict.fromkeys(COLUMNS[2:])
    rows = [row("a"), row("b", **nothing), row("c", ok=False, raw=b"", words="", size=-0.0), row("d", words="{}")]
    with store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, rows)
    got = stored(store, thing)
    at = datetime(2026, 3, 1, 14, 0, 0, 1, tzinfo=UTC)
    whole = ("harbour", "a", -7, at, True, rows[0]["raw"], rows[0]["words"], {"a": [1, None]}, 21.5)
    assert got[0] == whole
    assert got[1] == ("harbour", "b", *[None] * 7)
    assert got[2][4:7] == (False, b"", "")
    assert got[3][6] == "{}"


def test_words_full_of_signs_come_back_beside_missing_ones(store: Store, thing: Table) -> None:
    words = [
        "NULL",
        None,
        "null",
        "",
        '"',
        "\\",
        '\\"',
        ",",
        "{a,b}",
        "\x01",
        "%s %(a)s",
        "?",
        "\u2028",
        "𝄞",
        "'; --",
        "\x7f",
    ]
    with store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, [row(f"{i:02}", words=w) for i, w in enumerate(words)])
    assert [r[6] for r in stored(store, thing)] == words


def test_nul_in_text_becomes_its_sign_on_both_databases(store: Store, thing: Table) -> None:
    """PostgreSQL cannot hold U+0000 in text and some panels pad with it: an alarm must not be refused for that."""
    with store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, [row("a", words="7F\0\0", raw=b"7F\0"), row("b", words=None)])
        tx.conn.execute(thing.insert().values(site_id="harbour", id="c", words="7F\0", body={"t": "\0"}, raw=b"\0"))
        bulk.update(tx.conn, tx.dialect, thing, ("site_id", "id"), [{"site_id": "harbour", "id": "b", "words": "\0"}])
    got = {r[1]: r for r in stored(store, thing)}
    assert (got["a"][6], got["a"][5]) == ("7F␀␀", b"7F\0")
    assert got["b"][6] == "␀"
    assert (got["c"][6], got["c"][7], got["c"][5]) == ("7F␀", {"t": "\0"}, b"\0")


def test_insert_refuses_a_clash_and_leaves_the_transaction_to_roll_back(store: Store, thing: Table) -> None:
    with store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, [row("a")])
    with pytest.raises(IntegrityError), store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, [row("b"), row("a")])
    assert [r[1] for r in stored(store, thing)] == ["a"]


@pytest.mark.parametrize("only_missing", [False, True])
def test_insert_ignoring_keeps_what_is_there(store: Store, thing: Table, only_missing: bool) -> None:
    with store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, [row("a", n=1)])
        rows = [row("a", n=2), row("b", n=3)]
        bulk.insert_ignoring(tx.conn, tx.dialect, thing, rows, only_missing=only_missing)
        bulk.insert_ignoring(tx.conn, tx.dialect, thing, [row("b", n=4)], only_missing=only_missing)
        bulk.insert_ignoring(tx.conn, tx.dialect, thing, [row("c", n=5), row("c", n=6)])
    assert [(r[1], r[2]) for r in stored(store, thing)] == [("a", 1), ("b", 3), ("c", 5)]


def test_upsert_replaces_only_the_columns_given(store: Store, thing: Table) -> None:
    with store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, [row("a", n=1)])
        short = [{"site_id": "harbour", "id": "a", "words": None}, {"site_id": "harbour", "id": "b", "words": "new"}]
        bulk.upsert(tx.conn, tx.dialect, thing, short)
    assert [(r[1], r[2], r[6]) for r in stored(store, thing)] == [("a", 1, None), ("b", None, "new")]


def test_update_changes_what_is_there_and_nothing_else(store: Store, thing: Table) -> None:
    with store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, [row(i, n=0) for i in "abc"])
        changes = [{"site_id": "harbour", "id": i, "n": n, "ok": None} for n, i in enumerate("bcx", 1)]
        bulk.update(tx.conn, tx.dialect, thing, ("site_id", "id"), changes)
        bulk.update(tx.conn, tx.dialect, thing, ("site_id", "id"), [])
    assert [(r[1], r[2], r[4]) for r in stored(store, thing)] == [("a", 0, True), ("b", 1, None), ("c", 2, None)]


@pytest.mark.parametrize("write", [bulk.upsert, lambda c, d, t, r: bulk.update(c, d, t, ("site_id", "id"), r)])
def test_a_key_that_comes_twice_is_refused_by_both(store: Store, thing: Table, write: Callable[..., None]) -> None:
    with pytest.raises(ValueError, match="twice"), store.begin() as tx:
        write(tx.conn, tx.dialect, thing, [row("a", n=1), row("a", n=2)])


def test_rows_of_different_columns_are_refused(store: Store, thing: Table) -> None:
    with pytest.raises(ValueError, match="every row"), store.begin() as tx:
        bulk.insert(tx.conn, tx.dialect, thing, [{"site_id": "a", "id": "a"}, {"site_id": "a", "id": "b", "n": 1}])


def test_seventy_thousand_rows_go_in_one_statement(store: Store, thing: Table) -> None:
    """PostgreSQL takes 65,535 parameters a statement, SQLite 250,000: neither bounds us."""
    columns = ("site_id", "id", "n", "words")
    with store.begin() as tx:
        many = [("harbour", str(i), i, "w") for i in range(70_000)]
        bulk.insert_tuples(tx.conn, tx.dialect, thing, columns, many)
        changes = [{"site_id": "harbour", "id": str(i), "n": -i} for i in range(70_000)]
        bulk.update(tx.conn, tx.dialect, thing, ("site_id", "id"), changes)
    with store.read() as conn:
        assert conn.scalar(select(func.sum(thing.c.n))) == -sum(range(70_000))


# --- the outbox


def test_sites_count_apart_and_after_stops_at_its_limit(store: Store) -> None:
    push(store, "harbour", 5)
    push(store, "tower", 2)
    with store.read() as conn:
        assert [seq for seq, _, _ in outbox.after(conn, "harbour", 2, limit=2)] == [3, 4]
        assert outbox.after(conn, "harbour", 5) == []
        assert outbox.span(conn, "tower") == (1, 2)
        assert outbox.span(conn, "nobody") == (1, 0)


def test_trim_goes_by_seq_so_that_a_clock_that_stepped_back_leaves_no_hole(store: Store) -> None:
    with store.begin(["harbour"]) as tx:
        for minutes in (0, 10, 5, 20):  # the third was written with the clock set back
            outbox.append(tx, "harbour", AT + timedelta(minutes=minutes), [("log", {})])
    with store.begin() as tx:
        assert outbox.trim(tx, AT + timedelta(minutes=7)) == 3
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (4, 4)


def test_trim_takes_a_bite_and_an_emptied_outbox_still_knows_its_newest(store: Store) -> None:
    push(store, "harbour", 25)
    bites = []
    for _ in range(4):
        with store.begin() as tx:
            bites.append(outbox.trim(tx, AT + timedelta(days=1), limit=10))
    assert bites == [10, 10, 5, 0]
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (26, 25)
    push(store, "harbour")
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (26, 26)


# --- SQLite alone


def test_sqlite_is_set_to_survive_a_power_cut(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    with store.begin() as tx:
        told = {name: tx.conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _SETTINGS}
    assert told == _SETTINGS
    with store.read() as conn:
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert conn.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 0
        assert conn.exec_driver_sql("PRAGMA query_only").scalar() == 1
    store.close()


_SETTINGS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 8000}


def test_a_transaction_inside_another_is_refused_at_once(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    with pytest.raises(RuntimeError, match="open already"), store.begin(), store.begin():
        pass
    push(store, "harbour")
    store.close()


def test_a_process_killed_in_a_transaction_leaves_the_file_whole(tmp_path: Path) -> None:
    """Kill -9 after 3 commits, in the middle of the fourth, which is bigger than the page cache."""
    url = f"sqlite:///{tmp_path}/db"
    script = f"""
        import os, signal
        from datetime import datetime, UTC
        from store import outbox
        from store.db import Store
        from store.metadata import metadata
        store = Store({url!r})
        with store.begin() as tx:
            metadata.create_all(tx.conn)
        for turn in range(4):
            with store.begin(["harbour"]) as tx:
                tx.conn.exec_driver_sql("PRAGMA cache_size=10")
                for _ in range(100):
                    outbox.append(tx, "harbour", datetime(2026, 3, 1, tzinfo=UTC), [("log", "x" * 1000)] * 10)
                if turn == 3:
                    os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, timeout=30)
    assert killed.returncode == -9
    store = Store(url)
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 3000)
        assert conn.scalar(select(func.count()).select_from(outbox_table)) == 3000
        assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    push(store, "harbour")
    store.close()


def test_a_full_disk_takes_the_transaction_back_and_the_store_works_on(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    heard: list[object] = []
    store.on_commit(heard.append)
    with store.begin() as tx:
        pages = tx.conn.exec_driver_sql("PRAGMA page_count").scalar()
        tx.conn.exec_driver_sql(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(OperationalError, match="full"):
        push(store, "harbour", 5000)
    assert heard == []
    with store.begin() as tx:
        tx.conn.exec_driver_sql("PRAGMA max_page_count=1000000")
    push(store, "harbour", 5000)
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 5000)
    store.close()


def test_a_file_that_cannot_be_opened_fails_when_the_store_is_made(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    with pytest.raises(OperationalError, match="unable to open"):
        Store(f"sqlite:///{tmp_path}/db")


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(ValueError, match="postgresql"):
        Store("mysql://localhost/x")


def test_a_store_in_memory_serves_threads_in_turn() -> None:
    store = Store("sqlite://")
    with store.begin() as tx:
        metadata.create_all(tx.conn)
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(push, store, "harbour") for _ in range(40)]:
            future.result(10)
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 40)
    store.close()


# --- PostgreSQL alone


def test_two_sites_do_not_wait_for_each_other_on_postgresql(postgres_url: str) -> None:
    store = Store(postgres_url)
    push(store, "harbour")
    push(store, "tower")
    with ThreadPoolExecutor(1) as pool:
        with store.begin(["harbour"]) as tx:
            pool.submit(push, store, "tower").result(5)
            waits = pool.submit(push, store, "harbour")
            time.sleep(0.1)
            assert not waits.done()
            outbox.append(tx, "harbour", AT, [("log", "first")])
        waits.result(5)
    with store.read() as conn:
        assert [seq for seq, _, _ in outbox.after(conn, "harbour", 1)] == [2, 3]
        assert outbox.after(conn, "harbour", 1)[0][2] == '"first"'
    store.close()


def test_after_postgresql_dropped_every_connection_the_next_transaction_works(postgres_url: str) -> None:
    store, other = Store(postgres_url), Store(postgres_url)
    push(store, "harbour")
    with store.read() as conn:
        outbox.span(conn, "harbour")
    drop = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with other.begin() as tx:
        assert len(tx.conn.exec_driver_sql(drop).all()) >= 2
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 1)
    push(store, "harbour")
    with pytest.raises(OperationalError), store.begin(["harbour"]) as tx:
        outbox.append(tx, "harbour", AT, [("log", {})])
        with other.begin() as killer:
            killer.conn.exec_driver_sql(drop)
    push(store, "harbour")
    with store.read() as conn:
        assert outbox.span(conn, "harbour") == (1, 3)
    store.close()
    other.close()


def test_a_writer_loads_what_the_one_before_it_committed(postgres_url: str) -> None:
    """Two processes' worth of stores: what is read under the head lock is never older than the lock."""
    one, two = Store(postgres_url), Store(postgres_url)

    def add(store: Store) -> None:
        for _ in range(100):
            with store.begin(["harbour"]) as tx:
                newest = tx.conn.scalar(select(func.max(outbox_table.c.seq)))
                assert (newest or 0) == tx.heads["harbour"].seq
                outbox.append(tx, "harbour", AT, [("log", {})])

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(add, one), pool.submit(add, two)]:
            future.result(30)
    one.close()
    two.close()
