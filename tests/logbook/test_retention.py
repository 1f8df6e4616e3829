"""Texts go after their time, and only then; what is left still proves the whole (LOG-04), on both databases."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from core.errors import Invalid
from core.ids import fresh
from logbook import acts, entries, files, holds, retention
from logbook.audit import verify_store
from logbook.errors import AlreadyLifted, ClockDoubted, NoSuchHold
from logbook.finding import Asked, find, reindex
from logbook.forms import Attached, Draft
from logbook.notes import raw_public
from logbook.rules import Line
from logbook.tables import log_entry, log_retention
from logbook.walk import Why
from store.db import Store
from tests.logbook.conftest import SITE, START, exported
from tests.logbook.test_tampering import check, lines_of, unguarded
from tests.night import HARBOUR

DAY = timedelta(days=1)
REGISTER = msgspec.structs.replace(HARBOUR, site_id=SITE, version=1)


def purge(store: Store, days: float, *, keep: int = 365) -> int:
    done = [d for d, _ in retention.purge(store, SITE, keep, by="system", at=START + days * DAY, asked=True)]
    return done[-1] if done else 0


def gone(store: Store) -> list[int]:
    with store.read() as conn:
        return list(
            conn.execute(select(log_entry.c.n).where(log_entry.c.leaf.is_not(None)).order_by(log_entry.c.n)).scalars()
        )


def test_a_text_goes_after_its_time_and_the_log_still_verifies(
    store: Store, key: Ed25519PrivateKey, watches: list[str]
) -> None:
    """364 days: kept. 366: what stood under the two checkpoints goes, the rest has no old signature over it yet."""
    assert purge(store, 364) == 0
    assert gone(store) == []
    assert purge(store, 366) == 14
    assert gone(store) == list(range(1, 15))
    with store.read() as conn:
        assert verify_store(conn, SITE, [raw_public(key)]).ok
        last, first = entries.read(conn, SITE, limit=1)[0], entries.one(conn, SITE, 1)
        assert find(conn, SITE, Asked("烟感"), 50) == list(range(21, 14, -1))
    assert (last.act, last.data["through"], last.data["entries"]) == ("logbook.purged", 14, 14)
    assert first is not None
    assert (first.act, first.actor, first.data) == (entries.GONE, "system", {})
    data = exported(store, key)
    assert b"B2-07" not in data
    assert check(data, keys=[raw_public(key)], kept=watches).ok
    list(reindex(store, SITE))
    assert purge(store, 367) == 0


def test_the_usual_time_is_three_years_and_never_less_than_one(store: Store, watches: list[str]) -> None:
    with store.read() as conn:
        assert retention.plan(conn, SITE, REGISTER.policies.log_retention_days, START + 1094 * DAY).due == 0
        assert retention.plan(conn, SITE, REGISTER.policies.log_retention_days, START + 1096 * DAY).due == 14
        assert retention.plan(conn, SITE, 30, START + 100 * DAY).due == 0


def test_what_is_on_hold_stays_until_the_hold_is_lifted(
    store: Store, key: Ed25519PrivateKey, watches: list[str]
) -> None:
    with store.begin([SITE]) as tx:
        about = holds.place(tx, SITE, "法院调取", subject="alert/1", by="manager", at=START + DAY)
        span = holds.place(
            tx, SITE, "审计", since=START, until=START + timedelta(seconds=3), by="manager", at=START + 2 * DAY
        )
    with store.read() as conn:
        assert [h.reason for h in holds.holds(conn, SITE, standing=True)] == ["审计", "法院调取"]
        assert retention.plan(conn, SITE, 365, START + 366 * DAY).held == 7
    assert purge(store, 366) == 7
    assert not {2, 5, 8, 11, 14, 1, 3} & set(gone(store))
    with store.read() as conn:
        assert verify_store(conn, SITE, [raw_public(key)]).ok
    with store.begin([SITE]) as tx:
        holds.lift(tx, SITE, about.id, "结案", by="manager", at=START + 370 * DAY)
    assert purge(store, 371) == 4
    with store.begin([SITE]) as tx, pytest.raises(AlreadyLifted):
        holds.lift(tx, SITE, about.id, "again", by="manager", at=START + 371 * DAY)
    with store.begin([SITE]) as tx, pytest.raises(NoSuchHold):
        holds.lift(tx, SITE, fresh(START), "?", by="manager", at=START)
    for wrong in ({"reason": " "}, {"reason": "r", "since": START, "until": START}):
        with store.begin([SITE]) as tx, pytest.raises(Invalid):
            holds.place(tx, SITE, **wrong, by="manager", at=START)  # type: ignore[arg-type]
    with store.read() as conn:
        acts_said = [e.act for e in entries.read(conn, SITE, subject=f"hold/{about.id}")]
        assert verify_store(conn, SITE, [raw_public(key)]).ok
    assert acts_said == ["logbook.hold_lifted", "logbook.hold_placed"]
    assert span.lifted_at is None


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM log_entry WHERE n = 1",
        "DELETE FROM log_checkpoint",
        "DELETE FROM log_hold",
        "UPDATE log_checkpoint SET note = 'x'",
        "UPDATE log_entry SET actor = 'nobody' WHERE n = 1",
        "UPDATE log_entry SET chain = leaf WHERE n = 1",
        "UPDATE log_retention SET keep_days = 364",
    ],
)
def test_the_database_refuses_to_lose_or_change_anything(store: Store, watches: list[str], sql: str) -> None:
    purge(store, 2)
    with store.begin([SITE]) as tx:
        holds.place(tx, SITE, "审计", by="manager", at=START + DAY)
    with pytest.raises(DBAPIError), store.begin() as tx:
        tx.conn.execute(text(sql))


@pytest.mark.parametrize(("days", "held", "allowed"), [(364, False, False), (366, False, True), (366, True, False)])
def test_the_database_lets_a_text_go_only_in_its_time(
    store: Store, watches: list[str], days: int, held: bool, allowed: bool
) -> None:
    """By the log's own newest entry, and not while a hold stands."""
    with store.begin([SITE]) as tx:
        tx.conn.execute(log_retention.insert().values(site_id=SITE, keep_days=365, through=0, looked_at=START))
        if held:
            holds.place(tx, SITE, "审计", by="manager", at=START + DAY)
        entries.append(tx, SITE, [Line(START + days * DAY, "x", "system", "site", {})])
    blank = {"body": b"", "leaf": b"\1" * 32, "act": "", "actor": "", "subject": ""}
    change = update(log_entry).where(log_entry.c.n == 3).values(**blank)
    if allowed:
        with store.begin() as tx:
            tx.conn.execute(change)
        return
    with pytest.raises(DBAPIError), store.begin() as tx:
        tx.conn.execute(change)


