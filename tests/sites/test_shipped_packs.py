"""The two packs that ship: clean, complete, and somebody in the centre at every instant (SITE-01, SITE-04, DUTY-01)."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from core.kinds import KINDS
from duty.rules import Basis, dated, who_holds
from sites.acts import check
from sites.register import MODELS, Register, Role, plain

PACKS = Path(__file__).parents[2] / "packs"
BOTH = ("harbour-garden", "lakeside-office")


@cache
def shipped(name: str) -> Register:
    return check(PACKS / name)


def test_harbour_garden_is_a_whole_estate() -> None:
    site = shipped("harbour-garden")
    assert (site.site_id, site.time_zone, site.name.zh) == ("harbour-garden", "Asia/Shanghai", "海港花园")
    assert len(site.devices) >= 300
    assert {MODELS[d.model] for d in site.devices.values()} == set(MODELS.values())
    assert len(site.checkpoints) == 40
    assert len(site.people) == 18
    assert len(site.posts) == 4
    assert len(site.gateways) >= 2
    assert sum(zone.id.startswith("tower-") for zone in site.zones.values()) == 3
    assert {role for person in site.people.values() for role in person.roles} == set(Role)


def test_lakeside_office_is_small_and_has_daylight_saving() -> None:
    site = shipped("lakeside-office")
    zone = site.zone_info
    assert datetime(2026, 1, 1, tzinfo=zone).utcoffset() != datetime(2026, 7, 1, tzinfo=zone).utcoffset()
    assert (len(site.devices), len(site.gateways), len(site.checkpoints)) == (40, 1, 8)
    assert (len(site.people), len(site.posts), len(site.templates)) == (6, 2, 2)


def test_every_login_is_one_persons_alone() -> None:
    logins = Counter(p.login for name in BOTH for p in shipped(name).people.values())
    assert max(logins.values()) == 1


def test_the_demo_story_has_its_places() -> None:
    """The demo's story: smoke B2-07 on floor 7, a leak, a forced door, a card, a flapping detector, one falling silent."""
    site = shipped("harbour-garden")
    smoke = site.devices["B2-07"]
    assert (smoke.model, smoke.zone, smoke.gateway) == ("smoke", "b-07", "gw-b")
    assert site.zone_path("b-07") == ("b-07", "tower-b", "estate")
    models = {"A7-S02": "smoke", "G2-L10": "leak_rope", "G1-D10": "door", "A1-R01": "reader", "C11-S02": "smoke"}
    assert {name: site.devices[name].model for name in models} == models
    assert site.devices["B5-L01"].supervision_s == 45
    assert sum(d.supervision_s > 0 for d in site.devices.values()) > 0.9 * len(site.devices)


@pytest.mark.parametrize("name", BOTH)
def test_everything_drawn_lies_on_a_plan_and_most_things_are_drawn(name: str) -> None:
    site = shipped(name)
    drawn = [d for d in site.devices.values() if d.x is not None]
    assert len(drawn) >= len(site.devices) - 4
    assert all(c.x is not None for c in site.checkpoints.values())
    places = Counter((d.zone, d.x, d.y) for d in drawn)
    assert max(places.values()) == 1, "two devices stand on one spot"


@pytest.mark.parametrize("name", BOTH)
def test_plans_take_their_colour_from_the_page(name: str) -> None:
    for plan in shipped(name).plans.values():
        assert 'stroke="currentColor"' in plan.svg
        assert "#" not in plan.svg
        assert len(plan.svg) < 60_000


@pytest.mark.parametrize(("name", "seat"), [("harbour-garden", "centre"), ("lakeside-office", "desk")])
@pytest.mark.parametrize("first", [date(2026, 1, 1), date(2026, 2, 20), date(2026, 10, 20), date(2028, 2, 20)])
def test_the_centre_is_covered_at_every_instant(name: str, seat: str, first: date) -> None:
    """30 days, across both clock changes in Chicago: no gap, no overlap, somebody else after each shift."""
    site = shipped(name)
    shifts = sorted(
        (s for s in dated(site, first - timedelta(days=1), 32) if s.seat == seat), key=lambda s: s.starts_at
    )
    for one, following in pairwise(shifts):
        assert one.ends_at == following.starts_at
        assert one.person != following.person
    start = datetime.combine(first, datetime.min.time(), site.zone_info).astimezone(UTC)
    for hours in range(30 * 24):
        assert who_holds(seat, start + timedelta(hours=hours, microseconds=1), shifts, []).basis is Basis.ROSTERED


def test_every_required_seat_is_covered_around_the_clock() -> None:
    site = shipped("harbour-garden")
    shifts = dated(site, date(2025, 12, 31), 26)
    start = datetime(2025, 12, 31, 16, tzinfo=UTC)  # 1 January in Shanghai
    for seat in (s.id for s in site.seats.values() if s.required):
        for quarter in range(24 * 24 * 4):
            at = start + timedelta(minutes=15 * quarter)
            assert who_holds(seat, at, shifts, []).person is not None, (seat, at)


@pytest.mark.parametrize("name", BOTH)
def test_nobody_works_without_rest(name: str) -> None:
    """At least eight hours between the end of one shift and the start of the next one, on-call seats aside (DUTY-05)."""
    site = shipped(name)
    stays: dict[str, set[tuple[datetime, datetime]]] = {}
    for shift in dated(site, date(2026, 3, 1), 28):
        if site.seats[shift.seat].required:
            stays.setdefault(shift.person, set()).add((shift.starts_at, shift.ends_at))
    for person, spans in stays.items():
        ordered = sorted(spans)
        for one, following in pairwise(ordered):
            assert following[0] - one[1] >= timedelta(hours=8), (person, one, following)


