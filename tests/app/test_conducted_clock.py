"""The conducted clock: every process of a simulation reads the same time, and nothing else ever reads one."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import MAGIC, SIZE, VARIABLE, Conducted, packed, real
from app.conducted import Conductor
from app.pulse import Pulse
from app.roles import Run
from core.clock import micros

START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def conductor(folder: Path, speed: float = 0.0) -> Conductor:
    return Conductor(folder / "clock", START, speed)


def test_a_standing_clock_stands_and_leaps_to_the_microsecond(tmp_path: Path) -> None:
    hand = conductor(tmp_path)
    clock = Conducted(hand.path)
    assert clock.now() == START
    time.sleep(0.01)
    assert clock.now() == START
    for step in (timedelta(microseconds=1), timedelta(hours=9), timedelta(0)):
        goal = clock.now() + step
        hand.leap(goal)
        assert clock.now() == goal == hand.now()


def test_time_never_goes_back(tmp_path: Path) -> None:
    hand = conductor(tmp_path)
    with pytest.raises(ValueError, match="cannot go back"):
        hand.leap(START - timedelta(microseconds=1))


@pytest.mark.parametrize("speed", [1.0, 60.0, 3600.0])
def test_a_running_clock_is_monotone_and_keeps_its_speed(tmp_path: Path, speed: float) -> None:
    hand = conductor(tmp_path, speed)
    clock = Conducted(hand.path)
    began, first = time.monotonic(), clock.now()
    seen = [clock.now() for _ in range(2000)]
    took = time.monotonic() - began
    assert seen == sorted(seen)
    assert seen[0] >= first
    assert (seen[-1] - first).total_seconds() <= (took + 0.001) * speed
    hand.run(0)
    stood = clock.now()
    assert stood >= seen[-1]
    assert clock.now() == stood


def test_changing_speed_loses_no_time(tmp_path: Path) -> None:
    hand = conductor(tmp_path)
    clock = Conducted(hand.path)
    last = clock.now()
    for speed in (1000.0, 0.0, 1.0, 5000.0, 0.0):
        hand.run(speed)
        for _ in range(50):
            assert clock.now() >= last
            last = clock.now()


def test_no_reading_is_torn_while_the_clock_is_moved(tmp_path: Path) -> None:
    """A leap writes twenty-eight bytes; a reader in between must never put half of one and half of another together."""
    hand = conductor(tmp_path)
    clock = Conducted(hand.path)
    stop, seen = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            seen.append(clock.now())

    reader = threading.Thread(target=read)
    reader.start()
    steps = [START + timedelta(days=n, microseconds=n) for n in range(3000)]
    for step in steps:
        hand.leap(step)
    stop.set()
    reader.join()
    assert set(seen) <= set(steps)
    assert seen == sorted(seen)


@given(cut=st.integers(0, 27))
def test_a_torn_reading_is_taken_again(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("torn") / "clock"
    old, new = packed(micros(START), 1, 0.0), packed(micros(START) + 987_654_321_012, 2, 0.0)
    path.write_bytes(MAGIC + new[:cut] + old[cut:])
    clock = Conducted(path)
    heal = threading.Timer(0.002, rewrite, (path, MAGIC + new))
    heal.start()
    assert micros(clock.now()) in {micros(START), micros(START) + 987_654_321_012}
    heal.join()
    clock.close()


def test_all_processes_read_the_same_time(tmp_path: Path) -> None:
    hand = conductor(tmp_path)
    hand.leap(START + timedelta(hours=7, microseconds=5))
    said = said_with(hand.path, "from app.clock import now; print(now().isoformat())")
    assert said.stdout.strip() == (START + timedelta(hours=7, microseconds=5)).isoformat()


@pytest.mark.parametrize("content", [None, b"", b"no clock of ours" * 8, MAGIC, MAGIC + bytes(SIZE)])
def test_a_server_refuses_a_clock_that_nobody_conducts(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "clock"
    if content is not None:
        path.write_bytes(content)
    said = said_with(path, "import app.clock")
    assert said.returncode == 1
    assert said.stderr.startswith(f"{VARIABLE}: ")
    assert "Traceback" not in said.stderr


def test_without_the_variable_it_is_the_plain_clock() -> None:
    env = {k: v for k, v in os.environ.items() if k != VARIABLE}
    code = "from app import clock; assert clock.now is clock.real; assert clock.conducted is None"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)
    assert abs((real() - datetime.now(UTC)).total_seconds()) < 1


def test_what_looks_all_the_time_looks_when_the_clock_moves_or_something_is_committed(tmp_path: Path) -> None:
    hand, looks = conductor(tmp_path), Looks()
    pulse = Pulse(Conducted(hand.path))
    with looks.running(pulse.whenever(looks)):
        looks.come_to(1)
        hand.leap(START + timedelta(hours=1))
        looks.come_to(2)
        pulse.stir()
        looks.come_to(3)


def test_what_is_done_seldom_is_done_by_the_conducted_clock(tmp_path: Path) -> None:
    hand, looks = conductor(tmp_path), Looks()
    with looks.running(Pulse(Conducted(hand.path)).every(60, looks)):
        looks.come_to(1)
        hand.leap(START + timedelta(seconds=59))
        time.sleep(0.15)
        assert looks.count == 1
        hand.leap(START + timedelta(seconds=60))
        looks.come_to(2)


class Looks:
    """How often a role has acted."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1

    @contextmanager
    def running(self, role: Run) -> Iterator[None]:
        stopping = threading.Event()
        thread = threading.Thread(target=role, args=(stopping,))
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()

    def come_to(self, count: int) -> None:
        until = time.monotonic() + 10
        while self.count < count:
            assert time.monotonic() < until, f"{self.count} looks, not {count}"
            time.sleep(0.002)


def said_with(path: Path, code: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {VARIABLE: str(path)}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def rewrite(path: Path, content: bytes) -> None:
    with path.open("r+b") as file:
        file.write(content)
