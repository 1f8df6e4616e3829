"""Deliveries against real brokers: nothing is forgotten before it is handled (EVT-01, EVT-08, IOT-02)."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

import msgspec
import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from ingest.batches import HEAVY, AtOnce, Message, weight
from ingest.deliveries import Address, MqttDeliveries, broker_at
from ingest.intake import Intake
from ingest.ports import free_port
from tests.servers import ROOT, Broker

EVENTS = "wr/v1/harbour/gw-1/events"
STATUS = "wr/v1/harbour/gw-1/status"
RECEIPT = "wr/v1/harbour/gw-1/receipt"


def until(true: Callable[[], object], what: str, patience: float = 10.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"waited {patience} s for: {what}"
        time.sleep(0.005)


class Station:
    """A loop in a thread of its own, and what it handled."""

    def __init__(self, broker: Broker) -> None:
        self.deliveries = MqttDeliveries(Address(broker.host, broker.port))
        self.batches: list[list[Message]] = []
        self.stopping = threading.Event()
        self.refuse = False
        self.reply = False
        self.takes_s = 0.0
        self.thread = threading.Thread(target=self.deliveries.run, args=(AtOnce(self.handle), self.stopping))

    def handle(self, batch: list[Message]) -> None:
        if self.refuse:
            raise RuntimeError("the store is away")
        time.sleep(self.takes_s)
        self.batches.append(batch)
        if self.reply:
            self.deliveries.publish(RECEIPT, b"through " + batch[-1].payload)

    @property
    def messages(self) -> list[Message]:
        return [m for batch in self.batches for m in batch]

    @property
    def payloads(self) -> list[bytes]:
        return [m.payload for m in self.messages]

    def __enter__(self) -> Self:
        self.thread.start()
        until(lambda: self.deliveries.connected, "connected")
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


@contextmanager
def talker(broker: Broker) -> Iterator[mqtt.Client]:
    """An ordinary client, connected."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="talker")
    client.max_inflight_messages_set(2000)
    client.connect(broker.host, broker.port)
    client.loop_start()
    until(client.is_connected, "talker connected")
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def say(broker: Broker, *payloads: bytes, topic: str = EVENTS, retain: bool = False) -> None:
    """Publish and wait until the broker has taken all of it."""
    with talker(broker) as client:
        for sent in [client.publish(topic, payload, 1, retain) for payload in payloads]:
            sent.wait_for_publish(10)


def test_thousands_of_messages_arrive_once_in_order_and_in_batches(mqtt_broker: Broker) -> None:
    """IOT-02."""
    payloads = [b"%d" % n for n in range(5000)]
    with Station(mqtt_broker) as station:
        say(mqtt_broker, *payloads)
        until(lambda: len(station.messages) >= 5000, "5000 messages")
    assert station.payloads == payloads
    assert max(map(len, station.batches)) <= 500
    assert station.deliveries.counters.messages == 5000
    assert station.deliveries.counters.batches == len(station.batches)


def test_a_backlog_comes_in_full_batches(mqtt_broker: Broker) -> None:
    """While the store is busy with one, the next fills. To a store that takes no time they come as the broker writes them."""
    with Station(mqtt_broker):
        pass
    say(mqtt_broker, *[b"%d" % n for n in range(3000)])
    station = Station(mqtt_broker)
    station.takes_s = 0.02
    with station:
        until(lambda: len(station.messages) >= 3000, "the backlog")
    assert station.payloads == [b"%d" % n for n in range(3000)]
    assert len(station.batches) < 20


def test_heavy_messages_come_in_batches_of_few(mqtt_broker: Broker) -> None:
    """IOT-02: nobody waits behind five hundred full arrays."""
    with Station(mqtt_broker):
        pass
    heavy = [b"%03d" % n + b"x" * 16_000 for n in range(100)]
    say(mqtt_broker, *heavy)
    station = Station(mqtt_broker)
    station.takes_s = 0.02
    with station:
        until(lambda: len(station.messages) >= 100, "the backlog")
    assert station.payloads == heavy
    assert all(weight(batch) < HEAVY + 16_003 for batch in station.batches)
    assert len(station.batches) < 20


def test_a_message_says_where_it_came_from_and_that_it_is_news(mqtt_broker: Broker) -> None:
    with Station(mqtt_broker) as station:
        say(mqtt_broker, b"\x00\xff raw bytes")
        until(lambda: station.messages, "a message")
    (message,) = station.messages
    assert (message.topic, message.payload, message.retained, message.qos) == (EVENTS, b"\x00\xff raw bytes", False, 1)


def test_a_retained_status_is_marked_as_retained(mqtt_broker: Broker) -> None:
    """A replayed state is never news (faults: retained replays ring old alarms)."""
    say(mqtt_broker, b"before", topic=STATUS, retain=True)
    with Station(mqtt_broker) as station:
        until(lambda: station.messages, "the retained status")
        say(mqtt_broker, b"after", topic=STATUS, retain=True)
        until(lambda: len(station.messages) >= 2, "the new status")
    assert [(m.payload, m.retained) for m in station.messages] == [(b"before", True), (b"after", False)]