def test_the_clock_change_makes_one_night_short_and_one_long() -> None:
    """SITE-04: 12 wall-clock hours are 11 on 8 March 2026 and 13 on 1 November 2026 in Chicago."""
    site = shipped("lakeside-office")
    nights = {s.id: s.ends_at - s.starts_at for s in dated(site, date(2026, 1, 1), 365) if s.template == "night"}
    assert nights["desk/2026-03-07/night"] == timedelta(hours=11)
    assert nights["desk/2026-10-31/night"] == timedelta(hours=13)
    assert Counter(nights.values())[timedelta(hours=12)] == 363


@pytest.mark.parametrize(
    ("name", "rotation", "seat"),
    [("harbour-garden", "four-crews", "centre"), ("lakeside-office", "day-night-off-off", "desk")],
)
def test_the_rotation_is_the_rotas_pattern(name: str, rotation: str, seat: str) -> None:
    """Drafts are filled from the rotation, and tell the same as the rota that stands (DUTY-05)."""
    site = shipped(name)
    pattern, (rota,) = site.rotations[rotation], [r for r in site.rotas if r.seat == seat]
    first = date.fromisoformat(rota.from_day)
    for n, worked in enumerate(rota.days):
        day = first + timedelta(days=n)
        crews = {pattern.shift_of(i, day): crew[0] for i, crew in enumerate(pattern.crews)}
        assert {shift: person for shift, person in crews.items() if shift} == worked


@pytest.mark.parametrize("name", BOTH)
def test_every_band_of_staffing_is_met_by_the_rotas(name: str) -> None:
    """DUTY-02: heads, roles and certificates at every hour of a month, on site and holding a seat of that post."""
    site = shipped(name)
    shifts = [s for s in dated(site, date(2026, 2, 27), 33) if not s.on_call]
    start = datetime.combine(date(2026, 3, 1), datetime.min.time(), site.zone_info)
    for post, hours in ((p, h) for p in site.posts.values() for h in range(30 * 24)):
        at = (start.astimezone(UTC) + timedelta(hours=hours)).astimezone(site.zone_info)
        there = {
            s.person for s in shifts if site.seats[s.seat].post == post.id and s.starts_at <= at < s.ends_at
        }  # fmt: skip
        for band in post.staffing:
            clock = at.time()
            over_midnight = band.to <= band.from_
            if not ((band.from_ <= clock or clock < band.to) if over_midnight else band.from_ <= clock < band.to):
                continue
            able = [site.people[p] for p in there if not band.roles or set(band.roles) & set(site.people[p].roles)]
            assert len(able) >= band.min, (post.id, at)
            assert all(any(p.certified(c, at.date()) for p in able) for c in band.certificates), (post.id, at)


@pytest.mark.parametrize("name", BOTH)
def test_seats_are_handed_over_by_a_list_and_forms_stand_ready(name: str) -> None:
    """HND-06, LOG-08."""
    site = shipped(name)
    assert set(site.checklists) <= set(site.seats)
    kinds = {item.kind for checklist in site.checklists.values() for item in checklist.items}
    assert kinds == {"item", "check", "key", "note"}
    assert {"visitors", "incident"} <= set(site.forms)
    if name == "harbour-garden":
        named = [form.name.zh for form in site.forms.values()]
        assert named == ["来访登记表", "放行通知单", "事件报告", "投诉记录表"]
        counted = {item.id: item.expected for item in site.checklists["centre"].items}
        assert (counted["radios"], counted["keys"]) == (4, 12)


@pytest.mark.parametrize("name", BOTH)
def test_every_alert_finds_a_route_and_every_ladder_starts_in_a_seat(name: str) -> None:
    site = shipped(name)
    for kind in KINDS.values():
        for zone in (None, *site.zones):
            route = site.route(kind, kind.priority, zone)
            assert route.ladder in site.ladders
            assert route.seat in site.seats
    desks = {
        "planning",
        "management",
        "presence",
        "patrol",
    }  # what no seat answers first: rosters to come, who or what is missing
    assert all(lad.rungs[0].who.startswith("seat:") for lad in site.ladders.values() if lad.id not in desks)
    assert site.ladders["life"].rungs[1].after_s == 30


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("kind", "first"),
    [("duty.coverage", "role:supervisor"), ("duty.short", "role:supervisor"), ("duty.roster_due", "role:manager")],
)
def test_the_rosters_to_come_call_whoever_makes_or_answers_for_them(name: str, kind: str, first: str) -> None:
    """DUTY-03: the manager for a month without a roster, the supervisor for its gaps; by mail too, they sit at no desk."""
    site = shipped(name)
    rung = site.ladders[site.route(KINDS[kind], KINDS[kind].priority, None).ladder].rungs[0]
    assert (rung.after_s, rung.who, rung.channels) == (0, first, ("console", "email"))


@pytest.mark.parametrize("name", BOTH)
def test_a_pack_holds_no_secret(name: str) -> None:
    text = str(plain(shipped(name))).lower()
    assert not any(word in text.replace("post_token", "") for word in ("password", "token", "secret"))
