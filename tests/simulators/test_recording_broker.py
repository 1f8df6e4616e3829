"""Recording at a real broker and playing into one: nothing is taken from the server, nothing is lost, nothing comes twice
(EVT-14, IOT-05).
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from core import wire
from core.ids import derived
from ingest.broker import EmbeddedBroker
from ingest.credentials import SERVER, gateway_password, server_password, username
from ingest.deliveries import Address
from ingest.ports import free_port
from simulators.recording.lines import Gap, Message, header
from simulators.recording.player import Player, Unplayed
from simulators.recording.reader import Recording
from simulators.recording.recorder import Recorder, Refused, topics
from simulators.recording.retold import Fresh, Telling, retold, surveyed
from simulators.recording.writer import Writer
from tests.conftest import HandClock
from tests.night import Night
from tests.servers import Broker, Nats

STARTED = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
BOOT = derived(STARTED, "a boot")
SITE = "harbour"


def until(true: Callable[[], object], what: str, patience: float = 15.0) -> None:
    ends = time.monotonic() + patience
    while not true():
        assert time.monotonic() < ends, f"waited {patience} s for: {what}"
        time.sleep(0.005)


def event(seq: int, kind: str = "device.heartbeat", device: str = "B2-07") -> bytes:
    at = STARTED + timedelta(seconds=seq)
    return wire.encode(wire.Event(derived(at, str(seq)), BOOT, seq, device, kind, at))


def at(broker: Broker) -> Address:
    return Address(broker.host, broker.port)


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def recording(address: Address, path: Path) -> Iterator[Recorder]:
    """A recorder that listens until the block ends, and then seals its file."""
    stopping, done = threading.Event(), []
    with path.open("wb") as out, Writer(out, header(SITE, now(), topics=topics(SITE))) as writer:
        recorder = Recorder(address, writer, now, lambda _: None)
        thread = threading.Thread(target=lambda: done.append(recorder.run(stopping)))
        thread.start()
        try:
            until(lambda: recorder.heard.linked, "the recorder listens")
            yield recorder
        finally:
            stopping.set()
            thread.join(10)
    assert done, "the recorder ended by an error"


@contextmanager
def speaker(broker: Broker, client_id: str = "speaker") -> Iterator[Callable[..., None]]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
    client.connect(broker.host, broker.port)
    client.loop_start()

    def say(payload: bytes, channel: str = "events", *, retain: bool = False, gateway: str = "gw-a") -> None:
        client.publish(f"wr/v1/{SITE}/{gateway}/{channel}", payload, 1, retain).wait_for_publish(10)

    try:
        yield say
    finally:
        client.disconnect()
        client.loop_stop()


class Listener:
    """Somebody else at the broker, who keeps what comes, in order."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.retained: list[bytes] = []
        self._ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="listener")
        self.client.on_message = self._hear
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        self.client.subscribe("wr/v1/#", 1)
        assert self._ready.wait(10)

    def _hear(self, _client: object, _userdata: object, said: mqtt.MQTTMessage) -> None:
        self.heard.append((said.topic, bytes(said.payload)))
        if said.retain:
            self.retained.append(bytes(said.payload))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def taken(path: Path) -> list[Message]:
    read = Recording(path)
    found = list(read)
    assert not read.torn
    return [m for m in found if isinstance(m, Message)]


def test_what_gateways_say_is_recorded_with_its_bytes_its_order_and_its_retained_flag(
    mqtt_broker: Broker, tmp_path: Path
) -> None:
    path = tmp_path / "night.gz"
    odd = [event(1), b"\x00\xff not text", b"", "烟雾".encode(), b"x" * 20_000]
    with speaker(mqtt_broker) as say:
        say(b'{"state":"online"}', "status", retain=True)
        with recording(at(mqtt_broker), path) as recorder:
            until(lambda: recorder.heard.messages == 1, "the retained status")
            for payload in odd:
                say(payload)
            say(b"21.5", "telemetry")
            say(b"not for us", "receipt")
            until(lambda: recorder.heard.messages == 7, "everything said")
    first, *rest = taken(path)
    assert (first.payload, first.retain, first.topic) == (b'{"state":"online"}', True, "wr/v1/harbour/gw-a/status")
    # A broker keeps the order within a topic only.
    assert [m.payload for m in rest if m.topic.endswith("/events")] == odd
    assert [(m.topic, m.payload) for m in rest if not m.topic.endswith("/events")] == [
        ("wr/v1/harbour/gw-a/telemetry", b"21.5")
    ]
    assert not any(m.retain for m in rest)
    assert all(m.qos == 1 for m in rest)
    assert [m.t for m in taken(path)] == sorted(m.t for m in taken(path))


