"""A virtual house with things going wrong: lines, brokers, servers (IOT-05; faults.md I1, I2, I4, I8)."""

from collections.abc import Sequence
from datetime import datetime
from random import Random

import pytest

from gateway.fact import Fact
from gateway.spool import Kept
from simulators.scenario.model import Acknowledges, Broker, Garbage, Gateway, Says, Server
from simulators.virtual.house import House
from tests.simulators.nights import after, house, night, told

FIRE = Says("B2-07", "fire.alarm")
LEAK = Says("L-1", "water.leak")


def say(here: House, kind: str, device: str = "L-1") -> Kept:
    return here.say(Fact(here.fresh(), device, kind, here.clock.at), "gw-a")


def kept_ids(here: House) -> list[str]:
    """What is in the store, each id as often as it is there."""
    with here.store.read() as conn:
        return [r[0] for r in conn.exec_driver_sql("SELECT id FROM event ORDER BY id")]


def test_a_line_that_is_cut_brings_its_backlog_and_only_the_last_word_rings() -> None:
    """Of a backlog older than an hour, only what a device said last is news."""
    story = night(
        (after(1), Gateway("gw-a", "offline")),
        (after(1, 20), Acknowledges("wang", "gw-a")),
        (after(2), Says("L-1", "water.leak")),
        (after(3), Says("L-1", "water.restore")),
        (after(4), Says("D-1", "access.forced")),
        (after(80), Gateway("gw-a", "online")),
        until=80.2,
        life="none",
    )
    assert told(story, "alert")[-2:] == [
        "23:20:00 alert gateway/gw-a gateway.offline cleared",
        "23:20:00 alert D-1 access.forced raised wang",
    ]
    assert story.events == 3
    assert not [h for h in story.happenings if h.about[0] == "L-1"]


def test_a_gateway_that_restarts_brings_what_was_left_in_its_spool() -> None:
    """A new process with a new boot, on the spool of the one before."""
    story = night(
        (after(1), Server("stops")),
        (after(1, 5), LEAK),
        (after(1, 10), Gateway("gw-a", "restarts")),
        (after(1, 15), Server("starts")),
        until=1.4,
    )
    assert told(story) == ["22:01:15 alert L-1 water.leak raised wang"]
    quick = night((after(1), Gateway("gw-a", "restarts")), (after(1, 5), LEAK), until=1.4)
    assert told(quick) == ["22:01:05 alert L-1 water.leak raised wang"], "a restart takes no time: nobody misses it"


def test_the_same_bytes_twice_are_one_event() -> None:
    story = night((after(1), FIRE), (after(1, 5), Says("B2-07", "fire.alarm", again=True)), until=1.3)
    assert told(story) == ["22:01:00 alert B2-07 fire.alarm raised wang"]
    assert story.events == 1


def test_a_retained_alarm_is_state_and_never_news() -> None:
    story = night((after(1), Says("B2-07", "fire.alarm", retained=True)), until=3)
    assert told(story) == []
    assert story.events == 1


def test_numbers_that_never_come_are_a_trouble() -> None:
    story = night((after(1), Says("L-1", "water.leak", seq=7)), (after(1, 5), Acknowledges("wang", "L-1")), until=2.1)
    assert told(story, "alert")[-1] == "22:02:00 alert gateway/gw-a gateway.seq_gap raised wang"


def test_garbage_is_a_reject_and_its_neighbours_do_not_feel_it() -> None:
    story = night((after(1), Garbage("gw-a", "{not json")), (after(1), LEAK), until=1.2)
    assert told(story) == ["22:01:00 alert L-1 water.leak raised wang", "22:01:00 reject gw-a not_json"]


def test_a_server_that_is_down_when_a_rung_is_due_fires_it_once_at_its_start() -> None:
    """I7: late by the outage, never twice, never skipped; nobody can answer meanwhile."""
    story = night(
        (after(1), FIRE),
        (after(1, 20), Server("stops")),
        (after(1, 25), Acknowledges("wang", "B2-07")),
        (after(1, 50), Server("starts")),
        (after(1, 55), Acknowledges("wang", "B2-07")),
        until=3,
    )
    assert told(story, "alert", "refused") == [
        "22:01:00 alert B2-07 fire.alarm raised wang",
        "22:01:25 refused B2-07 unavailable wang",
        "22:01:50 alert B2-07 fire.alarm escalated chen rung=1",
        "22:01:55 alert B2-07 fire.alarm acked wang",
    ]


