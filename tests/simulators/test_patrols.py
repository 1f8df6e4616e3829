"""The guards of the packs walk what their plans ask for, so that a watched evening calls nobody for a round (PAT-01, IOT-04)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from math import hypot
from pathlib import Path

import pytest

from duty.rules import by_weekday, dated, who_holds
from patrol import planning
from patrol.verdicts import Proved, RoundState, judge_round
from simulators import patrols
from simulators.sayings import dice
from sites.acts import check
from sites.register import Register

PACKS = Path(__file__).parents[2] / "packs"
ON = datetime(2026, 3, 1, 13, 7, tzinfo=UTC)  # over Chicago's change of the clocks on the 8th
DAYS = 8


def walked(site: Register, seed: int = 1) -> list[Proved]:
    (seat, handset), *_ = patrols.handsets(site).items()
    points = {point.tags[0]: point.id for point in site.checkpoints.values()}
    told = takewhile(
        lambda s: s.t < DAYS * 86_400, patrols.planned(site, seat, handset, ON, dice(seed, "rounds"), 1200)
    )
    return [Proved(points[s.data["tag"]], at, at) for s in told for at in [ON + timedelta(seconds=s.t)]]


@pytest.mark.parametrize("name", ["harbour-garden", "lakeside-office"])
def test_every_round_of_a_week_is_complete(name: str) -> None:
    site = check(PACKS / name)
    taps, until = walked(site), ON + timedelta(days=DAYS)
    shifts = dated(site, ON.date() - timedelta(days=2), DAYS + 4)
    for plan in site.patrol_plans.values():
        mine = [shift for shift in shifts if shift.seat == plan.seat]
        made = planning.rounds(plan, site.zone_info, by_weekday, mine, ON, until - timedelta(hours=8))
        assert made
        for found in made:
            window, route = found.window, site.patrol_routes[found.route]
            near = [tap for tap in taps if window.opens_at <= tap.at <= window.ends_at]
            worth = judge_round(route, window, near, window.ends_at + timedelta(seconds=1))
            assert worth.state is RoundState.COMPLETE, (plan.id, window, worth.points)


def test_nobody_is_quicker_than_people_are() -> None:
    """PAT-11: what the product would flag."""
    site = check(PACKS / "harbour-garden")
    for a, b in pairwise(walked(site)):
        here, there = site.checkpoints[a.checkpoint], site.checkpoints[b.checkpoint]
        if site.zones[here.zone].plan == site.zones[there.zone].plan:
            metres = hypot((here.x or 0) - (there.x or 0), (here.y or 0) - (there.y or 0)) * site.policies.patrol.unit_m
            assert metres <= site.policies.patrol.walk_m_s * (b.at - a.at).total_seconds()


def test_the_guard_of_each_tap_is_on_duty_then_and_the_same_seed_says_the_same() -> None:
    site = check(PACKS / "harbour-garden")
    (seat, handset), *_ = patrols.handsets(site).items()
    told = list(takewhile(lambda s: s.t < 86_400, patrols.planned(site, seat, handset, ON, dice(3, "rounds"))))
    assert told == list(takewhile(lambda s: s.t < 86_400, patrols.planned(site, seat, handset, ON, dice(3, "rounds"))))
    shifts = dated(site, ON.date() - timedelta(days=1), 4)
    for said in told:
        assert said.data["guard"] == who_holds(seat, ON + timedelta(seconds=said.t), shifts, []).person