def test_a_young_text_that_was_taken_out_is_found(store: Store, key: Ed25519PrivateKey, watches: list[str]) -> None:
    """By the owner of the database, guards down: with nothing said, and with an entry that says what is not true."""
    with store.begin([SITE]) as tx:
        claim = {"through": 14, "before": "2030-01-01T00:00:00.000000Z"}
        entries.append(tx, SITE, [Line(START + 90 * DAY, "logbook.purged", "system", "site", claim)])
    unguarded(store)
    with store.read() as conn:
        rows = {e.n: bytes(e.body) for e in entries.stored(conn, SITE, 21)}
    from logbook.rules import leaf

    with store.begin() as tx:
        for n in (9, 10, 15):
            blank = {"body": b"", "leaf": leaf(rows[n]), "act": "", "actor": "", "subject": ""}
            tx.conn.execute(update(log_entry).where(log_entry.c.n == n).values(**blank))
    with store.read() as conn:
        answer = verify_store(conn, SITE, [raw_public(key)])
    assert (answer.why, answer.first_bad, answer.last_bad) == (Why.GONE, 9, 10)
    told = check(exported(store, key))
    assert (told.why, told.first_bad) == (Why.GONE, 9)


def test_a_hash_in_the_place_of_a_text_is_found_in_a_file(
    store: Store, key: Ed25519PrivateKey, watches: list[str]
) -> None:
    purge(store, 366)
    lines = lines_of(exported(store, key))
    at = next(i for i, line in enumerate(lines) if line.startswith(b'{"n":3,'))
    said = json.loads(lines[at])
    for wrong in ({"n": 3, "chain": said["chain"]}, said | {"body": "{}"}, said | {"leaf": "0" * 64}):
        lines[at] = json.dumps(wrong, separators=(",", ":")).encode() + b"\n"
        answer = check(b"".join(lines))
        assert (answer.ok, answer.first_bad) == (False, 3)


def test_a_file_goes_with_the_last_entry_that_attaches_it(store: Store, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    kept = [files.keep(tmp_path, f"photo {i}".encode()) for i in range(3)]
    with store.begin([SITE]) as tx:
        for one in kept:
            acts.upload(tx, SITE, one, "wang", START)
        for at, names in ((START, kept[:2]), (START + 300 * DAY, kept[:1])):
            draft = Draft({"text": "见照片"}, attachments=tuple(Attached(one.sha256) for one in names))
            acts.write(tx, REGISTER, draft, "wang", at)
            if at == START:
                from logbook.checkpoints import checkpoint

                checkpoint(tx, SITE, START, key)
    assert purge(store, 366) == 1
    with store.read() as conn:
        assert set(acts.uploaded(conn, SITE, [one.sha256 for one in kept])) == {kept[0].sha256}
        assert retention.owned(conn, [one.sha256 for one in kept]) == {kept[0].sha256}
        known = lambda names: retention.owned(conn, names)  # noqa: E731
        assert files.sweep(tmp_path, known, older_than=START - 9000 * DAY) == 0
        assert files.sweep(tmp_path, known, older_than=START + 9000 * DAY) == 2
    assert files.fetch(tmp_path, kept[0].sha256) == b"photo 0"
    with pytest.raises(files.FileGone):
        files.fetch(tmp_path, kept[1].sha256)


def test_a_clock_that_jumped_deletes_nothing_by_itself(store: Store, watches: list[str]) -> None:
    with pytest.raises(ClockDoubted):
        list(retention.purge(store, SITE, 365, by="system", at=START + 4000 * DAY, asked=False))
    assert gone(store) == []


def test_who_is_killed_on_the_way_goes_on_the_next_time(
    store: Store, key: Ed25519PrivateKey, watches: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 4)
    going = retention.purge(store, SITE, 365, by="system", at=START + 366 * DAY, asked=True)
    assert next(going) == (4, 14)
    going.close()
    with store.read() as conn:
        assert verify_store(conn, SITE, [raw_public(key)]).ok
    assert purge(store, 367) == 10
    with store.read() as conn:
        assert verify_store(conn, SITE, [raw_public(key)]).ok
