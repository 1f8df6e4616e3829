"""Appending and reading, on both databases (LOG-02, LOG-03)."""

import threading

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from logbook import checkpoints, entries
from logbook.audit import verify_store
from logbook.rules import NO_CHAIN
from store import outbox
from store.db import Store
from tests.logbook.conftest import SITE, START, line, sworn, write


def test_what_is_appended_reads_back_newest_first(store: Store) -> None:
    write(store, 5)
    with store.read() as conn:
        said = entries.read(conn, SITE)
        assert [e.n for e in said] == [5, 4, 3, 2, 1]
        first = said[-1]
        assert (first.at, first.act, first.actor, first.subject, first.data) == (
            line(0).at,
            line(0).act,
            line(0).actor,
            line(0).subject,
            line(0).data,
        )
        assert [e.n for e in entries.read(conn, SITE, before=4, limit=2)] == [3, 2]
        assert [e.n for e in entries.read(conn, SITE, subject="alert/1")] == [5, 2]
        assert [e.n for e in entries.history(conn, SITE, "alert/0")] == [1, 4]
        assert entries.head(conn, SITE) == entries.LogHead(5, said[0].chain)
        assert entries.head(conn, "elsewhere") == entries.LogHead(0, NO_CHAIN.hex())
        assert entries.read(conn, "elsewhere") == []


def test_each_call_tells_the_live_feed_once(store: Store) -> None:
    write(store, 3)
    with store.begin([SITE]) as tx:
        entries.append(tx, SITE, [])
        entries.append(tx, SITE, [line(3)])
    with store.read() as conn:
        pushes = outbox.after(conn, SITE, 0)
        chain = entries.head(conn, SITE).chain
    assert [kind for _, kind, _ in pushes] == ["log", "log"]
    assert msgspec.json.decode(pushes[-1][2]) == {"chain": chain, "size": 4}


def test_a_change_that_fails_leaves_no_entry(store: Store) -> None:
    """The line stands and falls with what it records."""
    write(store, 2)
    with pytest.raises(RuntimeError), store.begin([SITE]) as tx:
        entries.append(tx, SITE, [line(2)])
        raise RuntimeError
    write(store, 1, start=2)
    with store.read() as conn:
        assert verify_store(conn, SITE).size == 3
        assert verify_store(conn, SITE).ok


def test_sites_keep_separate_logs(store: Store) -> None:
    with store.begin([SITE, "office"]) as tx:
        entries.append(tx, SITE, [line(0)])
        entries.append(tx, "office", [line(0), line(1)])
    with store.read() as conn:
        assert [entries.head(conn, s).size for s in (SITE, "office")] == [1, 2]
        assert verify_store(conn, SITE).ok
        assert verify_store(conn, "office").ok


def test_eight_writers_leave_no_gap_and_one_head(store: Store) -> None:
    """LOG-03, faults §4: 8 x 500 entries."""

    def work(who: int) -> None:
        for i in range(125):
            write(store, 4, start=1000 * who + 4 * i)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with store.read() as conn:
        answer = verify_store(conn, SITE)
        assert answer.ok, answer
        assert answer.size == entries.head(conn, SITE).size == 4000


def test_a_checkpoint_is_due_while_anything_is_written(store: Store, key: Ed25519PrivateKey) -> None:
    """LOG-03: hourly while anything is written, and not when nothing was."""

    def owing(minutes: int) -> list[str]:
        with store.read() as conn:
            return checkpoints.due(conn, START.replace(hour=15, minute=minutes), 3600)

    assert owing(0) == []
    write(store, 1)
    write(store, 1, "office")
    assert owing(0) == [SITE, "office"]
    sworn(store, key, 30)
    assert owing(59) == ["office"]
    write(store, 1, start=1)
    assert owing(29) == ["office"]
    assert owing(30) == [SITE, "office"]


def test_a_log_that_did_not_grow_gets_no_second_checkpoint(store: Store, key: Ed25519PrivateKey) -> None:
    write(store, 1)
    sworn(store, key, 1)
    with store.begin([SITE]) as tx:
        assert checkpoints.checkpoint(tx, SITE, START, key) is None
    with store.read() as conn:
        latest = checkpoints.latest(conn, SITE)
        assert latest is not None
        assert latest.size == 1
        assert checkpoints.latest(conn, "elsewhere") is None


def test_a_clock_set_back_does_not_make_the_log_look_reordered(store: Store, key: Ed25519PrivateKey) -> None:
    write(store, 1)
    sworn(store, key, 10)
    write(store, 1, start=1)
    sworn(store, key, 5)
    with store.read() as conn:
        assert verify_store(conn, SITE).ok
        assert [k.at.minute for k in checkpoints.upto(conn, SITE, 2)] == [10, 10]


def test_reading_is_one_snapshot(store: Store) -> None:
    """An audit takes several queries; an entry that comes between them must not look like a forged one."""
    write(store, 3)
    with store.read() as conn:
        conn.execute(select(1))
        before = entries.head(conn, SITE)
        write(store, 3, start=3)
        assert entries.head(conn, SITE) == before
        assert len(entries.read(conn, SITE)) == 3
