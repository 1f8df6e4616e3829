"""A scenario against running processes: the same story as in memory, and nothing left behind (EVT-14, IOT-05)."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.real_world import RealWorld
from app.scenario_worlds import real, virtual
from simulators.scenario import load
from simulators.scenario.model import Scenario
from simulators.scenario.world import play
from tests.worlds import both, processes_on, rang, told

ROOT = Path(__file__).parents[2]


def read(text: str) -> Scenario:
    return load.read_text(text, Path("night.yaml"))


ALARM = """
start: 2026-03-01T22:00
end: 22:20
given: {signed_on: {centre: wang}}
when:
  - 22:04 B2-07 fire.alarm loop=2 point=7
  - 22:06:30 wang acks B2-07
  - 22:07 li closes B2-07 false_alarm cause=cooking note="x"
  - 22:08 B2-07 fire.restore
  - 22:09 wang resets B2-07
  - 22:10 wang closes B2-07 false_alarm cause=cooking note="油烟"
then:
  - 22:05 alert B2-07 is raised
"""

FAULTS = """
start: 2026-03-01T22:00
end: 22:30
given: {signed_on: {centre: wang}}
when:
  - 22:01 scan guard C1
  - 22:02 B2-07 fire.alarm x8 within 1.4s
  - 22:03 gateway gw-b offline
  - 22:04 server stops
  - 22:04:30 wang acks B2-07
  - 22:05 L-1 water.leak
  - 22:05:10 P-1 manual.panic id=0197a000-0000-7000-8000-000000000001
  - 22:06 server starts
  - 22:07 wang acks B2-07
  - 22:08 channel email fails
  - 22:09 D-1 access.held_open
  - 22:10 channel email works
  - 22:11 broker restarts
  - 22:12 gateway gw-a restarts
  - 22:13 broker forgets
  - 22:14 garbage on gw-a "{not json"
  - 22:15 L-1 water.leak again
  - 22:16 L-1 water.leak said_at=2017-03-01T22:05:00+08:00
  - 22:17 D-1 access.forced retained
  - 22:18 gateway gw-b online
  - 22:19 gateway gw-a offline
  - 22:19:10 D-1 access.forced
  - 22:20:30 gateway gw-a online
  - 22:21 L-1 water.leak seq=400
  - 22:22 device B2-07 falls silent
  - 22:24 wang reports manual.resident_call zone=b7 note="噪音" caller="701"
  - 22:25 wang releases B2-07 reason="换岗"
  - 22:28 device B2-07 speaks
then:
  - 22:10 alert B2-07 is acked by wang
  - 22:23 seat centre is held by wang
"""

MINUTES = """
start: 2026-03-01T22:00
end: 22:02
given:
  ladder: [0s seat:centre, 30s seat:leader console+email, repeat 10m]
  signed_on: {centre: wang}
when:
  - 22:00:10 B2-07 fire.alarm
  - 22:01:30 wang acks B2-07
"""

TWO_NIGHTS = """
start: 2026-03-01T22:00
end: +1d 21:00
life: none
given:
  gateways: {gw-a: 24h, gw-b: 24h}
  devices: {B2-07: {model: smoke, supervision: 24h}}
  policies: {handle_by: {1: 24h, 2: 24h, 3: 24h}}
  signed_on: {centre: wang}
when:
  - 22:04 L-1 water.leak
  - 22:05 wang acks L-1
  - +1d 20:00 wang notes L-1 "still here"
