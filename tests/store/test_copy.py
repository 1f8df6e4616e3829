"""Rows sent without waiting, by COPY or in a pipeline, are the rows that were given, and their refusals are those of any
statement (both databases).
"""

import select as system
import time
from collections.abc import Mapping
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from ingest.tables import reject
from logbook.tables import log_entry
from store.bulk import WORTH_COPYING, insert_tuples, upsert_tuples
from store.db import Store, commit_soon

COLUMNS = ("id", "site_id", "topic", "heard_at", "why", "detail", "raw")
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    ["\\N", "\\", "\t", "a\nb\r", '"{,}"', "\\.", "␀"]
)


def rows(texts: list[str], raws: list[bytes]) -> list[tuple[object, ...]]:
    return [(f"{i:04}", t, t, i, t, t, r) for i, (t, r) in enumerate(zip(texts, raws, strict=True))]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, st.binary(max_size=40)), min_size=1, max_size=30), st.booleans())
def test_whatever_text_and_bytes_go_in_come_out(store: Store, made: list[tuple[str, bytes]], copied: bool) -> None:
    given_rows = rows([t for t, _ in made], [r for _, r in made])
    with store.begin() as tx:
        tx.conn.execute(reject.delete())
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, given_rows, more=copied)
        found = tx.conn.execute(select(reject.c.topic, reject.c.raw).order_by(reject.c.id)).all()
    assert [(f.topic, bytes(f.raw)) for f in found] == [(t.replace("\0", "\u2400"), r) for t, r in made]


LOG = tuple(c.name for c in log_entry.c)


def lines(first: int, last: int) -> list[tuple[object, ...]]:
    return [("s", n, n, "act", "actor", "subject", b"{}", b"c", None) for n in range(first, last + 1)]


@pytest.mark.parametrize("many", [1, 8, WORTH_COPYING])
def test_a_clash_is_refused_as_anywhere_and_leaves_nothing(store: Store, many: int) -> None:
    with store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, log_entry, LOG, lines(1, 10))
    with pytest.raises(IntegrityError), store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, log_entry, LOG, lines(10, 9 + many))
    with store.read() as conn:
        assert len(conn.execute(select(log_entry)).all()) == 10


@pytest.mark.parametrize("pause", [0, 0.1])
@pytest.mark.parametrize("many", [1, 8, WORTH_COPYING])
def test_what_was_refused_first_is_what_is_told(store: Store, many: int, pause: float) -> None:
    """Whenever the answers come: statements behind the refused one, the commit among them, only say that they were not run."""
    with store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, log_entry, LOG, lines(1, 10))
    with pytest.raises(IntegrityError), store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, log_entry, LOG, lines(10, 9 + many))
        for n in range(3):
            upsert_tuples(tx.conn, tx.dialect, reject, COLUMNS, [(f"{n}", *rows(["x"], [b""])[0][1:])])
            time.sleep(pause)
        commit_soon(tx)
        time.sleep(pause)
    with store.read() as conn:
        assert len(conn.execute(select(log_entry)).all()) == 10
        assert not conn.execute(select(reject)).all()


def test_a_commit_sent_ahead_is_durable_before_anybody_waits_for_it(store: Store) -> None:
    told: list[Mapping[str, int]] = []
    store.on_commit(told.append)
    somebody = Store(store.url.render_as_string(hide_password=False))
    for n in (1, 2, 3):
        with ExitStack() as opened:
            tx = opened.enter_context(store.begin(["s"]))
            tx.heads["s"].seq += 1
            tx.heads["s"].changed = True
            insert_tuples(tx.conn, tx.dialect, log_entry, LOG, lines(20 * n - 19, 20 * n))
            answer = commit_soon(tx)
            assert answer is not None
            assert system.select([answer], [], [], 5)[0], "nothing becomes readable"
            with somebody.begin(["s"]) as other:  # the head is free, and everything is there
                assert other.heads["s"].seq == n
                assert len(other.conn.execute(select(log_entry)).all()) == 20 * n
            assert len(told) == n - 1
        assert told[-1] == {"s": n}
    with store.begin(["s"]) as tx:
        assert tx.heads["s"].seq == 3
    somebody.close()


def test_a_commit_sent_ahead_that_is_refused_is_told_as_any_other_and_leaves_nothing(store: Store) -> None:
    with store.begin() as tx:
        tx.conn.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        tx.conn.exec_driver_sql("CREATE TABLE child (of INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
    for _ in range(2):
        with pytest.raises(IntegrityError), store.begin(["s"]) as tx:
            insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, rows(["x"], [b""]))
            tx.conn.exec_driver_sql("INSERT INTO child VALUES (7)")
            commit_soon(tx)
        with store.begin(["s"]) as tx:
            assert not tx.conn.execute(select(reject)).all()


def test_who_gives_up_behind_a_commit_sent_ahead_leaves_no_word_of_it_for_the_next(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin(["s"]) as tx:
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, rows(["x"], [b""]))
        answer = commit_soon(tx)
        raise ZeroDivisionError
    with store.begin(["s"]) as tx:
        insert_tuples(tx.conn, tx.dialect, log_entry, LOG, lines(1, 20))
        assert commit_soon(tx) == answer
    assert not system.select([answer], [], [], 0)[0]
    with store.read() as conn:
        assert len(conn.execute(select(log_entry)).all()) == 20


def test_in_memory_there_is_nothing_to_send_ahead() -> None:
    store = Store("sqlite://")
    with store.begin() as tx:
        assert commit_soon(tx) is None
    store.close()


def test_a_connection_lost_behind_the_commit_is_told_as_such(postgres_url: str) -> None:
    store = Store(postgres_url)
    with pytest.raises(OperationalError) as told, store.begin() as tx:
        me = tx.conn.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, rows(["x"] * 10, [b""] * 10))
        tx.conn.exec_driver_sql("SELECT 1")
        with store.read() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (me,))
        time.sleep(0.2)
        commit_soon(tx)
    assert told.value.connection_invalidated
    with store.begin() as tx:
        assert not tx.conn.execute(select(reject)).all()
    store.close()


def test_a_connection_lost_in_the_middle_is_told_as_such_and_the_next_begin_works(postgres_url: str) -> None:
    store = Store(postgres_url)
    with pytest.raises(OperationalError) as told, store.begin() as tx:
        me = tx.conn.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with store.read() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (me,))
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, rows(["x"] * 10, [b""] * 10))
    assert told.value.connection_invalidated
    with store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, rows(["x"] * 10, [b""] * 10))
    store.close()


def test_rows_may_come_piece_by_piece_and_other_statements_see_all_of_them(store: Store) -> None:
    made = rows([str(n) for n in range(30)], [b""] * 30)
    with store.begin() as tx:
        for begin in (0, 9, 18):
            insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, made[begin : begin + 9], more=True)
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, made[27:])
        assert len(tx.conn.execute(select(reject)).all()) == 30
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, [("last", *made[0][1:])], more=True)
    with store.read() as conn:
        assert len(conn.execute(select(reject)).all()) == 31


def test_a_transaction_given_up_in_the_middle_of_the_rows_leaves_nothing_and_the_next_begin_works(store: Store) -> None:
    made = rows(["x"] * 10, [b""] * 10)
    with pytest.raises(ZeroDivisionError), store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, made, more=True)
        _ = 1 / 0
    with store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, made)
    with store.read() as conn:
        assert len(conn.execute(select(reject)).all()) == 10