def test_a_recorder_outlives_a_restart_of_the_broker_and_notes_the_gap(mqtt_broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "night.gz"
    with recording(at(mqtt_broker), path) as recorder:
        with speaker(mqtt_broker) as say:
            say(b"before")
            until(lambda: recorder.heard.messages == 1, "the word before")
        mqtt_broker.kill()
        until(lambda: not recorder.heard.linked, "the break is seen")
        mqtt_broker.start()
        until(lambda: recorder.heard.linked, "the recorder is back")
        with speaker(mqtt_broker, "another") as say:
            say(b"after")
            until(lambda: recorder.heard.messages >= 2, "the word after")
    lines = list(Recording(path))
    gaps = [line for line in lines if isinstance(line, Gap)]
    assert len(gaps) == 1
    assert 0 < gaps[0].lasted <= gaps[0].t
    said = [line.payload for line in lines if isinstance(line, Message)]
    assert (said[0], said[-1]) == (b"before", b"after")


def test_what_is_played_arrives_whole_and_in_each_gateways_order(mqtt_broker: Broker) -> None:
    said = [
        Message(n, f"wr/v1/harbour/{gateway}/events", b"%d" % n) for n in range(2000) for gateway in ("gw-a", "gw-b")
    ]
    with Listener(mqtt_broker) as listener:
        played = Player(dict.fromkeys(("gw-a", "gw-b"), at(mqtt_broker)), "replay-test").play(said, threading.Event())
        assert (played.messages, played.left_out) == (4000, 0)
        until(lambda: len(listener.heard) >= 4000, "everything")
    for gateway in ("gw-a", "gw-b"):
        mine = [int(p) for topic, p in listener.heard if gateway in topic]
        assert mine == list(range(2000))


def test_a_player_goes_on_after_the_broker_was_away_and_what_was_unconfirmed_comes_again(mqtt_broker: Broker) -> None:
    said = [Message(n * 2000, "wr/v1/harbour/gw-a/events", b"%d" % n) for n in range(1000)]
    heard: set[int] = set()
    played_to = threading.Event()

    def on_played(t: int) -> None:
        if t == 600_000:
            played_to.set()

    def interrupt() -> None:
        played_to.wait(20)
        mqtt_broker.restart()

    with Listener(mqtt_broker) as listener:
        thread = threading.Thread(target=interrupt)
        thread.start()
        player = Player({"gw-a": at(mqtt_broker)}, "replay-test")
        played = player.play(said, threading.Event(), speed=1.0, on_played=on_played)
        thread.join(20)
        heard |= {int(p) for _, p in listener.heard}
    assert played.messages == 1000, "each was confirmed by the broker in the end"
    assert set(range(250)) <= heard


def test_pace_is_kept(nats_server: Nats) -> None:
    said = [Message(n * 500_000, "wr/v1/pace/gw-a/events", b"%d" % n) for n in range(5)]
    played = Player({"gw-a": at(nats_server)}, "replay-pace").play(said, threading.Event(), speed=10.0)
    assert 0.2 <= played.seconds < 1.5


def test_a_player_stops_when_told(nats_server: Nats) -> None:
    said = [Message(n * 1_000_000, "wr/v1/stop/gw-a/events", b"%d" % n) for n in range(50)]
    stopping = threading.Event()
    played = Player({"gw-a": at(nats_server)}, "replay-stop").play(
        said, stopping, speed=10.0, on_played=lambda t: stopping.set() if t == 3_000_000 else None
    )
    assert played.messages == 4


def test_what_no_gateway_said_is_left_out_and_only_a_status_stays_at_the_broker(mqtt_broker: Broker) -> None:
    said = [
        Message(0, "wr/v1/harbour/gw-a/status", b"state", 1, retain=True),
        Message(0, "wr/v1/harbour/gw-a/events", b"event", 1, retain=True),
        Message(0, "wr/v1/harbour/gw-z/events", b"stranger"),
        Message(0, "elsewhere", b"x"),
    ]
    played = Player({"gw-a": at(mqtt_broker)}, "replay-test").play(said, threading.Event())
    assert (played.messages, played.left_out) == (2, 2)
    with Listener(mqtt_broker) as listener:
        until(lambda: listener.retained, "what stayed")
        time.sleep(0.1)
        assert listener.retained == [b"state"]


def test_nobody_there_and_nobody_welcome_are_told_apart(tmp_path: Path) -> None:
    secret = b"a secret of this test"
    users = [(SITE, "gw-a", gateway_password(secret, SITE, "gw-a", 1))]
    closed = Address("127.0.0.1", free_port())
    head = header(SITE, now(), topics=topics(SITE))
    with pytest.raises(Unplayed, match="no broker at"):
        Player({"gw-a": closed}, "x").play([], threading.Event())
    broker = EmbeddedBroker(tmp_path / "b", "127.0.0.1", 0, users, server_password(secret))
    broker.start()
    try:
        wrong = Address("127.0.0.1", broker.port, username(SITE, "gw-a"), "not the password of it")
        right = Address("127.0.0.1", broker.port, username(SITE, "gw-a"), users[0][2])
        ours = Address("127.0.0.1", broker.port, SERVER, server_password(secret))
        with pytest.raises(Unplayed, match=r"refuses harbour\.gw-a"):
            Player({"gw-a": wrong}, "x").play([], threading.Event())
        with (
            pytest.raises(Refused),
            (tmp_path / "r").open("wb") as out,
            Writer(out, head) as writer,
        ):
            Recorder(wrong, writer, now, lambda _: None).run(threading.Event(), 5)
        path = tmp_path / "right"
        with recording(ours, path) as recorder:
            Player({"gw-a": right}, "replay-test").play(
                [Message(0, f"wr/v1/{SITE}/gw-a/events", b"mine")], threading.Event()
            )
            until(lambda: recorder.heard.messages == 1, "a gateway's own word")
        assert [m.payload for m in taken(path)] == [b"mine"]
    finally:
        broker.stop()


@pytest.fixture
def night(clock: HandClock, sqlite_url: str) -> Iterator[Night]:
    from store.db import Store

    store = Store(sqlite_url)
    yield Night(store, clock)
    store.close()


def drunk(night: Night, broker: Broker, play: Callable[[], int]) -> None:
    """Let the night's server drink, through a session of its own, what `play` says it has put into the broker."""
    from ingest.deliveries import MqttDeliveries

    stopping = threading.Event()
    deliveries = MqttDeliveries(at(broker), client_id="watchroom-ingest-test")
    thread = threading.Thread(target=lambda: deliveries.run(night.flow, stopping))
    thread.start()
    try:
        until(lambda: deliveries.connected, "the server listens")
        before = deliveries.counters.messages
        said = play()
        until(lambda: deliveries.counters.messages >= before + said, "the server has taken everything")
    finally:
        stopping.set()
        thread.join(10)


def test_a_recording_played_twice_changes_nothing_and_afresh_it_is_news(
    mqtt_broker: Broker, night: Night, tmp_path: Path
) -> None:
    """EVT-14, over a real broker from a gateway's word to the database and back."""
    path = tmp_path / "night.gz"
    words = [event(n, *kind) for n, kind in enumerate([(), ("fire.alarm",), ("fire.alarm",), (), ()], 41)]
    with recording(at(mqtt_broker), path) as recorder:
        night.flow.handle([])

        def live() -> int:
            with speaker(mqtt_broker) as say:
                for word in words:
                    say(word)
            return len(words)

        drunk(night, mqtt_broker, live)
        until(lambda: recorder.heard.messages == len(words), "recorded too")
    assert [m.payload for m in taken(path)] == words

    def state() -> tuple[int, int, int]:
        return (
            night.count("SELECT count(*) FROM event"),
            night.count("SELECT count(*) FROM alert"),
            night.count("SELECT count(*) FROM log_entry"),
        )

    after = state()
    assert after[:2] == (5, 1)

    def again(telling: Telling) -> Callable[[], int]:
        def play() -> int:
            told = list(retold(Recording(path), telling))
            return Player({"gw-a": at(mqtt_broker)}, "replay-test").play(told, threading.Event()).messages

        return play

    for telling in (Telling(live=True), Telling(live=True), Telling(live=True, history=True)):
        drunk(night, mqtt_broker, again(telling))
        assert state() == after

    fresh = Fresh("run", night.clock(), 5.0, surveyed(Recording(path)).lowest)
    drunk(night, mqtt_broker, again(Telling(live=True, fresh=fresh)))
    assert state()[0] == 10, "told afresh, every event is new"
    assert night.only().repeats == 3, "and the condition that is still open counts it"
    boots = {msgspec.json.decode(p)["boot"] for p in words}
    assert night.count("SELECT count(*) FROM gateway_boot WHERE ahead = '[]'") == 1, "numbered from one: no gap"
    assert night.count("SELECT count(*) FROM gateway_boot") == len(boots) + 1
