"""A site's background life in a virtual house: the same twice, nothing lost by committing it together, bounded work (IOT-04)."""

import os
import subprocess
import sys
from datetime import timedelta
from itertools import takewhile
from pathlib import Path

import pytest
from sqlalchemy import event

from app.scenario_worlds import shores
from simulators.scenario.model import Says
from simulators.virtual.house import House
from simulators.virtual.life import BEAT, beats, life
from sites.pack import read
from tests.simulators.nights import SITE, START, after, night

ROOT = Path(__file__).parents[2]
ESTATE = ROOT / "packs" / "harbour-garden"
NIGHT = ((after(4), Says("B2-07", "fire.alarm")), (after(5), Says("L-1", "water.leak")))

# Everything that two houses must have alike. Not the outbox: fewer, larger batches push fewer, larger pieces.
ROWS = (
    "SELECT id, seq, device_id, kind, flags, said_at, heard_at, shift_id, holder_id, alert_id FROM event ORDER BY id",
    "SELECT device_id, heard_at, said_at, kind, silent FROM device_state ORDER BY device_id",
    "SELECT gateway_id, state, boot, heard_at, silent FROM gateway_state ORDER BY gateway_id",
    "SELECT gateway_id, boot, through, ahead, due_at FROM gateway_boot ORDER BY gateway_id, boot",
    "SELECT subject, name, active, since, boot, seq, alert_id, repeats, last_at FROM condition ORDER BY subject, name",
    "SELECT * FROM tap ORDER BY event_id",
    "SELECT n, body FROM log_entry ORDER BY n",
    "SELECT id, state, due_at, done_at FROM notice ORDER BY id",
)


def test_beats_are_counted_from_the_start_twice_within_each_supervision() -> None:
    made = list(takewhile(lambda w: w.at <= after(16), beats(SITE, START)))
    assert [(w.at, w.device, w.kind) for w in made] == [(after(m), "B2-07", BEAT) for m in (5, 10, 15)]


def test_no_life_says_nothing() -> None:
    assert list(life("none", SITE, START, 1)) == []


def test_the_same_night_twice_has_the_same_log_to_the_last_bit() -> None:
    """IOT-04."""
    one, other = night(*NIGHT, until=20), night(*NIGHT, until=20)
    assert one.log_head == other.log_head
    assert one.happenings == other.happenings


def test_the_same_night_in_another_process_has_the_same_log() -> None:
    """No order may hang on how this process happens to hash."""
    script = (
        "from tests.simulators.test_virtual_life import NIGHT; from tests.simulators.nights import night; "
        "print(night(*NIGHT, until=20).log_head)"
    )
    heads = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(heads) == 1


@pytest.mark.parametrize(("story", "minutes"), [("demo", 25), ("calm", 40)])
def test_life_signs_that_are_committed_together_leave_the_same_rows(story: str, minutes: int) -> None:
    """What waits for company is heard when it came, under whoever was on duty then, and delays nothing."""
    register, rows = read(ESTATE), []
    for together in (True, False):
        here = House(register, START, shores(), life=life(story, register, START, 1), together=together)
        for minute in range(0, minutes, 7):
            here.pass_to(after(minute))
        here.at_once(lambda: None)
        with here.store.read() as conn:
            rows.append([conn.exec_driver_sql(sql).all() for sql in ROWS])
        here.close()
    assert rows[0] == rows[1]
    assert len(rows[0][0]) > 500


def test_a_day_of_the_estate_is_bounded_work() -> None:
    """24 h of 406 devices and the rounds of its plans, 49,000 events: nobody is called, and what makes it quick is that a day needs few transactions, whatever the machine."""
    register = read(ESTATE)
    here = House(register, START, shores(), life=life("calm", register, START, 1))
    statements: list[str] = []
    event.listen(here.store.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    here.pass_to(START + timedelta(hours=24))
    here.at_once(lambda: None)
    with here.store.read() as conn:
        assert (conn.exec_driver_sql("SELECT count(*) FROM event").scalar() or 0) > 49_000
        assert conn.exec_driver_sql("SELECT count(*) FROM alert").scalar() == 0
        over = conn.exec_driver_sql("SELECT result, count(*) FROM patrol_round WHERE stand = 'over' GROUP BY result")
        assert [row[0] for row in over] == ["complete"]
        silent = "SELECT count(*) FROM device_state WHERE silent OR (due_at IS NOT NULL AND heard_at = 0)"
        assert conn.exec_driver_sql(silent).scalar() == 0
    assert len(statements) < 12_000
    here.close()
