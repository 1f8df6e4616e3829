"""The life of a presence check, when the next one comes, and the life of a leave of the post (ATT-05, ATT-07, ATT-10)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refusal
from duty import away
from duty.away import Away, AwayState
from duty.presence import (
    LIVE,
    NEXT,
    Act,
    Check,
    CheckState,
    How,
    answer,
    bound,
    drawn,
    due,
    on_schedule,
    plan,
    seats_of,
    step,
)
from duty.presence_errors import AwayNotAllowed, CheckNotAllowed
from duty.rules import Attended, Basis, who_holds
from sites.duty_policies import CheckMode, DutyPolicies, PresenceCheck
from sites.duty_words import Dated
from sites.register import Policies
from tests.night import HARBOUR

AT = datetime(2026, 3, 1, 14, tzinfo=UTC)
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
CHECK = Check(
    site_id="harbour",
    id="c",
    seat_id="centre",
    person_id="wang",
    how=How.RANDOM,
    asked_at=AT,
    until=AT + 2 * M,
)
ZONES = st.sampled_from(
    [ZoneInfo(z) for z in ("Asia/Shanghai", "America/Chicago", "Europe/London", "Australia/Lord_Howe")]
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - given one
SEEDS = st.uuids().map(str)


@pytest.mark.parametrize("state", sorted(CheckState))
@pytest.mark.parametrize("act", sorted(Act))
def test_the_table_alone_says_what_may_happen_to_a_check(state: CheckState, act: Act) -> None:
    check = msgspec.structs.replace(CHECK, state=state)
    if (state, act) in NEXT:
        after, line = step(check, act, at=AT, by="wang")
        assert (after.state, line.act, line.data["from"], line.data["to"]) == (
            NEXT[state, act],
            f"presence.{act}",
            state,
            after.state,
        )
    else:
        with pytest.raises(CheckNotAllowed):
            step(check, act, at=AT, by="wang")


def test_whatever_is_over_stays_over() -> None:
    assert {state for state, _ in NEXT} == LIVE


@pytest.mark.parametrize(
    ("offset", "states", "ms"),
    [
        (0 * S, [CheckState.ANSWERED], 0),
        (1500 * S / 1000, [CheckState.ANSWERED], 1500),
        (2 * M, [CheckState.ANSWERED], 120_000),
        (2 * M + S, [CheckState.MISSED, CheckState.LATE], 121_000),
        (-5 * S, [CheckState.ANSWERED], 0),
    ],
    ids=["at once", "in time", "in the last moment", "too late", "the clock was set back"],
)
def test_an_answer_counts_up_to_the_end_of_the_window(offset: timedelta, states: list[CheckState], ms: int) -> None:
    made = answer(CHECK, at=AT + offset)
    assert [check.state for check, _ in made] == states
    assert made[-1][0].answer_ms == ms
    assert made[-1][1].data["ms"] == ms


@pytest.mark.parametrize(
    ("late", "extended", "act"),
    [(0 * S, False, Act.MISS), (15 * S, False, Act.MISS), (16 * S, False, Act.EXTEND), (16 * S, True, Act.MISS)],
)
def test_a_window_that_nobody_watched_is_given_once_more_and_only_once(
    late: timedelta, extended: bool, act: Act
) -> None:
    check = msgspec.structs.replace(CHECK, extended=extended)
    after, line = due(check, 120, at=check.until + late)
    assert line.act == f"presence.{act}"
    assert after.until == (check.until + late + 2 * M if act is Act.EXTEND else check.until)


@given(seed=SEEDS, every=st.integers(5, 1440), window=st.integers(15, 290))
def test_a_random_time_follows_from_its_seed_and_lies_within_bounds(seed: str, every: int, window: int) -> None:
    span = drawn(seed, every * 60, window)
    assert span == drawn(seed, every * 60, window)
    assert window <= span.total_seconds() <= 2 * every * 60 - window


def test_random_times_are_spread_evenly_and_come_as_often_as_the_site_says() -> None:
    """Ten thousand seeds: the average is the site's number, and each tenth of the range is as likely as another."""
    spans = [drawn(f"seed {n}", 7200, 120).total_seconds() for n in range(10_000)]
    assert abs(sum(spans) / len(spans) - 7200) < 100
    tenths = [0] * 10
    for span in spans:
        tenths[int((span - 120) / (2 * (7200 - 120)) * 10)] += 1
    assert min(tenths) > 850
    assert max(tenths) < 1150


def test_a_seed_is_bound_by_its_hash() -> None:
    assert bound("a") == bound("a") != bound("b")
    assert "a" * 8 not in bound("a" * 8)


@given(zone=ZONES, since=MOMENTS, every=st.integers(5, 1440))
def test_on_schedule_two_checks_are_never_further_apart_than_the_site_says(
    zone: ZoneInfo, since: datetime, every: int
) -> None:
    """Also on days of 23 and 25 hours; each local midnight is one of the times."""
    next_ = on_schedule(every, zone, since)
    assert since < next_ <= since + timedelta(minutes=every)
    assert on_schedule(every, zone, next_ - timedelta(microseconds=1)) == next_
    day = next_.astimezone(zone)
    if since.astimezone(zone).date() != day.date():
        assert (day.hour, day.minute, day.second) == (0, 0, 0)


