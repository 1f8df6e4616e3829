"""Every field that an act writes into the logbook has a name in both languages, or is hidden on purpose."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.scenario_worlds import virtual
from core.words import LANGUAGES, catalogue, fields
from logbook import entries
from logbook.rules import Line
from simulators.scenario.load import read
from simulators.scenario.world import play
from tests.core.fields_written import written

SHELF = Path(__file__).parents[1] / "scenarios"
PLAYED = (
    "a_month_is_not_published_by_its_due_day",
    "a_request_that_nobody_answers_lapses",
    "a_rule_is_broken_only_with_a_reason",
    "a_supervisor_decides_what_two_cannot_agree_on",
    "he_goes_to_supper_and_li_stands_in",
    "nobody_answers_and_it_climbs_to_the_end",
    "patrol_a_finding_with_photos",
    "patrol_a_lone_guard_does_not_answer",
    "patrol_a_lost_tag_is_blocked",
    "patrol_a_violation_climbs_to_the_authority",
    "patrol_walked_after_all",
)
BY_ID = {"counts", "points", "summary", "taps"}  # under these stand ids, not names of fields
THEIR_OWN = {"fields"}  # of a form: it brings its own names


@cache
def in_the_code() -> Mapping[str, set[str]]:
    return written()


def _unnamed(names: Mapping[str, object]) -> list[str]:
    known = fields()
    return sorted(
        f"{name} ({where})"
        for name, where in names.items()
        if name not in known
        or (known[name] != "hidden" and any(f"field.{name}" not in catalogue(language) for language in LANGUAGES))
    )


def test_what_the_code_writes_has_a_name() -> None:
    assert _unnamed(in_the_code()) == []


@pytest.mark.parametrize(
    "name", ["closes_at", "counts", "disposition", "need", "overtime_s", "rounds", "taken_from", "unreached"]
)
def test_the_reading_of_the_code_is_not_blind(name: str) -> None:
    """Fields that reach a line in one way each: at once, by a struct, whole, by a variable, by keywords, through two modules."""
    assert name in in_the_code()


@pytest.mark.parametrize("story", PLAYED)
def test_what_a_night_writes_has_a_name(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Line] = []
    seal = entries.seal

    def heard(site: str, seals: Any, more: Sequence[Line]) -> Any:
        lines.extend(more)
        return seal(site, seals, more)

    monkeypatch.setattr(entries, "seal", heard)
    scenario = read(SHELF / f"{story}.yaml")
    play(scenario, virtual(scenario))
    assert len(lines) > 1
    assert _unnamed({name: line.act for line in lines for name in _names(line)}) == []


def test_no_name_is_left_over() -> None:
    """A field that is named or hidden is one that is read out; one within an act or kind, too."""
    named = {code.removeprefix("field.") for code in catalogue("en") if code.startswith("field.")}
    assert sorted(name for name in named if name.rpartition(".")[2] not in {*fields(), "state"}) == []
    assert sorted(name for name, kind in fields().items() if kind == "hidden" and name in named) == []


def _names(line: Line) -> Iterator[str]:
    data = msgspec.to_builtins(line.data)
    from_outside = line.act == "alert.raise" and not str(data["kind"]).startswith(("duty.", "logbook.", "patrol."))
    yield from _within({k: v for k, v in data.items() if not (from_outside and k == "data")})


def _within(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, deeper in value.items():
            yield name
            if name not in BY_ID | THEIR_OWN and fields().get(name) != "hidden":
                yield from _within(deeper)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _within(one)
