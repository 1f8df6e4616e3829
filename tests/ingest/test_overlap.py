"""One batch is committed while the next is read (EVT-01, EVT-08, IOT-07): in order, and never acknowledged too soon."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec
import pytest

from core.ids import fresh
from ingest.batches import Message
from ingest.deliveries import Address, MqttDeliveries
from ingest.flow import Sent
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_deliveries import say, until
from tests.night import Night
from tests.servers import Broker


class Commit:
    """A commit that is confirmed when the test says so."""

    def __init__(self, batch: list[Message], told: list[str], wrong: Exception | None) -> None:
        self.batch, self._told, self._wrong = batch, told, wrong
        self._here, self._there = socket.socketpair()

    def fileno(self) -> int:
        return self._here.fileno()

    def confirm(self) -> None:
        with suppress(OSError):  # it has ended already
            self._there.send(b"!")

    def end(self) -> None:
        assert self._here.recv(1) == b"!"
        self._here.close()
        self._there.close()
        if self._wrong is not None:
            raise self._wrong
        self._told.append(f"end {_words(self.batch)}")


def _words(batch: list[Message]) -> str:
    return " ".join(m.payload.decode() for m in batch)


class Station:
    """A loop in a thread of its own before a store that takes its time."""

    def __init__(self, broker: Broker, client_id: str = "overlap") -> None:
        self.deliveries = MqttDeliveries(Address(broker.host, broker.port), client_id=client_id)
        self.told: list[str] = []
        self.commits: list[Commit] = []
        self.wrong: Exception | None = None
        self.quick = False
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.deliveries.run, args=(self, self.stopping))
        self.thread.start()
        until(lambda: self.deliveries.connected, "connected")

    def begin(self, batch: list[Message], former: Callable[[], None]) -> Commit:
        self.told.append(f"read {_words(batch)}")
        former()
        self.told.append(f"send {_words(batch)}")
        self.commits.append(Commit(batch, self.told, self.wrong))
        if self.quick:
            self.commits[-1].confirm()
        return self.commits[-1]

    def hurry(self) -> None:
        """From now on the store takes no time."""
        self.quick = True
        for commit in self.commits:
            commit.confirm()

    @property
    def taken(self) -> set[bytes]:
        return {m.payload for c in self.commits for m in c.batch}

    def stop(self) -> None:
        self.hurry()
        self.stopping.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def station(mqtt_broker: Broker) -> Iterator[Station]:
    made = Station(mqtt_broker)
    yield made
    made.stop()


def test_what_comes_while_a_batch_is_committed_waits_for_it_and_goes_on_by_itself(
    station: Station, mqtt_broker: Broker
) -> None:
    say(mqtt_broker, b"1")
    until(lambda: station.told == ["read 1", "send 1"], "the first is under way")
    say(mqtt_broker, b"2", b"3")
    time.sleep(0.2)  # both have come by now
    assert station.told == ["read 1", "send 1"]
    station.commits[0].confirm()
    until(lambda: "send 2 3" in station.told, "the second")
    assert station.told == ["read 1", "send 1", "read 2 3", "end 1", "send 2 3"]
    station.commits[1].confirm()  # nothing more comes: it is ended all the same
    until(lambda: station.told[-1] == "end 2 3", "the end")


def test_a_full_batch_is_read_before_the_one_before_it_is_waited_for(station: Station, mqtt_broker: Broker) -> None:
    say(mqtt_broker, b"1")
    until(lambda: len(station.commits) == 1, "the first is under way")
    say(mqtt_broker, *[b"x"] * 700)
    until(lambda: station.told[-1].startswith("read x"), "the next is read")
    assert station.told[-1].count("x") == 500
    assert "end 1" not in station.told
    station.commits[0].confirm()
    until(lambda: len(station.commits) == 2, "the next is under way")
    assert station.told[3] == "end 1"


def test_nothing_is_acknowledged_before_it_is_committed(
    station: Station, mqtt_broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the batch that failed nor the one read behind it: both come again."""
    caplog.set_level(logging.CRITICAL, "ingest.deliveries")
    station.wrong = RuntimeError("the store is away")
    say(mqtt_broker, b"1")
    until(lambda: len(station.commits) == 1, "the first is under way")
    say(mqtt_broker, b"2")
    station.wrong = None
    first = station.commits[0]
    station.hurry()
    until(lambda: station.deliveries.counters.failures == 1, "the failure")
    until(lambda: {m.payload for c in station.commits if c is not first for m in c.batch} == {b"1", b"2"}, "both again")
    assert station.deliveries.counters.redelivered >= 1
    assert station.deliveries.counters.reconnects >= 1