def test_a_batch_whose_handler_raises_comes_again(mqtt_broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """EVT-08."""
    caplog.set_level(logging.CRITICAL, "ingest.deliveries")
    with Station(mqtt_broker) as station:
        station.refuse = True
        say(mqtt_broker, b"one", b"two")
        until(lambda: station.deliveries.counters.failures >= 1, "a failure")
        assert "the store is away" in station.deliveries.trouble
        station.refuse = False
        until(lambda: set(station.payloads) >= {b"one", b"two"}, "both again")
        until(lambda: station.deliveries.trouble == "", "no trouble")
    assert station.deliveries.counters.redelivered > 0
    assert station.deliveries.counters.reconnects >= 1


CRASHER = """
import os, sys, threading
from ingest.batches import AtOnce
from ingest.deliveries import Address, MqttDeliveries
def handle(batch):
    print(b"".join(m.payload for m in batch).decode(), flush=True)
    os._exit(9)  # the commit is done, the acknowledgement is not
MqttDeliveries(Address("127.0.0.1", int(sys.argv[1]))).run(AtOnce(handle), threading.Event())
"""


def test_a_crash_between_commit_and_acknowledgement_delivers_again(mqtt_broker: Broker) -> None:
    """EVT-08."""
    with Station(mqtt_broker):
        pass
    say(mqtt_broker, b"only")
    crashed = subprocess.run(
        [sys.executable, "-c", CRASHER, str(mqtt_broker.port)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (crashed.returncode, crashed.stdout.strip()) == (9, b"only"), crashed.stderr
    with Station(mqtt_broker) as station:
        until(lambda: station.messages, "the redelivery")
    assert station.payloads == [b"only"]
    assert station.messages[0].dup
    assert not station.messages[0].retained


def test_what_was_handled_is_not_delivered_again(mqtt_broker: Broker) -> None:
    with Station(mqtt_broker) as station:
        say(mqtt_broker, b"handled")
        until(lambda: station.messages, "the message")
    with Station(mqtt_broker) as again:
        say(mqtt_broker, b"next")
        until(lambda: again.messages, "the next message")
    assert again.payloads == [b"next"]


def test_after_a_broker_restart_the_session_and_its_messages_are_still_there(mqtt_broker: Broker) -> None:
    """IOT-04, faults L2."""
    with Station(mqtt_broker) as station:
        say(mqtt_broker, b"before")
        until(lambda: station.messages, "before")
        mqtt_broker.stop()
        until(lambda: not station.deliveries.connected, "disconnected")
        mqtt_broker.start()
        until(lambda: station.deliveries.connected, "connected again")
        say(mqtt_broker, b"after")
        until(lambda: b"after" in station.payloads, "after")
    assert station.deliveries.counters.reconnects >= 1


def test_messages_published_while_we_are_away_survive_a_broker_restart(mqtt_broker: Broker) -> None:
    """IOT-04, faults L2."""
    with Station(mqtt_broker):
        pass
    say(mqtt_broker, *[b"%d" % n for n in range(100)])
    mqtt_broker.restart()
    with Station(mqtt_broker) as station:
        until(lambda: len(station.messages) >= 100, "all that was kept")
    assert station.payloads == [b"%d" % n for n in range(100)]


def test_a_receipt_published_while_handling_goes_out(mqtt_broker: Broker) -> None:
    heard: list[bytes] = []
    with Station(mqtt_broker) as station, talker(mqtt_broker) as gateway:
        gateway.on_message = lambda _c, _u, m: heard.append(m.payload)
        ready = threading.Event()
        gateway.on_subscribe = lambda *_: ready.set()
        gateway.subscribe(RECEIPT, 1)
        assert ready.wait(5)
        station.deliveries.publish(RECEIPT, b"from another thread")
        until(lambda: heard, "the publication of another thread")
        station.reply = True
        gateway.publish(EVENTS, b"7", 1)
        until(lambda: len(heard) == 2, "the receipt")
    assert heard == [b"from another thread", b"through 7"]


def test_what_is_published_while_the_broker_is_away_goes_out_when_it_is_back(mqtt_broker: Broker) -> None:
    heard: list[bytes] = []
    with Station(mqtt_broker) as station:
        mqtt_broker.stop()
        until(lambda: not station.deliveries.connected, "disconnected")
        station.deliveries.publish(STATUS, b"waited")  # a topic that we hear ourselves
        mqtt_broker.start()
        until(lambda: station.payloads, "our own publication")
        heard += station.payloads
    assert heard == [b"waited"]


def test_it_starts_before_the_broker_does_and_stops_without_one(mqtt_broker: Broker) -> None:
    """Services do not lean on start order."""
    mqtt_broker.stop()
    station = Station(mqtt_broker)
    station.thread.start()
    until(lambda: station.deliveries.counters.reconnects >= 2, "two tries")
    assert "refused" in station.deliveries.trouble.lower()
    mqtt_broker.start()
    until(lambda: station.deliveries.connected, "connected")
    station.stopping.set()
    station.thread.join(5)
    nobody = MqttDeliveries(Address("127.0.0.1", free_port()))
    stopping = threading.Event()
    thread = threading.Thread(target=nobody.run, args=(lambda _batch: None, stopping))
    thread.start()
    stopping.set()
    thread.join(5)
    assert not thread.is_alive()


def test_an_idle_connection_is_kept_alive(mqtt_broker: Broker) -> None:
    station = Station(mqtt_broker)
    station.deliveries = MqttDeliveries(Address(mqtt_broker.host, mqtt_broker.port), keepalive=2)
    station.thread = threading.Thread(target=station.deliveries.run, args=(AtOnce(station.handle), station.stopping))
    with station:
        time.sleep(4.5)
        assert station.deliveries.connected
    assert station.deliveries.counters.reconnects == 0


def test_one_megabyte_is_delivered_like_anything_else(mosquitto: Broker) -> None:
    """What is too large is for the decoder to say."""
    with Station(mosquitto) as station:
        say(mosquitto, b"x" * 1_000_000, b"small")
        until(lambda: len(station.messages) >= 2, "both")
    assert [len(p) for p in station.payloads] == [1_000_000, 5]


def packet(
    topic: str, payload: bytes, *, qos: int = 1, token: int = 0, retained: bool = False, dup: bool = False
) -> bytes:
    """A PUBLISH packet as a broker sends it."""
    body = (
        len(topic.encode()).to_bytes(2, "big") + topic.encode() + (token.to_bytes(2, "big") if qos else b"") + payload
    )
    length, size = b"", len(body)
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (128 if size else 0)])
        if not size:
            break
    return bytes([0x30 | dup << 3 | qos << 1 | retained]) + length + body


def packets(*payloads: bytes) -> bytes:
    """Packets of one topic at QoS 1."""
    return b"".join(packet(EVENTS, payload, token=n) for n, payload in enumerate(payloads, 1))


PUBLISHED = st.builds(
    Message,
    st.sampled_from([EVENTS, EVENTS[:-1], EVENTS + "x", "", "值/班"]),
    st.binary(max_size=200),
    st.booleans(),
    st.integers(0, 1),
    st.integers(0, 65_535),
    st.booleans(),
)


@given(st.lists(PUBLISHED, max_size=12), st.integers(1, 300))
def test_every_message_is_read_as_it_was_written_wherever_it_is_cut(said: list[Message], step: int) -> None:
    said = [m if m.qos else msgspec.structs.replace(m, token=0) for m in said]
    wire = b"".join(packet(m.topic, m.payload, qos=m.qos, token=m.token, retained=m.retained, dup=m.dup) for m in said)
    intake = Intake("any")
    batch: list[Message] = []
    for at in range(0, len(wire), step):
        intake._bytes_in += wire[at : at + step]
        assert intake._parse(batch, 100, HEAVY) >= 0
    assert batch == said
    assert intake._bytes_in == b""


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 100_000])
def test_packets_cut_anywhere_are_put_together_again(step: int) -> None:
    payloads = [b"", b"a", b"b" * 90, b"c" * 200, b"d" * 20_000]
    wire = packets(*payloads)
    intake = Intake("cut")
    batch: list[Message] = []
    for at in range(0, len(wire), step):
        intake._bytes_in += wire[at : at + step]
        assert intake._parse(batch, 100, HEAVY) >= 0
    assert [m.payload for m in batch] == payloads
    assert [m.token for m in batch] == [1, 2, 3, 4, 5]
    assert intake._bytes_in == b""


