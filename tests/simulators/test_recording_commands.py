"""`watchroom record`, `watchroom replay` and their kin, as a person calls them."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner, Result

from app.__main__ import whole
from ingest.ports import free_port
from simulators.recording.lines import Message
from simulators.recording.reader import Recording
from simulators.scenario.load import read, site_of
from tests.servers import Nats
from tests.simulators.tapes import Voices, taped, told

ROOT = Path(__file__).parents[2]
SITE = "harbour-garden"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No demo and no server but the test's own."""
    monkeypatch.chdir(tmp_path)
    for name in ("WATCHROOM_DATA", "WATCHROOM_STORE", "WATCHROOM_BROKER"):
        monkeypatch.delenv(name, raising=False)


def called(*words: object) -> Result:
    first = str(words[0])
    env = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    return CliRunner().invoke(whole(first), [str(w) for w in words], env=env)


def fine(*words: object) -> str:
    done = called(*words)
    assert done.exit_code == 0, done.output
    return done.output


def refused(*words: object) -> str:
    done = called(*words)
    assert done.exit_code in {1, 2}, done.output
    return " ".join(done.output.split())


@pytest.fixture
def minutes(tmp_path: Path) -> Path:
    register = site_of(SITE, tmp_path)
    return taped(tmp_path / "tape.jsonl.gz", register, told(register, 150))


@pytest.fixture
def talk(nats_server: Nats) -> Iterator[str]:
    """Somebody who says something every 20 ms; the site's name is this test's own."""
    site, stopping = f"talk-{free_port()}", threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=site)
    client.connect(nats_server.host, nats_server.port)
    client.loop_start()

    def say() -> None:
        while not stopping.wait(0.02):
            client.publish(f"wr/v1/{site}/gw-a/events", b"{}", 1)

    thread = threading.Thread(target=say)
    thread.start()
    yield site
    stopping.set()
    thread.join()
    client.disconnect()
    client.loop_stop()


def url(broker: Nats) -> str:
    return f"mqtt://{broker.host}:{broker.port}"