def test_who_stops_ends_what_is_under_way_and_acknowledges_it(mqtt_broker: Broker) -> None:
    first = Station(mqtt_broker)
    say(mqtt_broker, b"1")
    until(lambda: len(first.commits) == 1, "the first is under way")
    first.stop()
    assert first.told[-1] == "end 1"
    say(mqtt_broker, b"2")
    second = Station(mqtt_broker)
    until(lambda: second.commits, "the second")
    second.stop()
    assert second.taken == {b"2"}


def test_a_connection_that_breaks_meanwhile_acknowledges_nothing_on_the_next(
    station: Station, mqtt_broker: Broker
) -> None:
    """The tokens of a connection mean nothing on the next: what was committed comes again, and is known by its ids."""
    say(mqtt_broker, b"1")
    until(lambda: len(station.commits) == 1, "the first is under way")
    sock = station.deliveries._client.socket()
    assert sock is not None
    sock.shutdown(socket.SHUT_RDWR)
    station.hurry()
    until(lambda: station.deliveries.counters.reconnects >= 1, "a new connection")
    until(lambda: station.deliveries.connected, "connected")
    say(mqtt_broker, b"2")
    until(lambda: b"2" in station.taken, "what is new")
    assert "end 1" in station.told


# -- the path itself


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock)


def beats(night: Night, many: int) -> list[Message]:
    return [night.message("device.heartbeat", "L-1") for _ in range(many)]


def _end(sent: Sent | None) -> None:
    if sent is not None:
        sent.end()


def test_batches_behind_each_other_are_stored_and_told_in_order(night: Night) -> None:
    one, two = [*beats(night, 20), night.message("fire.alarm")], [*beats(night, 20), night.message("fire.restore")]
    told: list[int] = []
    first = night.flow.begin(one)
    if first is not None:
        assert night.receipts == [], "a receipt before the commit was confirmed"
        assert night.flow.counts.events == 0
    second = night.flow.begin(two, lambda: (_end(first), told.append(len(night.receipts)))[0])
    assert told == [1], "the first had not ended when the second began"
    _end(second)
    assert [r.through for _, r in night.receipts] == [21, 42]
    assert night.count("SELECT COUNT(*) FROM event") == 42
    assert night.flow.counts.events == 42
    assert night.only().clear_said


def test_an_id_of_another_event_found_at_the_commit_takes_no_neighbour_along(night: Night) -> None:
    told = night.say("water.leak", "L-1")
    again = msgspec.json.decode(told.payload)["id"]
    batch = [*beats(night, 20), night.message("fire.alarm", id=again), night.message("fire.alarm")]
    _end(night.flow.begin(batch))
    assert {a.kind for a in night.open()} == {"water.leak", "fire.alarm"}
    assert night.count("SELECT COUNT(*) FROM reject WHERE why = 'id_reused'") == 1
    assert night.count("SELECT COUNT(*) FROM event") == 22
    assert night.flow.counts.rejects == {"id_reused": 1}


def test_a_batch_that_cannot_be_sorted_is_taken_apart_after_the_one_before_it(
    night: Night, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    from ingest import flow

    plain, poison = flow.sort, fresh(night.clock())

    def sort(messages: list[Message]) -> object:
        if any(poison.encode() in m.payload for m in messages):
            raise ZeroDivisionError("a fault of ours")
        return plain(messages)

    first = night.flow.begin(beats(night, 20))
    monkeypatch.setattr(flow, "sort", sort)
    ended: list[str] = []
    batch = [night.message("water.leak", "L-1"), night.message("fire.alarm", id=poison)]
    _end(night.flow.begin(batch, lambda: (_end(first), ended.append("first"))[0]))
    assert ended == ["first"]
    assert night.only().kind == "water.leak"
    assert night.count("SELECT COUNT(*) FROM event") == 21
    assert night.count("SELECT COUNT(*) FROM reject WHERE why = 'unjudged'") == 1


def test_a_store_that_goes_away_behind_the_commit_has_the_batch_come_again(postgres_url: str, clock: HandClock) -> None:
    night = Night(Store(postgres_url), clock)
    said = beats(night, 20)
    with night.db.begin([night.site]) as tx:  # its head is held: the commit cannot come through
        sent: list[Sent | None] = []
        thread = threading.Thread(target=lambda: sent.append(_raised(night, said)))
        thread.start()
        tx.conn.exec_driver_sql("SELECT pg_sleep(0.3)")
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        tx.conn.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {others}")
    thread.join(10)
    assert sent == [None], "nobody was told"
    assert night.receipts == []
    night.flow.handle(said)
    assert night.count("SELECT COUNT(*) FROM event") == 20
    assert [r.through for _, r in night.receipts] == [20]
    night.db.close()


def _raised(night: Night, said: list[Message]) -> Sent | None:
    try:
        sent = night.flow.begin(said)
        _end(sent)
    except Exception:  # noqa: BLE001 - what the caller takes for "come again"
        return None
    return sent
