"""What is seen to before a shift begins (EQP-01): blocked or flagged, logged, and told later."""

from typing import Any

import msgspec
import pytest

from duty import store as duty_store
from duty.acts import arrive
from duty.errors import ChecksOwed, NoSuchCheck, NotOn
from duty.pre_shift import Checked, Said, Wrong, checked
from ingest import acts
from sites.duty_policies import DutyPolicies, PreShift
from sites.duty_words import PreCheck, PreChecks
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, words

LIST = PreChecks(
    "centre",
    (
        PreCheck("radio", words("Radio")),
        PreCheck("panel", words("Panel")),
        PreCheck("tidy", words("Tidy"), required=False),
    ),
)
ALL = [Said("radio", fine=True), Said("panel", fine=True)]


def asking(policy: PreShift) -> Register:
    policies = msgspec.structs.replace(HARBOUR.policies, duty=DutyPolicies(pre_shift=policy))
    return msgspec.structs.replace(HARBOUR, policies=policies, pre_checks={"centre": LIST})


@pytest.mark.parametrize(
    ("said", "missing", "wrong"),
    [
        ([], ("radio", "panel"), ()),
        (ALL, (), ()),
        ([Said("radio", fine=True)], ("panel",), ()),
        ([Said("radio", fine=True), Said("panel", fine=False)], ("panel",), ()),
        ([Said("radio", fine=True), Said("panel", fine=False, note="屏幕不亮")], (), (Wrong("panel", "屏幕不亮"),)),
        ([*ALL, Said("tidy", fine=False, note="脏")], (), (Wrong("tidy", "脏"),)),
    ],
)
def test_what_is_left_open(said: list[Said], missing: tuple[str, ...], wrong: tuple[Wrong, ...]) -> None:
    assert checked(LIST, said) == Checked(missing, wrong)


def test_a_line_that_is_not_there_cannot_be_answered() -> None:
    with pytest.raises(NoSuchCheck):
        checked(LIST, [Said("lift", fine=True)])


def act(night: Night, name: str, person: str, said: list[Said] | None, seat: str = "centre") -> None:
    with night.db.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        getattr(acts, name)(tx, desk, seat, person, night.clock(), said)


def stands(night: Night) -> list[Checked]:
    with night.db.read() as conn:
        return list(duty_store.checks_since(conn, night.site, night.clock()).values())


def lines(night: Night, name: str) -> list[Any]:
    return [e.data.get("checks") for e in night.log() if e.act == name]


def test_an_open_line_lets_nobody_begin(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, asking(PreShift.BLOCK))
    with pytest.raises(ChecksOwed) as refused:
        act(night, "sign_on", "wang", ALL[:1])
    assert refused.value.data["missing"] == ("panel",)
    assert lines(night, "duty.sign_on") == []
    act(night, "sign_on", "wang", [ALL[0], Said("panel", fine=False, note="屏幕不亮")])
    assert stands(night) == [Checked((), (Wrong("panel", "屏幕不亮"),))]
    assert lines(night, "duty.sign_on") == [{"missing": [], "wrong": [{"id": "panel", "note": "屏幕不亮"}]}]
    act(night, "sign_on", "chen", [], seat="leader")  # a seat without a list asks nothing


def test_an_open_line_is_flagged_until_it_is_told(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, asking(PreShift.FLAG))
    act(night, "sign_on", "wang", ALL[:1])
    assert stands(night) == [Checked(("panel",))]
    with pytest.raises(NotOn):
        act(night, "check", "li", ALL)
    act(night, "check", "wang", ALL[1:])
    assert stands(night) == [Checked()]
    assert lines(night, "duty.checked") == [{"missing": [], "wrong": []}]
    act(night, "check", "wang", ALL[1:])
    assert len(lines(night, "duty.checked")) == 1, "said again is not news"


def test_a_relief_and_a_sign_on_told_later_are_only_flagged(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, asking(PreShift.BLOCK))
    act(night, "sign_on", "wang", None)
    with night.db.begin([night.site]) as tx:
        register = night.desks.register(tx.conn, night.site)
        assert register is not None
        assert arrive(tx, register, "centre", "li", night.clock()).data["checks"]["missing"] == ("radio", "panel")
    assert stands(night) == [Checked(("radio", "panel"))] * 2


def test_nothing_is_asked_where_it_is_off(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, asking(PreShift.OFF))
    act(night, "sign_on", "wang", [])
    assert (stands(night), lines(night, "duty.sign_on")) == ([], [None])
