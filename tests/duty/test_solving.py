"""A draft as the solver's problem: what is to be filled, who may, what they bring, and what stays (DUTY-02, 05, 06, 09, 12)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from duty.calendar import day_types
from duty.coverage import Away, gaps, span
from duty.rosters import Edit, Roster, RosterState, edited, shifts_of
from duty.rotations import Cells
from duty.rules import by_weekday, dated
from duty.solver.draft import draft
from duty.solver.problem import Cell, Fixed, Problem, Wish
from duty.solver.rules import checked
from duty.solving import Asked, Known, edits_of, problem_of
from sites import pack
from sites.duty_words import Presence, Rotation, Seat, ShiftTemplate
from sites.register import Register
from tests.night import HARBOUR, by_id, words

APRIL = "2026-04"
FIRST = date(2026, 4, 1)
GARDEN = pack.read(Path(__file__).parents[2] / "packs" / "harbour-garden")


def month(cells: Cells | None = None) -> Roster:
    return Roster(
        site_id="harbour",
        id="r",
        month=APRIL,
        state=RosterState.DRAFT,
        version=None,
        based_on=0,
        revision=0,
        authors=("chen",),
        made_by="chen",
        made_at=datetime(2026, 3, 1, tzinfo=UTC),
        cells=cells or {},
    )


def asked(
    register: Register = HARBOUR, cells: Cells | None = None, *, known: Mapping[str, Any] = {}, **how: Any
) -> Problem:
    made = problem_of(register, month(cells), Asked(**how), Known(**{"first": FIRST, **known}), by_weekday)
    checked(made)
    return made


def who(problem: Problem, person: str) -> Any:
    return next(w for w in problem.people if w.id == person)


def test_the_rota_says_which_shifts_there_are_and_who_stands_there() -> None:
    problem = asked()
    assert len(problem.demands) == 60
    assert {d.seat for d in problem.demands} == {"centre"}
    assert [w.id for w in problem.people] == ["wang", "li"]
    night = next(d for d in problem.demands if d.template == "night")
    assert (night.night, night.worked, night.need) == (True, 720, 1)
    assert (problem.limits.rest_min_h, problem.limits.max_consecutive_days, problem.limits.max_week_h) == (11, 6, 44)


def test_bands_ask_for_roles_and_certificates_of_the_seats_that_must_be_held() -> None:
    """DUTY-02, DUTY-09: the second gate seat is asked for by day, when two are needed."""
    made = problem_of(
        GARDEN, month(), Asked(seats=("gate", "gate-2", "centre")), Known(first=FIRST), day_types("CN", {})
    )
    by = {(d.seat, d.template): d for d in made.demands}
    assert by["centre", "night"].certificates == ("消防设施操作员证",)
    assert by["centre", "night"].roles == ("operator",)
    assert (by["gate", "day"].certificates, by["gate", "night"].certificates) == (("保安员证",), ())
    assert (by["gate-2", "day"].roles, by["gate-2", "day"].certificates) == (("guard",), ())
    assert {d.seat for d in made.demands} == {"gate", "gate-2", "centre"}


def test_the_draft_says_it_where_no_rota_does_and_last_month_where_the_draft_is_empty() -> None:
    bare = msgspec.structs.replace(HARBOUR, rotas=())
    assert asked(bare).demands == ()
    cells = {"centre": {"2026-04-03": {"day": "wang"}}}
    assert [(d.day.day, d.template) for d in asked(bare, cells, keep=False).demands] == [(3, "day")]
    last = {"centre": {"2026-03-30": {"day": "li"}, "2026-03-31": {"night": "wang"}}}
    problem = asked(bare, known={"last_month": last})
    assert len(problem.demands) == 60
    assert {w.id for w in problem.people} == {"wang", "li"}


def test_a_rotation_says_it_before_the_draft_does() -> None:
    """DUTY-12."""
    two = Rotation("two", words("Two"), ("centre",), "2026-01-01", ("day", ""), (("wang",), ("chen",)), 1)
    bare = msgspec.structs.replace(HARBOUR, rotas=(), rotations={"two": two})
    problem = asked(bare, {"centre": {"2026-04-03": {"night": "li"}}}, keep=False)
    assert {d.template for d in problem.demands} == {"day"}
    assert len(problem.demands) == 30
    assert {w.id for w in problem.people} == {"wang", "li", "chen"}


def test_what_is_painted_stays_or_goes_as_asked() -> None:
    cells = {"centre": {"2026-04-03": {"day": "chen"}}}
    assert asked(cells=cells).fixed == (Fixed("chen", date(2026, 4, 3), "day", "centre"),)
    assert "chen" in {w.id for w in asked(cells=cells).people}
    assert asked(cells=cells, keep=False).fixed == ()


def test_who_stands_in_another_seat_that_day_is_left_there() -> None:
    cells = {"leader": {"2026-04-03": {"night": "wang"}}}
    assert asked(cells=cells).fixed == (Fixed("wang", date(2026, 4, 3)),)


def test_only_days_that_have_not_begun_are_filled() -> None:
    problem = asked(known={"first": date(2026, 4, 20)})
    assert min(d.day for d in problem.demands) == date(2026, 4, 20)
    assert len(problem.demands) == 22


def test_people_bring_their_past_their_leave_and_their_wishes() -> None:
    """DUTY-05, DUTY-06: what was worked before counts for rest, and for the fair share."""
    earlier = dated(HARBOUR, date(2026, 3, 1), 31)
    away = [Away("li", datetime(2026, 4, 9, 20, tzinfo=UTC), datetime(2026, 4, 10, 4, tzinfo=UTC))]
    wish = Wish(date(2026, 4, 5))
    problem = asked(known={"earlier": earlier, "away": away}, prefers={"li": (wish,)})
    li, wang = who(problem, "li"), who(problem, "wang")
    assert (li.load.nights, wang.load.nights, wang.load.minutes) == (0, 31, 31 * 720)
    assert li.load.weekends == 9
    assert len(li.before) == 14
    assert li.leave == (date(2026, 4, 10),)
    assert (li.prefers, wang.prefers) == ((wish,), ())


def test_a_split_shift_is_one_shift_and_its_break_is_no_work() -> None:
    """DUTY-04."""
    parts = ((HARBOUR.templates["day"].starts, HARBOUR.templates["day"].starts.replace(hour=11)),)
    split = ShiftTemplate(
        "day",
        words("Split"),
        parts[0][0],
        HARBOUR.templates["day"].ends,
        (*parts, (parts[0][1].replace(hour=14), HARBOUR.templates["day"].ends)),
    )
    problem = asked(msgspec.structs.replace(HARBOUR, templates=HARBOUR.templates | {"day": split}))
    day = next(d for d in problem.demands if d.template == "day")
    assert (day.ends_at - day.starts_at, day.worked) == (timedelta(hours=12), 9 * 60)


def test_who_is_on_call_works_no_hours() -> None:
    """DUTY-10."""
    call = msgspec.structs.replace(HARBOUR.templates["night"], presence=Presence.ON_CALL)
    problem = asked(msgspec.structs.replace(HARBOUR, templates=HARBOUR.templates | {"night": call}))
    night = next(d for d in problem.demands if d.template == "night")
    assert (night.worked, night.night) == (0, False)


def test_a_person_bound_to_other_posts_is_never_asked() -> None:
    people = {**HARBOUR.people, "li": msgspec.structs.replace(HARBOUR.people["li"], posts=("leader",))}
    assert [w.id for w in asked(msgspec.structs.replace(HARBOUR, people=people)).people] == ["wang"]


def test_a_seat_at_which_nobody_ever_stood_is_open_to_all() -> None:
    seats = {**HARBOUR.seats, "gate": Seat("gate", "gate", words("Gate"))}
    posts = {**HARBOUR.posts, **by_id([msgspec.structs.replace(HARBOUR.posts["leader"], id="gate")])}
    register = msgspec.structs.replace(HARBOUR, seats=seats, posts=posts)
    assert {w.id for w in asked(register).people} == set(HARBOUR.people)


def test_the_answer_is_edits_of_the_seats_that_were_to_be_filled_and_of_no_other() -> None:
    before = {
        "centre": {"2026-04-01": {"old": "li"}, "2026-04-02": {"day": "wang"}},
        "leader": {"2026-04-01": {"day": "chen"}},
    }
    problem = asked(cells=before, keep=False)
    cells = [Cell(d.day, d.seat, d.template, "li" if d.template == "day" else "wang") for d in problem.demands]
    edits = edits_of(problem, cells, before)
    assert edits[0] == Edit("centre", FIRST, "old", None)
    after, _ = edited(before, edits, APRIL)
    assert after["leader"] == before["leader"]
    assert after["centre"]["2026-04-02"] == {"day": "li", "night": "wang"}
    assert set(after["centre"]["2026-04-01"]) == {"day", "night"}


@pytest.mark.parametrize("seats", [("centre",), ("centre", "gate", "gate-2")])
def test_a_shipped_pack_makes_a_problem_whose_shifts_leave_no_gap(seats: tuple[str, ...]) -> None:
    """DUTY-01: where the demands are filled, these seats are covered."""
    dt = day_types("CN", {})
    problem = problem_of(GARDEN, month(), Asked(seats=seats), Known(first=FIRST), dt)
    checked(problem)
    cells = draft(problem)
    after, _ = edited({}, edits_of(problem, cells, {}), APRIL)
    days = [FIRST + timedelta(days=n) for n in range(1, 29)]
    missing = gaps(GARDEN, days, shifts_of(GARDEN, after, FIRST, date(2026, 4, 30)), dt, within=span(GARDEN, days))
    filled = {(c.seat, c.day, c.template) for c in cells}
    unfilled = [d for d in problem.demands if (d.seat, d.day, d.template) not in filled]
    assert len(unfilled) < len(problem.demands) / 4
    for gap in (g for g in missing if g.seat in seats):
        assert any(d.seat == gap.seat and d.starts_at < gap.ends_at and d.ends_at > gap.starts_at for d in unfilled)
