"""Answers to a point's tasks from a reader, over MQTT (PAT-03, PAT-05): the same as a phone's; on both databases."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from patrol import round_store
from patrol import store as taps
from patrol.rounds import Stand
from sites.patrol_words import PatrolPlan, PatrolRoute, PatrolTask, Stop, TaskKind
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_rounds import TAGS, site
from tests.night import Night, words

GAUGE = PatrolTask("gauge", words("Gauge"), TaskKind.READING, least=0.3, most=1.2)
SHUT = PatrolTask("shut", words("Shut"))
ROUTE = PatrolRoute("house", words("House"), (Stop("C1", (GAUGE, SHUT)),))


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    clock.set(datetime.fromisoformat("2026-03-01T21:58:00+08:00").astimezone(clock().tzinfo))
    made = Night(store, clock, site(PatrolPlan("hourly", "house", "leader", every_min=60), route=ROUTE))
    made.sweeper.run()
    clock.tick(180)
    made.sweeper.run()
    return made


def tap(night: Night, **more: Any) -> None:
    night.say("patrol.tap", "H-1", data={"tag": TAGS["C1"], "guard": "guard", "proof": "uid", **more})


def odd(night: Night) -> list[str]:
    with night.db.read() as conn:
        found = round_store.between(conn, night.site, night.clock() - timedelta(hours=1), night.clock())
    return [word for one in found if one.stand is Stand.OVER for word in one.odd]


def test_a_reading_out_of_its_limits_is_a_finding_and_its_repeat_counts(night: Night) -> None:
    tap(night, answers={"gauge": 0.1, "shut": True}, note="valve open?")
    alert = night.alert("patrol.finding")
    assert (alert.subject, alert.repeats) == ("checkpoint/C1", 0)
    (line,) = [e for e in night.log("checkpoint/C1") if e.act == "patrol.finding"]
    assert (line.data["items"][0]["answer"], line.data["note"]) == (0.1, "valve open?")
    assert odd(night) == [], "all was answered"
    night.clock.tick(60)
    tap(night, answers={"gauge": 9})
    assert night.alert("patrol.finding").repeats == 1


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ({"gauge": 1.0}, {"gauge": 1.0}),
        ("gauge", {}),
        ([1], {}),
        ({"gauge": {"deep": 1}, "shut": None}, {}),
        ({"shut": "x" * 1001}, {}),
        ({f"t{n}": True for n in range(60)}, {f"t{n}": True for n in range(50)}),
    ],
)
def test_what_cannot_be_an_answer_is_none_and_the_tap_counts_all_the_same(
    night: Night, answers: Any, kept: dict[str, Any]
) -> None:
    tap(night, answers=answers, note=7)
    with night.db.read() as conn:
        (made,) = taps.newest(conn, night.site, 1)
    assert (made.answers, made.note, made.counts) == (kept, "", True)
    assert odd(night) == ["task_unanswered"]
    assert msgspec.json.encode(made)
