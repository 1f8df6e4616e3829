"""Killed while it writes (faults §4): the log still verifies, and ends with what was answered for or one entry more."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from logbook.audit import verify_store
from logbook.entries import head
from store.db import Store
from tests.logbook.conftest import SITE

WRITER = """
import sys
from store.db import Store
from tests.logbook.conftest import SITE, write
store, n = Store(sys.argv[1]), int(sys.argv[2])
while True:
    write(store, 1, start=n)
    n += 1
    print(n, flush=True)
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.crash
@pytest.mark.parametrize("seed", [1, 2])
def test_a_writer_killed_at_any_moment_leaves_a_log_that_verifies(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    size = 0
    for _ in range(3):
        url = store.url.render_as_string(hide_password=False)
        child = subprocess.Popen([sys.executable, "-c", WRITER, url, str(size)], stdout=subprocess.PIPE, cwd=ROOT)
        assert child.stdout is not None
        said = child.stdout.readline()
        time.sleep(dice.uniform(0.01, 0.15))
        child.kill()
        answered = int(((said + child.stdout.read()).rpartition(b"\n")[0]).split()[-1])
        child.stdout.close()
        child.wait()
        with store.begin([SITE]):  # on PostgreSQL the dead writer's transaction may be a moment in ending
            pass
        with store.read() as conn:
            answer = verify_store(conn, SITE)
            size = head(conn, SITE).size
        assert answer.ok, answer
        assert answer.size == size
        assert size in {answered, answered + 1}, f"seed {seed}"
