"""A roster's life and its content, as values (DUTY-03, DUTY-15)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.calendar import days_of
from duty.errors import DayOutsideMonth, RosterNotAllowed
from duty.rosters import (
    KEPT,
    NEXT,
    OPEN,
    Act,
    Edit,
    Roster,
    RosterState,
    cells_of,
    difference,
    edited,
    from_rosters,
    planned,
    repeated,
    shifts_of,
    step,
    turned,
    with_past,
)
from duty.rules import by_weekday, dated
from tests.night import HARBOUR

AT = datetime(2026, 3, 1, tzinfo=UTC)
MARCH = "2026-03"
MINE = Roster(
    site_id="harbour", id="r", month=MARCH, state=RosterState.DRAFT, version=None, based_on=0, revision=0,
    authors=("chen",), made_by="chen", made_at=AT, cells={},
)  # fmt: skip

EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(["centre", "leader"]),
        st.dates(date(2026, 3, 1), date(2026, 3, 4)),
        st.sampled_from(["day", "night"]),
        st.sampled_from(["wang", "li", None]),
    ),
    max_size=12,
)


@given(st.lists(st.sampled_from(list(Act)), max_size=12))
def test_only_the_table_moves_a_roster_and_every_step_has_its_line(acts: list[Act]) -> None:
    roster = MINE
    for act in acts:
        if (roster.state, act) in NEXT:
            after, line = step(roster, act, by="chen", at=AT)
            assert (after.state, line.act) == (NEXT[roster.state, act], f"roster.{act}")
            assert (line.data["from"], line.data["to"]) == (roster.state, after.state)
            roster = after
        else:
            with pytest.raises(RosterNotAllowed):
                step(roster, act, by="chen", at=AT)


def test_nothing_is_published_that_was_not_approved() -> None:
    assert [was for (was, act) in NEXT if act is Act.PUBLISH] == [RosterState.APPROVED]
    assert [was for (was, act), to in NEXT.items() if to is RosterState.APPROVED] == [RosterState.SUBMITTED]
    assert not OPEN & KEPT
    assert set(RosterState) - OPEN - KEPT == {RosterState.WITHDRAWN}
    assert not [act for (was, act) in NEXT if was in {RosterState.SUPERSEDED, RosterState.WITHDRAWN}]


def test_who_edits_or_submits_is_an_author_and_a_new_round_forgets_the_last_decision() -> None:
    roster, _ = step(MINE, Act.EDIT, by="li", at=AT)
    roster, _ = step(roster, Act.SUBMIT, by="wang", at=AT)
    assert roster.authors == ("chen", "li", "wang")
    roster, _ = step(roster, Act.SEND_BACK, by="zhao", at=AT, reason="gap on the 3rd")
    assert (roster.decided_by, roster.reason) == ("zhao", "gap on the 3rd")
    roster, _ = step(roster, Act.SUBMIT, by="chen", at=AT)
    assert (roster.decided_by, roster.reason) == (None, None)


@given(EDITS, EDITS)
def test_taking_back_gives_what_was_and_doing_again_what_came(first: list[Edit], second: list[Edit]) -> None:
    before, _ = edited({}, first, MARCH)
    kept = msgspec.json.encode(before)
    after, changes = edited(before, second, MARCH)
    assert msgspec.json.encode(before) == kept
    assert edited(after, turned(changes, back=True), MARCH)[0] == before
    assert edited(before, turned(changes, back=False), MARCH)[0] == after
    assert {(c.seat, c.day, c.template): (c.was, c.now) for c in changes} == {
        (c.seat, c.day, c.template): (c.was, c.now) for c in difference(before, after)
    }


def test_the_last_word_on_a_shift_counts_and_no_change_is_none() -> None:
    day = date(2026, 3, 2)
    cells, changes = edited({}, [Edit("centre", day, "day", "wang"), Edit("centre", day, "day", None)], MARCH)
    assert (cells, changes) == ({}, [])


def test_a_day_of_another_month_is_refused() -> None:
    with pytest.raises(DayOutsideMonth):
        edited({}, [Edit("centre", date(2026, 4, 1), "day", "wang")], MARCH)


def test_a_month_goes_on_as_the_one_before_it_went() -> None:
    february: dict[str, dict[str, dict[str, str]]] = {"centre": {}}
    for n, day in enumerate(days_of("2026-02")):
        february["centre"][day.isoformat()] = {"day": f"p{n % 4}"}
    march = repeated(february, MARCH, 28)["centre"]
    assert [march[d.isoformat()]["day"] for d in days_of(MARCH)] == [f"p{n % 4}" for n in range(31)]
    rests: dict[str, Any] = {"centre": {d: there for d, there in february["centre"].items() if d[-1] != "1"}}
    assert "2026-03-01" not in repeated(rests, MARCH, 28)["centre"]


def test_cells_and_shifts_say_the_same() -> None:
    shifts = [s for s in dated(HARBOUR, date(2026, 3, 1), 31) if s.seat == "centre"]
    cells = cells_of(shifts, MARCH)
    assert sorted(shifts_of(HARBOUR, cells, date(2026, 3, 1), date(2026, 3, 31)), key=lambda s: s.id) == sorted(
        shifts, key=lambda s: s.id
    )


def test_a_published_month_takes_the_rotas_place_and_only_for_that_month() -> None:
    cells = {"centre": {"2026-03-05": {"day": "wang"}}}
    made = planned(HARBOUR, date(2026, 2, 25), date(2026, 4, 5), by_weekday, {MARCH: cells})
    rota = dated(HARBOUR, date(2026, 2, 25), 40)
    assert [s.id for s in made if "/2026-03-" in s.id] == ["centre/2026-03-05/day"]
    assert [s for s in made if "/2026-03-" not in s.id] == [s for s in rota if "/2026-03-" not in s.id]
    assert from_rosters(made, {MARCH: cells}) == {"centre/2026-03-05/day"}


@pytest.mark.parametrize(
    "cell",
    [{"gone": {"2026-03-05": {"day": "wang"}}}, {"centre": {"2026-03-05": {"gone": "wang"}}},
     {"centre": {"2026-03-05": {"day": "gone"}}}],
)  # fmt: skip
def test_what_the_register_no_longer_knows_gives_no_shift(cell: Mapping[str, Any]) -> None:
    assert shifts_of(HARBOUR, cell, date(2026, 3, 1), date(2026, 3, 31)) == []


@given(EDITS, st.integers(0, 96))
def test_a_new_version_never_says_that_the_past_was_another(edits: list[Edit], hours: int) -> None:
    at = datetime(2026, 2, 28, 20, tzinfo=UTC) + timedelta(hours=hours)
    stood = cells_of(dated(HARBOUR, date(2026, 3, 1), 4), MARCH)
    wanted, _ = edited(stood, edits, MARCH)
    kept = with_past(HARBOUR, wanted, stood, MARCH, at)
    first, last = date(2026, 3, 1), date(2026, 3, 31)

    def begun(cells: Any) -> set[Any]:
        return {s for s in shifts_of(HARBOUR, cells, first, last) if s.starts_at <= at}

    def coming(cells: Any) -> set[Any]:
        return {s for s in shifts_of(HARBOUR, cells, first, last) if s.starts_at > at}

    assert begun(kept) == begun(stood)
    assert coming(kept) == coming(wanted)