def test_every_two_hours_is_on_the_even_hours() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert on_schedule(120, zone, AT).astimezone(zone).hour == 0  # it is 22:00
    assert on_schedule(120, zone, AT - S).astimezone(zone).hour == 22


def test_a_plan_is_made_anew_when_the_rule_is_another() -> None:
    zone, policy = ZoneInfo("Asia/Shanghai"), PresenceCheck(CheckMode.RANDOM, 60, 120)
    made = plan("centre", policy, zone, AT, "s")
    assert made.due_at == AT + drawn("s", 3600, 120)
    assert made.follows(policy)
    assert made.follows(PresenceCheck(CheckMode.RANDOM, 60, 30))
    assert not made.follows(PresenceCheck(CheckMode.RANDOM, 90, 120))
    assert not made.follows(PresenceCheck(CheckMode.SCHEDULE, 60, 120))


@pytest.mark.parametrize(
    ("policy", "seats"),
    [
        (PresenceCheck(), ()),
        (PresenceCheck(CheckMode.OFF, seats=("leader",)), ()),
        (PresenceCheck(CheckMode.RANDOM), ("centre",)),
        (PresenceCheck(CheckMode.SCHEDULE, seats=("leader",)), ("leader",)),
    ],
)
def test_whose_seats_are_checked(policy: PresenceCheck, seats: tuple[str, ...]) -> None:
    policies = Policies(duty=DutyPolicies(presence_check=policy))
    assert seats_of(msgspec.structs.replace(HARBOUR, policies=policies)) == seats


# -- leaving the post

GONE = Away(
    site_id="harbour",
    id="a",
    seat_id="centre",
    person_id="wang",
    stand_in="li",
    reason="r",
    state=AwayState.AWAY,
    minutes=10,
    asked_at=AT,
    left_at=AT,
    until=AT + 10 * M,
)


@pytest.mark.parametrize("state", sorted(AwayState))
@pytest.mark.parametrize("act", sorted(away.Act))
def test_the_table_alone_says_what_may_happen_to_a_leave(state: AwayState, act: away.Act) -> None:
    one = msgspec.structs.replace(GONE, state=state)
    if (state, act) in away.NEXT:
        after, line = away.step(one, act, at=AT, by="wang")
        assert (after.state, line.act) == (away.NEXT[state, act], f"away.{act}")
        assert (after.ended_at is not None) == (after.state not in away.LIVE)
    else:
        with pytest.raises(AwayNotAllowed):
            away.step(one, act, at=AT, by="wang")


def test_a_leave_ends_only_once() -> None:
    assert {state for state, _ in away.NEXT} == away.LIVE


@pytest.mark.parametrize(
    ("act", "by", "code"),
    [
        (lambda by: away.come_back(GONE, by=by, at=AT), "li", "not_yours"),
        (lambda by: away.recall(GONE, 5, "r", by=by, at=AT), "wang", "same_person"),
        (lambda by: away.recall(GONE, 5, " ", by=by, at=AT), "chen", "words_needed"),
        (lambda by: away.decline(GONE, "", by=by, at=AT), "chen", "not_yours"),
        (lambda by: away.accept(GONE, by=by, at=AT), "wang", "not_yours"),
    ],
)
def test_who_may_do_what(act: Any, by: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        act(by)
    assert refused.value.code == code


@given(
    away_s=st.one_of(st.none(), st.integers(0, 7200)),
    at_s=st.integers(-60, 7200),
    shift=st.booleans(),
    other=st.booleans(),
)
def test_a_stand_in_holds_the_seat_exactly_while_its_holder_would(
    away_s: int | None, at_s: int, shift: bool, other: bool
) -> None:
    """One responsible person at every instant: the stand-in, in the place of the one who signed on, and of nobody else."""
    stand_in, away_at = ("li", AT + away_s * S) if away_s is not None else (None, None)
    plain = [Attended("1", "centre", "wang", AT)] + ([Attended("2", "centre", "chen", AT + H)] if other else [])
    stays = [msgspec.structs.replace(plain[0], stand_in=stand_in, away_at=away_at), *plain[1:]]
    shifts = [Dated("s", "centre", "wang", "t", AT, AT + 12 * H)] if shift else []
    at = AT + at_s * S
    held, without = who_holds("centre", at, shifts, stays), who_holds("centre", at, shifts, plain)
    assert (held.principal.person, held.principal.basis, held.shift) == (without.person, without.basis, without.shift)
    gone = away_s is not None and away_s <= at_s and without.person == "wang" and without.basis is Basis.SIGNED_ON
    assert (held.basis is Basis.STAND_IN) == gone
    assert held.person == ("li" if gone else without.person)
