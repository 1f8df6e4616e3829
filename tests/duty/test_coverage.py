"""The sweep over a site's shifts says exactly what a look at every single minute says (DUTY-01, DUTY-02, DUTY-09)."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from duty.coverage import Away, Gap, Lack, gaps, span
from duty.rules import by_weekday, placed
from sites.duty_words import Dated, DayType, Post, Presence, Seat, ShiftTemplate, Staffing
from sites.people import Certificate
from sites.register import Person, Register, Role
from tests.night import HARBOUR, by_id, words

MINUTE = timedelta(minutes=1)
DAY = date(2026, 3, 10)
FIRE = "fire control"


def at(day: date, hour: int, minute: int = 0, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)


def site(*bands: Staffing, zone: str = "Asia/Shanghai", until: date | None = None, **more: Any) -> Register:
    """Two seats at the gate, of which one must be held; four people, two of them with a certificate."""
    people = [
        Person("ann", words("Ann"), "ann", (Role.GUARD,), certificates=(Certificate(FIRE, until),)),
        Person("bo", words("Bo"), "bo", (Role.GUARD,)),
        Person("cy", words("Cy"), "cy", (Role.OPERATOR,), certificates=(Certificate(FIRE),)),
        Person("di", words("Di"), "di", (Role.GUARD, Role.OPERATOR)),
    ]
    return msgspec.structs.replace(
        HARBOUR,
        time_zone=zone,
        people=by_id(people),
        posts=by_id([Post("gate", words("Gate"), staffing=bands)]),
        seats=by_id([Seat("gate", "gate", words("Gate")), Seat("two", "gate", words("Second"), required=False)]),
        rotas=(),
        **more,
    )


def shift(person: str, starts: datetime, ends: datetime, seat: str = "gate", *, on_call: bool = False) -> Dated:
    return Dated(f"{seat}/{starts:%Y-%m-%d}/{person}{starts:%H%M}", seat, person, "any", starts, ends, on_call)


def whole(person: str = "bo", day: date = DAY) -> Dated:
    return shift(person, at(day, 0), at(day + timedelta(days=1), 0))


def test_a_gap_of_one_minute_is_found_to_the_minute() -> None:
    """DUTY-01."""
    held = [shift("ann", at(DAY, 0), at(DAY, 8)), shift("bo", at(DAY, 8, 1), at(DAY, 24 - 1, 59))]
    early, late = gaps(site(), [DAY], held, by_weekday)
    assert (early.code, early.seat, early.starts_at, early.ends_at) == (
        Lack.UNCOVERED, "gate", at(DAY, 8), at(DAY, 8, 1),
    )  # fmt: skip
    assert (late.starts_at, late.minutes) == (at(DAY, 23, 59), 1)


def test_two_are_wanted_where_one_stands() -> None:
    """DUTY-02: and once the second comes, nothing is missing any more."""
    register = site(Staffing(time(8), time(16), 2))
    (gap,) = gaps(register, [DAY], [whole()], by_weekday)
    assert (gap.code, gap.have, gap.need, gap.starts_at, gap.ends_at) == (
        Lack.TOO_FEW, 1, 2, at(DAY, 8), at(DAY, 16),
    )  # fmt: skip
    second = shift("di", at(DAY, 8), at(DAY, 16), "two")
    assert gaps(register, [DAY], [whole(), second], by_weekday) == []


def test_the_same_person_in_both_seats_is_one_person() -> None:
    register = site(Staffing(time(8), time(16), 2))
    twice = [whole("bo"), shift("bo", at(DAY, 8), at(DAY, 16), "two")]
    assert [g.have for g in gaps(register, [DAY], twice, by_weekday)] == [1]


def test_only_those_of_the_wanted_role_count() -> None:
    """DUTY-09: the certificate must be theirs, too."""
    register = site(Staffing(time(0), time(0), 1, roles=(Role.OPERATOR,), certificates=(FIRE,)))
    assert [g.code for g in gaps(register, [DAY], [whole("ann")], by_weekday)] == [Lack.TOO_FEW]
    (gap,) = gaps(register, [DAY], [whole("ann"), shift("di", at(DAY, 0), at(DAY, 24 - 1), "two")], by_weekday)[:1]
    assert (gap.code, gap.certificate, gap.people) == (Lack.CERTIFICATE_MISSING, FIRE, ("di",))
    assert gaps(register, [DAY], [whole("cy")], by_weekday) == []


def test_a_certificate_runs_out_at_midnight_in_the_middle_of_a_shift() -> None:
    register = site(Staffing(time(20), time(8), 1, certificates=(FIRE,)), until=DAY)
    night = shift("ann", at(DAY, 0), at(DAY + timedelta(days=1), 8))
    (gap,) = gaps(register, [DAY], [night], by_weekday)
    assert (gap.code, gap.starts_at, gap.ends_at) == (
        Lack.CERTIFICATE_MISSING, at(DAY + timedelta(days=1), 0), at(DAY + timedelta(days=1), 8),
    )  # fmt: skip


def test_leave_empties_the_shift_it_falls_into() -> None:
    """DUTY-06: a shift of somebody on leave covers nothing, for as long as the leave lasts."""
    away = [
        Away("bo", at(DAY, 9), at(DAY, 10)),
        Away("bo", at(DAY, 9, 30), at(DAY, 11)),
        Away("ann", at(DAY, 0), at(DAY, 23)),
    ]
    (gap,) = gaps(site(), [DAY], [whole()], by_weekday, away)
    assert (gap.starts_at, gap.ends_at) == (at(DAY, 9), at(DAY, 11))


def test_who_is_only_on_call_covers_nothing() -> None:
    """DUTY-10."""
    called = shift("bo", at(DAY, 0), at(DAY, 23), on_call=True)
    assert [g.minutes for g in gaps(site(), [DAY], [called], by_weekday)] == [24 * 60]


def test_a_band_of_the_day_before_reaches_into_the_span_that_is_asked_for() -> None:
    register = site(Staffing(time(20), time(8), 2))
    days = [DAY - timedelta(days=1), DAY]
    within = span(register, [DAY])
    held = [whole(day=d) for d in (*days, DAY + timedelta(days=1))]
    found = gaps(register, days, held, by_weekday, within=within)
    assert [(g.starts_at, g.ends_at) for g in found] == [(at(DAY, 0), at(DAY, 8)), (at(DAY, 20), within[1])]


# -- against a look at every minute -------------------------------------------------------------------------------------

ZONES = ("America/Havana", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Europe/Berlin")
CHANGES = (  # days around which clocks are changed in these zones
    *(date(2026, 3, 7), date(2026, 3, 28), date(2026, 4, 4), date(2026, 10, 3), date(2026, 10, 24), date(2026, 10, 31)),
    date(2026, 6, 12),
)
CLOCK = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))
BANDS = st.lists(
    st.builds(
        Staffing,
        CLOCK,
        CLOCK,
        st.integers(1, 3),
        st.sampled_from([(), (DayType.WEEKEND,)]),
        st.sampled_from([(), (FIRE,)]),
        st.sampled_from([(), (Role.OPERATOR,)]),
    ),
    max_size=3,
    unique=True,
)
SHIFTS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bo", "cy", "di"]), st.sampled_from(["gate", "two"]), st.integers(-1, 2), CLOCK, CLOCK
    ),
    max_size=8,
)
LEAVES = st.lists(st.tuples(st.sampled_from(["ann", "bo"]), st.integers(-30, 70), st.integers(1, 600)), max_size=2)


def every_minute(
    register: Register, days: list[date], shifts: list[Dated], away: list[Away], day_type: Callable[[date], DayType]
) -> Iterator[tuple[str, str, str | None, int, datetime]]:
    """What is missing in each minute, asked of each minute by itself: (what, of what, certificate, how many, when)."""
    zone, (first, last) = register.zone_info, span(register, days)
    here = first
    while here < last:
        local = here.astimezone(zone)
        there = {
            (s.seat, s.person)
            for s in shifts
            if not s.on_call
            and s.starts_at <= here < s.ends_at
            and not any(a.person == s.person and a.starts_at <= here < a.ends_at for a in away)
        }
        if not any(seat == "gate" for seat, _ in there):
            yield "uncovered", "gate", None, 0, here
        for n, band in enumerate(register.posts["gate"].staffing):
            for day in (local.date() - timedelta(days=1), local.date()):
                if day not in days or (band.day_types and day_type(day) not in band.day_types):
                    continue
                begins = datetime.combine(day, band.from_, zone)
                later = timedelta(days=int(band.to <= band.from_))
                ends = datetime.combine(day + later, band.to, zone)
                if not begins.astimezone(UTC) <= here < ends.astimezone(UTC):
                    continue
                fit = {p for _, p in there if not band.roles or set(band.roles) & set(register.people[p].roles)}
                if len(fit) < band.min:
                    yield "too_few", f"{n}/{day}", None, len(fit), here
                if fit and band.certificates and not any(register.people[p].certified(FIRE, local.date()) for p in fit):
                    yield "certificate_missing", f"{n}/{day}", FIRE, len(fit), here
        here += MINUTE


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), st.sampled_from(CHANGES), BANDS, SHIFTS, LEAVES, st.integers(0, 3))
def test_the_sweep_equals_a_look_at_every_minute(
    zone: str,
    first: date,
    bands: list[Staffing],
    made: list[tuple[str, str, int, time, time]],
    leaves: list[tuple[str, int, int]],
    expires: int,
) -> None:
    """DUTY-01, DUTY-02: over days with 23, 24 and 25 hours, in zones that change at midnight and by half an hour."""
    register = site(*bands, zone=zone, until=first + timedelta(days=expires - 1))
    days = [first + timedelta(days=n) for n in range(2)]
    start, end = span(register, days)
    shifts = [
        s
        for person, seat, n, starts, ends in made
        for s in placed(
            ShiftTemplate(f"{starts}{ends}", words("t"), starts, ends),
            seat,
            person,
            first + timedelta(days=n),
            register.zone_info,
        )
    ]
    away = [
        Away(p, start + timedelta(hours=h), start + timedelta(hours=h, minutes=15 * long // 10))
        for p, h, long in leaves
    ]
    found = gaps(register, days, shifts, by_weekday, away, within=(start, end))
    assert by_minute(found, start) == sorted(
        (code, certificate or "", have, minute)
        for code, _, certificate, have, minute in every_minute(register, days, shifts, away, by_weekday)
    )
    for one, other in ((a, b) for a in found for b in found if a is not b):
        same = (one.code, one.seat, one.certificate, one.day, one.have, one.people, one.need)
        if same == (other.code, other.seat, other.certificate, other.day, other.have, other.people, other.need):
            assert one.ends_at != other.starts_at or one.code is not Lack.UNCOVERED, "one gap told as two"


def by_minute(found: list[Gap], start: datetime) -> list[tuple[str, str, int, datetime]]:
    """Each minute of each gap."""
    made: list[tuple[str, str, int, datetime]] = []
    for gap in found:
        assert start <= gap.starts_at < gap.ends_at
        assert (gap.ends_at - gap.starts_at) % MINUTE == timedelta()
        told = (gap.code.value, gap.certificate or "", gap.have)
        made += [(*told, gap.starts_at + n * MINUTE) for n in range(int(gap.minutes))]
    return sorted(made)


def test_a_shift_that_is_on_call_by_its_template_is_no_cover() -> None:
    template = ShiftTemplate("c", words("c"), time(0), time(0), presence=Presence.ON_CALL)
    on_call = list(placed(template, "gate", "bo", DAY, ZoneInfo("Asia/Shanghai")))
    assert len(gaps(site(), [DAY], on_call, by_weekday)) == 1
