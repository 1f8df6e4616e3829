"""Rows by COPY are the rows that were given, and its refusals are those of any statement (both databases)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from ingest.tables import reject
from logbook.tables import log_entry
from store.bulk import WORTH_COPYING, insert_tuples
from store.db import Store

COLUMNS = ("id", "site_id", "topic", "heard_at", "why", "detail", "raw")
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    ["\\N", "\\", "\t", "a\nb\r", '"{,}"', "\\.", "␀"]
)


def rows(texts: list[str], raws: list[bytes]) -> list[tuple[object, ...]]:
    return [(f"{i:04}", t, t, i, t, t, r) for i, (t, r) in enumerate(zip(texts, raws, strict=True))]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, st.binary(max_size=40)), min_size=WORTH_COPYING, max_size=30))
def test_whatever_text_and_bytes_go_in_come_out(store: Store, made: list[tuple[str, bytes]]) -> None:
    given_rows = rows([t for t, _ in made], [r for _, r in made])
    with store.begin() as tx:
        tx.conn.execute(reject.delete())
        insert_tuples(tx.conn, tx.dialect, reject, COLUMNS, given_rows)
        found = tx.conn.execute(select(reject.c.topic, reject.c.raw).order_by(reject.c.id)).all()
    assert [(f.topic, bytes(f.raw)) for f in found] == [(t.replace("\0", "\u2400"), r) for t, r in made]


def test_a_clash_is_refused_as_anywhere_and_leaves_nothing(store: Store) -> None:
    columns = tuple(c.name for c in log_entry.c)
    made = [("s", n, n, "act", "actor", "subject", b"{}", b"c", None) for n in range(1, 21)]
    with store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, log_entry, columns, made[:10])
    with pytest.raises(IntegrityError), store.begin() as tx:
        insert_tuples(tx.conn, tx.dialect, log_entry, columns, made[9:])
    with store.read() as conn:
        assert len(conn.execute(select(log_entry)).all()) == 10


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
