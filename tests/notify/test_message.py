"""What a notice says, in the language of whoever gets it (ESC-08, LOG-14)."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules import Alert
from core.kinds import KINDS
from core.words import catalogue
from notify.message import compose, one_line
from sites.register import Device, Register, Words
from tests.alerts.test_rules import an_alert
from tests.night import HARBOUR

HEARD = datetime(2026, 3, 1, 14, 5, 6, tzinfo=UTC)


def register(name: str = "Smoke") -> Register:
    people = {**HARBOUR.people, "amy": msgspec.structs.replace(HARBOUR.people["li"], id="amy", language="en")}
    device = Device("B2-07", Words(f"{name}探测器", name), "smoke", "b7", "gw-a")
    return msgspec.structs.replace(HARBOUR, people=people, devices={**HARBOUR.devices, "B2-07": device})


def alert(**more: object) -> Alert:
    return an_alert(**{"zone_id": "b7", "number": 12, "heard_at": HEARD} | more)


def test_it_says_what_where_since_when_what_to_do_and_where_to_answer() -> None:
    made = compose(alert(), register(), rung=0, person_id="amy", link="https://watch.example/alerts/a")
    assert made.subject == "[Priority 1 (life at risk)] Fire alarm: Smoke (B2-07) (no. 12)"
    assert made.text.splitlines() == [
        "What: Fire alarm (Alarm)",
        "Where: Harbour / Estate / B floor 7",
        "Device: Smoke (B2-07)",
        "Since: 2026-03-01 22:05:06 (Asia/Shanghai)",
        "To do: Check on the spot at once. If it is a fire, call the fire service and start the emergency plan.",
        "Answer it: https://watch.example/alerts/a",
        "Messages stop only when it is acknowledged in the watchroom.",
    ]


def test_it_speaks_chinese_to_whoever_does() -> None:
    made = compose(alert(), register(), rung=2, person_id="li")
    assert made.subject == "【一级（危及生命）】火灾报警：Smoke探测器 (B2-07)（12号）"
    assert "至今无人受理，已升级到第 3 级。" in made.text


def test_a_repeat_and_another_ringing_are_said() -> None:
    made = compose(alert(repeats=4, ring=2), register(), rung=0, person_id="amy")
    assert made.subject.startswith("[Again, ")
    assert "Repeated: 4 times" in made.text
    assert "It was answered but not closed; it rings again." in made.text


def test_someone_outside_gets_no_link_they_cannot_use() -> None:
    made = compose(alert(), register(), rung=3, person_id="external/fire", link="https://watch.example/alerts/a")
    assert "watch.example" not in made.text
    assert made.text.endswith("请联系值班室。")


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("seat/centre", "Centre (centre)"),
        ("gateway/gw-a", "A (gw-a)"),
        ("gone-1", "gone-1"),
        ("coverage/leader/2026-03-02", "Leader 2026-03-02"),
    ],
)
def test_seats_gateways_and_things_no_longer_there_have_names_too(subject: str, said: str) -> None:
    made = compose(alert(subject=subject, kind="duty.gap", zone_id=None), register(), rung=0, person_id="amy")
    assert f"Device: {said}" in made.text
    assert made.subject.endswith(f"{said} (no. 12)")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_kind_that_rings_has_its_words_and_something_to_do(language: str) -> None:
    person = {"en": "amy", "zh-CN": "li"}[language]
    for kind in (k for k in KINDS.values() if k.rings):
        made = compose(alert(kind=kind.name), register(), rung=1, person_id=person)
        assert "{" not in made.subject + made.text
        assert catalogue(language)["todo.other"] not in made.text


NASTY = [
    "Smoke\r\nBcc: evil@example.org",
    "a\nb",
    "a\u2028b\u2029c",
    "\u202egnitser",
    "a\x00b",
    "x" * 5000,
    "{number}",
    "\ud800",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_device_name_cannot_start_a_new_line_or_hide_the_rest(name: str) -> None:
    """Header injection through names (faults §6.3)."""
    made = compose(alert(), register(name), rung=0, person_id="amy")
    assert made.subject.isprintable()
    assert len(made.subject) <= 150
    assert len(made.text.splitlines()) == 6
    made.text.encode()


@settings(deadline=None)  # a busy machine is no fault
@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