def test_a_batch_limit_leaves_the_rest_for_the_next(mosquitto: Broker) -> None:
    intake = Intake("limit")
    intake._bytes_in += packets(b"1", b"2", b"3")
    first: list[Message] = []
    assert intake._parse(first, 2, HEAVY) > 0
    second: list[Message] = []
    assert intake._parse(second, 2, HEAVY) > 0
    assert [[m.payload for m in b] for b in (first, second)] == [[b"1", b"2"], [b"3"]]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x32\xff\xff\xff\xff\x01",
        b"\x32\x03\x00\x09x",
        b"\x32\x00",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200,
        b"\x00\x00",
        b"\x40\x01\x00",
        packet(EVENTS, b"")
        + b"\x30\x04"
        + packet(EVENTS, b"")[2:],  # shorter than its topic, which the next bytes hold
    ],
)
def test_what_is_not_mqtt_ends_the_connection(nonsense: bytes) -> None:
    intake = Intake("nonsense")
    intake._bytes_in += nonsense
    assert intake._parse([], 10, HEAVY) < 0


def test_a_broker_url_names_host_port_and_user() -> None:
    assert broker_at("mqtt://h") == Address("h", 1883)
    assert broker_at("mqtts://me:p%40ss@h:9000") == Address("h", 9000, "me", "p@ss", tls=True)
    with pytest.raises(ValueError, match="mqtt://HOST:PORT"):
        broker_at("http://user:secret@h")
