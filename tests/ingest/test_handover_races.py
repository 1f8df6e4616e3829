"""Two at once, and a process that is killed on the way: a hand-over is wholly done, or wholly not (HND-03), on both databases."""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from core.errors import Stale
from duty.handovers import HandoverState as State
from ingest import handover
from logbook.audit import verify_store
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_handover import KEY, Watch

ROOT = Path(__file__).parents[2]
DIES = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from ingest import handover
from ingest.desks import Desks
from store.db import Store
from tests.ingest.test_handover import KEY

url, site, which, version, at, after = sys.argv[1:]
db, n = Store(url), [0]

def counts(*_):
    n[0] += 1
    if n[0] > int(after):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(db.engine, "before_cursor_execute", counts)
with db.begin([site]) as tx:
    desk = Desks().get(tx.conn, site)
    handover.sign(tx, desk, which, int(version), "li", datetime.fromisoformat(at), KEY)
    if after == "-1":
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def watch(store: Store, clock: HandClock) -> Watch:
    return Watch(store, clock)


def test_two_who_take_over_in_the_same_moment_are_one_and_a_refusal(watch: Watch) -> None:
    """Nobody confirmed an item, so either might: the seat has one holder, and the log one signature."""
    h, together = watch.ready(), Barrier(2)

    def takes(who: str) -> str:
        with watch.tx() as (tx, desk):
            handover.sign(tx, desk, h.id, h.version, who, watch.clock(), KEY)
        return who

    def tries(who: str) -> str | None:
        together.wait()
        try:
            return takes(who)
        except Stale:
            return None

    with ThreadPoolExecutor(2) as pool:
        won = [w for w in pool.map(tries, ["li", "chen"]) if w]
    assert len(won) == 1
    assert (watch.holder().person, watch.kept(h).incoming) == (won[0], won[0])
    assert watch.said_in_log().count("handover.sign") == 1
    with watch.db.read() as conn:
        assert verify_store(conn, watch.site).ok


def test_a_withdrawal_and_a_signature_in_the_same_moment_are_one_or_the_other(watch: Watch) -> None:
    h, together = watch.ready(), Barrier(2)

    def tries(act: Callable[[], object]) -> bool:
        together.wait()
        try:
            act()
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        signed, back = pool.map(tries, [lambda: watch.sign(h), lambda: watch.do(h, "withdraw", by="wang")])
    assert signed != back
    assert watch.kept(h).state is (State.DONE if signed else State.OPEN)
    assert watch.holder().person == ("li" if signed else "wang")


@pytest.mark.parametrize("after", [1, 12, 24, -1], ids=["at once", "on the way", "further on", "before the commit"])
def test_a_process_that_is_killed_leaves_everything_as_it_was(watch: Watch, after: int) -> None:
    """SIGKILL, as the power would: the same signature goes through afterwards."""
    watch.held_alert()
    h, before = watch.ready(), watch.all_rows()
    before = watch.all_rows()
    url = watch.db.url.render_as_string(hide_password=False)
    at = watch.clock().isoformat()
    told = [sys.executable, "-c", DIES, url, watch.site, h.id, str(h.version), at, str(after if after > 0 else -1)]
    if after == -1:
        told[2] = DIES.replace("n[0] > int(after)", "False")
    killed = subprocess.run(told, check=False, capture_output=True, timeout=60, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert watch.all_rows() == before
    assert watch.sign(h).state is State.DONE
    assert (watch.holder().person, watch.only().custody_by) == ("li", "li")