"""


def test_an_alarm_is_the_same_story_in_memory_and_in_processes() -> None:
    imagined, happened = both(read(ALARM))
    assert told(happened) == told(imagined)
    assert rang(happened) == rang(imagined)
    assert happened.snapshots == imagined.snapshots
    assert happened.events == imagined.events
    assert happened.verifies


@pytest.mark.timeout(180)
def test_whatever_breaks_breaks_alike_in_memory_and_in_processes() -> None:
    """Every fault that a scenario can name, one after the other, on the same night."""
    imagined, happened = both(read(FAULTS))
    assert told(happened) == told(imagined)
    assert happened.snapshots == imagined.snapshots
    assert happened.events == imagined.events
    assert happened.verifies
    kinds = {(h.topic, h.what) for h in happened.happenings}
    assert {("refused", "unavailable"), ("reject", "not_json"), ("notice", "sent"), ("alert", "raised")} <= kinds


def test_a_session_outlasts_the_longest_night() -> None:
    happened = play(read(TWO_NIGHTS), real(read(TWO_NIGHTS)))
    assert [h.what for h in happened.happenings if h.topic in {"alert", "refused"} and h.who == ("wang",)][
        -1
    ] == "noted"


def test_every_letter_that_was_sent_arrived_and_a_folder_that_was_asked_for_stays(tmp_path: Path) -> None:
    scenario = read(ALARM)
    world = real(scenario, keep=tmp_path / "kept")
    clock = world._ground.clock.path
    assert sorted(processes_on(clock).values()) == ["nats-server", "wr gateway", "wr gateway", "wr up"]
    letters = world._ground.channels["email"]
    story = play(scenario, world)
    assert letters.taken == sum(h.topic == "notice" and h.what == "sent" for h in story.happenings) > 0
    assert processes_on(clock) == {}
    assert not clock.exists()
    assert (tmp_path / "kept" / "watchroom.db").exists()


def test_the_server_says_that_its_time_is_made_up() -> None:
    world = real(read(ALARM))
    try:
        server = world._ground.server
        assert "clock.conducted" in server.last_words(1000)
        assert "A SIMULATION" in server.last_words(1000)
        _, answer = server.ask("GET", "/health/roles", world._ground.keys.admin)
        (clock,) = [role for role in answer["roles"] if role["name"] == "clock"]
        assert not clock["ok"]
        assert "conducted" in clock["detail"]
    finally:
        world.close()


def test_a_running_clock_tells_the_same_story_within_its_slack() -> None:
    """Ten times as fast as life: what is exact on a standing clock is late by what real processes take, times ten."""
    scenario = read(MINUTES)
    imagined, world = play(scenario, virtual(scenario)), RealWorld(scenario, speed=10)
    happened = play(scenario, world)
    of_alerts = [[h for h in story.happenings if h.topic == "alert"] for story in (imagined, happened)]
    assert [(h.what, h.who) for h in of_alerts[1]] == [(h.what, h.who) for h in of_alerts[0]]
    for wanted, came in zip(*of_alerts, strict=True):
        assert 0 <= (came.at - wanted.at).total_seconds() <= world.slack_s, (wanted, came)


PLAYER = """
import signal
import sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it, and so would its children
from app.scenario_worlds import real
from simulators.scenario import load
from simulators.scenario.world import play
scenario = load.read_text(Path(sys.argv[1]).read_text(), Path("night.yaml"))
world = real(scenario)
print(world._ground.clock.path, flush=True)
play(scenario, world)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_in_the_middle_leaves_no_process(tmp_path: Path, how: signal.Signals) -> None:
    """A night without end: the ladder of an alarm that nobody answers repeats for a month."""
    (tmp_path / "night.yaml").write_text(
        ALARM.split("end:", maxsplit=1)[0] + "end: +29d 22:00\nwhen: [22:04 B2-07 fire.alarm]\n"
    )
    command = [sys.executable, "-c", PLAYER, str(tmp_path / "night.yaml")]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as player:
        assert player.stdout is not None
        clock = Path(player.stdout.readline().decode().strip())
        assert len(processes_on(clock)) >= 4
        time.sleep(0.5)
        player.send_signal(how)
        player.wait(20)
    until = time.monotonic() + 10
    while (left := processes_on(clock)) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == {}
    assert how is signal.SIGKILL or not clock.exists()
    shutil.rmtree(clock.parent, ignore_errors=True)  # a process that was killed could not