@pytest.mark.parametrize("what", ["restarts", "forgets"])
def test_an_alarm_while_the_server_is_down_is_raised_when_it_is_back(what: str) -> None:
    """I1: the spool keeps what no receipt covers, also when the broker loses its store."""
    story = night(
        (after(1), Server("stops")), (after(1, 10), FIRE), (after(1, 30), Server("starts")), (after(1, 40), Broker(what)),
        until=1.8,
    )  # fmt: skip
    assert told(story) == ["22:01:30 alert B2-07 fire.alarm raised wang"]
    assert story.events == 1


@pytest.mark.parametrize("where", ["before_commit", "after_commit"])
def test_a_server_that_dies_in_its_commit_has_every_event_once_when_it_is_back(where: str) -> None:
    """I1, I2: what was not acknowledged comes again; what was committed already is known by its id."""
    here = house()
    here.pass_to(after(1))
    here.dies_at_next_commit(where)
    kept = say(here, "water.leak")
    assert here.server is None
    assert kept_ids(here) == ([] if where == "before_commit" else [kept.id])
    here.pass_to(after(1, 30))
    here.start_server()
    assert kept_ids(here) == [kept.id]
    assert here.gateways["gw-a"].spooled == 0, "the receipt has come"
    assert here.broker.unacknowledged == 0
    with here.store.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM alert WHERE kind = 'water.leak'").scalar() == 1
    here.close()


def test_a_message_that_is_lost_on_the_way_comes_from_the_spool() -> None:
    """A PUBACK is no receipt: the gateway notices after 10 s that none came."""
    lost = iter([[]])
    here = house(fate=lambda topic, payload, at: next(lost, [0.0]) if topic.endswith("events") else [0.0])
    kept = say(here, "water.leak")
    assert kept_ids(here) == []
    here.pass_to(after(0, 9))
    assert kept_ids(here) == []
    here.pass_to(after(0, 10))
    assert kept_ids(here) == [kept.id]
    here.close()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_line_does_each_event_is_there_once(seed: int) -> None:
    """I1, I2, I3: lost, late, doubled and overtaken, with a server that dies on the way; then a quiet line."""
    dice = Random(seed)

    def fate(_topic: str, _payload: bytes, _at: datetime) -> Sequence[float]:
        return dice.choice([[], [0.0], [0.0], [0.0, 2.0], [dice.uniform(0, 8)]])

    here = house(fate=fate)
    kept: list[Kept] = []
    for gateway in here.gateways.values():
        gateway.on_kept = lambda _, one: kept.append(one)
    for n in range(40):
        here.pass_to(after(seconds=3 * n))
        if n % 9 == 4:
            here.dies_at_next_commit(dice.choice(["before_commit", "after_commit"]))
        say(here, dice.choice(["water.leak", "water.restore", "device.heartbeat"]))
        if here.server is None:
            here.start_server()
    here.broker.fate = lambda *_: [0.0]
    here.pass_to(after(10))
    assert kept_ids(here) == sorted(one.id for one in kept)
    assert [g.spooled for g in here.gateways.values()] == [0, 0]
    assert here.broker.unacknowledged == 0
    here.close()


def test_late_words_of_the_broker_come_at_their_own_moment() -> None:
    here = house(fate=lambda topic, payload, at: [5.0] if topic.endswith("events") else [0.0])
    say(here, "water.leak")
    here.pass_to(after(1))
    with here.store.read() as conn:
        heard = conn.exec_driver_sql("SELECT heard_at FROM alert").scalar()
    assert heard == int(after(seconds=5).timestamp() * 1_000_000)
    here.close()


def test_a_clock_that_is_wrong_on_the_server_is_the_servers_alone() -> None:
    """Gateways keep true time; what the server hears is late by its own clock."""
    here = house()
    here.pass_to(after(1))
    here.server_clock.offset = after(5) - after(0)
    say(here, "water.leak")
    here.pass_to(after(1, 30))
    with here.store.read() as conn:
        heard, rung = conn.exec_driver_sql("SELECT heard_at, rung FROM alert WHERE kind = 'water.leak'").one()
    assert heard == int(after(6).timestamp() * 1_000_000)
    assert rung == 1
    here.close()


def test_what_life_says_over_a_bad_line_is_late_by_what_the_line_takes() -> None:
    """Also a mere life sign: each beat of five minutes arrives seven seconds later, not when something else is due."""
    here = house(fate=lambda topic, payload, at: [7.0] if topic.endswith("events") else [0.0], life="beats")
    here.pass_to(after(16))
    with here.store.read() as conn:
        heard = conn.exec_driver_sql("SELECT heard_at FROM event ORDER BY seq").scalars().all()
    assert heard == [int(after(m, 7).timestamp() * 1_000_000) for m in (5, 10, 15)]
    here.close()