def test_recording_for_some_seconds(nats_server: Nats, talk: str, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl.gz"
    text = fine("record", "--broker", url(nats_server), "--site", talk, "--seconds", "0.6", "-o", out)
    read = Recording(out)
    count = len(list(read))
    assert count > 5
    assert f"{count} messages" in text
    assert not read.torn
    assert read.header.topics == tuple(f"wr/v1/{talk}/+/{c}" for c in ("events", "telemetry", "status"))
    assert out.stat().st_mode & 0o077 == 0, "who passed which door is nobody else's to read"
    again = refused("record", "--broker", url(nats_server), "--site", talk, "--seconds", "0.2", "-o", out)
    assert "never written over" in again
    assert len(list(Recording(out))) == count


@pytest.mark.parametrize(("how", "torn"), [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGKILL, True)])
def test_a_recording_ends_in_good_order_when_told_and_readable_when_killed(
    nats_server: Nats, talk: str, tmp_path: Path, how: signal.Signals, torn: bool
) -> None:
    out = tmp_path / "x.jsonl.gz"
    words = ["record", "--broker", url(nats_server), "--site", talk, "-o", str(out)]
    child = subprocess.Popen(
        [sys.executable, "-m", "app", *words], cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    try:
        until = time.monotonic() + 30
        while not out.exists() or out.stat().st_size < 400:
            assert time.monotonic() < until
            assert child.poll() is None
            time.sleep(0.05)
        child.send_signal(how)
        said, _ = child.communicate(timeout=15)
    finally:
        child.kill()
        child.wait()
    assert torn or child.returncode == 0
    assert torn or b"messages" in said
    found = Recording(out)
    lines = list(found)
    assert [line for line in lines if isinstance(line, Message)]
    assert bool(found.torn) is torn


def test_what_is_meant_must_be_known(nats_server: Nats, minutes: Path) -> None:
    assert "no server is to be found here" in refused("record", "--seconds", "1")
    assert "mqtt://HOST:PORT" in refused("record", "--broker", "http://x", "--site", "a", "--seconds", "1")
    nobody = f"mqtt://127.0.0.1:{free_port()}"
    assert "refused" in refused("record", "--broker", nobody, "--site", "a", "--seconds", "1").lower()
    assert not list(Path().glob("a-*.gz")), "a recording that never began leaves no file"
    assert "no broker at" in refused("replay", minutes, "--broker", nobody, "--site", "a")
    assert "not after --from" in refused("replay", minutes, "--from", "+60s", "--to", "+10s").replace("is not", "not")
    assert "is not a time" in refused("replay", minutes, "--from", "late")
    assert "nothing was said" in refused("replay", minutes, "--virtual", "--from", "+2h")
    assert "--speed" in refused("replay", minutes, "--speed", "fast")
    assert ":1: not a recording" in refused("replay", Path(__file__), "--virtual")
    assert "nothing is known of the site 'elsewhere'" in refused("replay", minutes, "--virtual", "--site", "elsewhere")


def test_replaying_into_a_broker_that_lets_anybody_in(nats_server: Nats, minutes: Path, tmp_path: Path) -> None:
    site = f"echo-{free_port()}"
    out = tmp_path / "echo.jsonl.gz"
    echo = subprocess.Popen(
        [sys.executable, "-m", "app", "record", "--broker", url(nats_server), "--site", site, "-o", str(out)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while not out.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        time.sleep(1.5)  # it listens
        text = fine(
            "replay", minutes, "--broker", url(nats_server), "--site", site, "--speed", "max", "--from", "22:01"
        )
        time.sleep(0.5)
        echo.send_signal(signal.SIGINT)
        echo.wait(15)
    finally:
        echo.kill()
        echo.wait()
    said = [m for m in Recording(minutes) if isinstance(m, Message) and m.t >= 60_000_000]
    wanted = [m.payload for m in said if not m.topic.endswith("/status")]
    heard = [m.payload for m in Recording(out) if isinstance(m, Message)]
    assert sorted(heard) == sorted(wanted)
    assert f"{len(wanted)} messages into" in text
    assert "statuses of gateways were left out" in text


def test_replaying_into_memory_tells_what_comes_of_it_the_same_twice(minutes: Path) -> None:
    one, two = (fine("replay", minutes, "--virtual") for _ in range(2))
    head = next(line for line in one.splitlines() if "head" in line)
    assert head in two
    assert "logbook verifies" in head
    assert "fire.alarm" in one
    assert "22:00:15" in one
    assert "fire.alarm" not in fine("replay", minutes, "--virtual", "--as-history")
    assert "water.leak" in fine("replay", minutes, "--virtual", "--from", "+20s", "--fresh-ids")


def test_an_incident_log_is_imported_replayed_and_told_row_by_row_where_it_is_wrong(tmp_path: Path) -> None:
    log = tmp_path / "panel.csv"
    log.write_text("时间;部位;类型\n2026/3/1 22:04:05;七层烟感;烟感报警\n2026/3/1 22:05:00;七层烟感;xx\n", "gb18030")
    names = tmp_path / "names.csv"
    names.write_text("七层烟感,B2-07\n", "gb18030")
    words = ["record", "from-csv", log, "--site", SITE, "--gateway", "gw-b", "--time", "时间", "--device", "部位"]
    words += ["--kind", "类型", "--map-kind", "烟感报警=fire.alarm", "--map-device", names, "--delimiter", ";"]
    words += ["--encoding", "gb18030"]
    bad = refused(*words, "-o", "x.gz")
    assert "panel.csv:3: 'xx' is no kind of event" in bad
    assert not Path("x.gz").exists()
    assert "1 events" in fine(*words, "-o", "one.gz", "--skip-bad")
    fine(*words, "-o", "two.gz", "--skip-bad")
    assert Path("one.gz").read_bytes() == Path("two.gz").read_bytes()
    told_ = fine("replay", "one.gz", "--virtual")
    assert "03-01 22:04:05" in told_
    assert "nobody's silence is judged" in told_
    assert "no column 'Zeit'" in refused(*words, "-o", "x.gz", "--time", "Zeit")
    assert "WORD=KIND" in refused(*words, "-o", "x.gz", "--map-kind", "fire.alarm")


def test_a_scenario_is_drafted_from_a_recording(tmp_path: Path) -> None:
    register = site_of(SITE, tmp_path)
    voices = Voices(register)
    tape = taped(tmp_path / "tape.gz", register, [voices.event(15, "B2-07", "fire.alarm")])
    fine("scenario", "from-recording", tape, "-o", "draft.yaml")
    assert [step.text for step in read(Path("draft.yaml")).steps] == ["22:00:15 B2-07 fire.alarm"]
    fine("scenario", "run", "draft.yaml")
    pack = ROOT / "packs" / SITE
    assert "22:00:15 B2-07 fire.alarm" in fine("scenario", "from-recording", tape, "--pack", pack)
    assert "would tell" in refused("scenario", "from-recording", tape, "--from", "22:30")
