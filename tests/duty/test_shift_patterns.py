"""The sixteen shift patterns of requirements 5.2 are read and resolved (DUTY-04, 10, 12)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from duty.rules import by_weekday, dated, next_change, shift_on, who_holds
from sites.acts import check
from sites.duty_words import Dated, DayType, Presence, ShiftTemplate
from sites.register import Register, Words

HERE = Path(__file__).with_name("patterns")
PATTERNS = sorted(HERE.glob("[0-9]*.yaml"))
MONDAY = date(2026, 1, 5)
ZONES = ("Asia/Shanghai", "America/Chicago", "Australia/Lord_Howe", "Europe/Berlin")


def load(file: Path, folder: Path) -> tuple[Register, dict[str, Any]]:
    """A pattern's site, read as any pack is, and what is expected of it. A section of its own replaces the base's."""
    pack, expected = file.read_text(encoding="utf-8").split("\n---\n")
    base = (HERE / "base.yaml").read_text(encoding="utf-8")
    for section in re.findall(r"^(\w+):", pack, re.MULTILINE):
        base = re.sub(rf"^{section}:.*\n(  .*\n)*", "", base, flags=re.MULTILINE)
    (folder / "site.yaml").write_text(base, encoding="utf-8")
    (folder / "duty.yaml").write_text(pack, encoding="utf-8")
    return check(folder), yaml.safe_load(expected)


def around(register: Register, at: datetime, calendar: dict[date, str]) -> list[Dated]:
    first = at.astimezone(register.zone_info).date() - timedelta(days=2)
    return dated(register, first, 4, lambda day: DayType(calendar[day]) if day in calendar else by_weekday(day))


def test_there_are_sixteen() -> None:
    assert [int(file.name[:2]) for file in PATTERNS] == list(range(1, 17))


@pytest.mark.parametrize("file", PATTERNS, ids=lambda file: file.stem)
def test_the_expected_shift_runs_at_each_sampled_instant(file: Path, tmp_path: Path) -> None:
    register, said = load(file, tmp_path)
    for line in said["expect"]:
        day, clock, seat, person, *rest = line.split()
        at = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=register.zone_info).astimezone(UTC)
        shifts = around(register, at, said.get("calendar", {}))
        held = who_holds(seat, at, shifts, [])
        by_id = {shift.id: shift for shift in shifts}
        template = by_id[held.shift].template if held.shift is not None else None
        reachable = rest[rest.index("reachable") + 1] if "reachable" in rest else None
        assert held.person == (None if person == "nobody" else person), line
        assert template == (rest[0] if person != "nobody" else None), line
        on_call = {s.person for s in shifts if s.on_call and s.seat == seat and s.starts_at <= at < s.ends_at}
        assert on_call == ({reachable} if reachable else set()), line


@pytest.mark.parametrize("file", PATTERNS, ids=lambda file: file.stem)
def test_everybody_whose_shift_runs_is_there(file: Path, tmp_path: Path) -> None:
    register, said = load(file, tmp_path)
    for line in said.get("both", []):
        day, clock, seat, *people = line.split()
        at = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=register.zone_info).astimezone(UTC)
        running = [s for s in around(register, at, {}) if s.seat == seat and s.starts_at <= at < s.ends_at]
        assert sorted(s.person for s in running) == people, line


@pytest.mark.parametrize("file", PATTERNS, ids=lambda file: file.stem)
def test_no_holder_changes_unless_it_was_told_when(file: Path, tmp_path: Path) -> None:
    """From one instant that `next_change` names to the next, every five minutes: the same holder, under the same shift."""
    register, _ = load(file, tmp_path)
    shifts = dated(register, MONDAY - timedelta(days=1), 3)
    start = datetime.combine(MONDAY, time(), register.zone_info).astimezone(UTC)
    for seat in register.seats:
        told = held = None
        for at in (start + timedelta(minutes=5 * n) for n in range(24 * 12)):
            now = who_holds(seat, at, shifts, [])
            if told is not None and at < told:
                assert now == held
            told, held = next_change(seat, at, shifts), now


def template(*spans: tuple[str, str], presence: Presence = Presence.ON_SITE, **more: Any) -> ShiftTemplate:
    made = tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans)
    segments = made if len(made) > 1 else ()
    return ShiftTemplate("t", Words("t", "t"), made[0][0], made[-1][1], segments, presence, **more)


def walls(day: date, shift: ShiftTemplate, zone: str = "Asia/Shanghai") -> list[tuple[str, str]]:
    info = ZoneInfo(zone)
    placed = shift_on(day, shift, info)
    return [tuple(f"{at.astimezone(info):%d %H:%M}" for at in span) for span in placed]  # type: ignore[misc]


def test_a_split_night_goes_on_after_midnight() -> None:
    broken = template(("20:00", "23:30"), ("00:30", "06:00"))
    assert walls(MONDAY, broken) == [("05 20:00", "05 23:30"), ("06 00:30", "06 06:00")]
    across = template(("22:00", "02:00"), ("03:00", "06:00"))
    assert walls(MONDAY, across) == [("05 22:00", "06 02:00"), ("06 03:00", "06 06:00")]
    to_midnight = template(("18:00", "00:00"), ("00:00", "04:00"))
    assert walls(MONDAY, to_midnight) == [("05 18:00", "06 00:00"), ("06 00:00", "06 04:00")]


def test_a_part_that_the_clocks_skip_is_not_worked() -> None:
    """8 March 2026 in Chicago: 02:00 is 03:00. The ids of the other parts stay what they are every day."""
    forward = date(2026, 3, 8)
    split = template(("00:00", "02:00"), ("02:30", "03:00"), ("03:00", "06:00"))
    begins, skipped, after = shift_on(forward, split, ZoneInfo("America/Chicago"))
    assert begins[0] < begins[1] <= after[0] < after[1]
    assert skipped[0] >= skipped[1]


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.lists(st.times().map(lambda t: t.replace(second=0, microsecond=0)), min_size=2, max_size=6, unique=True),
    st.sampled_from(ZONES),
)
def test_parts_come_in_order_and_never_over_each_other(day: date, clocks: list[time], zone: str) -> None:
    clocks = sorted(clocks)[: len(clocks) // 2 * 2]
    spans = tuple(zip(clocks[::2], clocks[1::2], strict=True))
    shift = ShiftTemplate("t", Words("t", "t"), spans[0][0], spans[-1][1], spans if len(spans) > 1 else ())
    placed = [span for span in shift_on(day, shift, ZoneInfo(zone)) if span[0] < span[1]]
    skipped = timedelta(hours=1)  # a time that the clocks skip is read by the clock of before
    assert all(one[1] <= following[0] + skipped for one, following in pairwise(placed))
    usual = shift_on(day, shift, ZoneInfo("Asia/Shanghai"))
    assert all(one[1] <= following[0] for one, following in pairwise(usual))
    assert [
        (a.astimezone(ZoneInfo("Asia/Shanghai")).time(), b.astimezone(ZoneInfo("Asia/Shanghai")).time())
        for a, b in usual
    ] == list(spans)


@pytest.mark.parametrize(
    ("bounds", "day", "worked"),
    [
        (("2026-11-15", "2027-03-15"), date(2026, 11, 14), False),
        (("2026-11-15", "2027-03-15"), date(2026, 11, 15), True),
        (("2026-11-15", "2027-03-15"), date(2027, 3, 15), True),
        (("2026-11-15", "2027-03-15"), date(2027, 3, 16), False),
        (("2026-11-15", ""), date(2030, 1, 1), True),
        (("", "2026-11-15"), date(2026, 11, 16), False),
        (("11-15", "03-15"), date(2029, 11, 14), False),
        (("11-15", "03-15"), date(2029, 11, 15), True),
        (("11-15", "03-15"), date(2028, 2, 29), True),
        (("11-15", "03-15"), date(2028, 3, 16), False),
        (("06-01", "08-31"), date(2028, 6, 1), True),
        (("06-01", "08-31"), date(2028, 9, 1), False),
        (("", ""), date(2028, 9, 1), True),
    ],
)
def test_a_season_holds_its_first_and_its_last_day(bounds: tuple[str, str], day: date, worked: bool) -> None:
    """DUTY-12: a template switches on its configured date."""
    seasonal = template(("08:00", "16:00"), from_day=bounds[0], until_day=bounds[1])
    assert seasonal.worked_on(day, DayType.WORKDAY) is worked


def test_day_types_choose_the_days() -> None:
    either = template(("08:00", "16:00"), day_types=(DayType.WEEKEND, DayType.HOLIDAY))
    assert [either.worked_on(MONDAY, kind) for kind in DayType] == [False, True, True, False]
    assert all(template(("08:00", "16:00")).worked_on(MONDAY, kind) for kind in DayType)
    assert [by_weekday(MONDAY + timedelta(days=n)) for n in (0, 4, 5, 6)] == [
        "workday",
        "workday",
        "weekend",
        "weekend",
    ]


def test_the_ids_of_parts_are_stable(tmp_path: Path) -> None:
    register, _ = load(HERE / "11-office-hours.yaml", tmp_path)
    assert [s.id for s in dated(register, MONDAY, 1)] == ["desk/2026-01-05/office", "desk/2026-01-05/office/2"]
    assert dated(register, MONDAY, 5)[-2:] == dated(register, MONDAY + timedelta(days=4), 1)


def test_who_is_on_call_holds_nothing_and_changes_nothing() -> None:
    """DUTY-10: reachable by phone is not there."""
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    far = Dated("x", "chief", "an", "t", at - timedelta(hours=1), at + timedelta(hours=1), on_call=True)
    assert who_holds("chief", at, [far], []).person is None
    assert next_change("chief", at, [far]) is None
