"""Every parameter has a default within its range, and what is out of range is refused with file, line and field (SITE-02); a
service grade gives what the pack does not say (SITE-05).
"""

from pathlib import Path
from typing import Any

import pytest

from sites.acts import check
from sites.duty_policies import DutyPolicies, HandoverBlock, PresenceCheck, Review
from sites.errors import PackRefused
from sites.parameters import PARAMETERS, Parameter, values
from sites.patrol_words import PatrolPolicies
from sites.presets import PRESETS
from sites.register import Policies, Register
from sites.service_words import ServicePolicies
from tests.sites import small

RANGED = [row for row in PARAMETERS.values() if row.least is not None]
# What else has to be said for a parameter to be one, and how its value is written.
BESIDE = {
    "duty.lone_worker.grace_s": "every_min: 480, ",
    "duty.presence_check.every_min": "mode: random, ",
    "duty.presence_check.window_s": "mode: random, ",
    "duty.review.due_h": "role: supervisor, ",
    "duty.handover_block.priorities": "mode: strict, ",
    "major.chief.within_min": "role: manager, ",
}
AS_LIST = {"duty.coverage_lead_h", "duty.handover_block.priorities", "major.priorities"}
BARE = {"site.yaml": small.SITE.split("policies:")[0] + small.SITE[small.SITE.index("\nkinds:") + 1 :]}


def pack(folder: Path, name: str, value: Any) -> Path:
    """The small pack with one parameter of its own, on the third line of a file."""
    *around, last = name.split(".")
    said = (
        f"[{value}]" if name in AS_LIST else f"[{{min_s: {value}, name: Late}}]" if name.endswith("grades") else value
    )
    text = f"{last}: {said}"
    if around:
        text = f"{BESIDE.get(name, '')}{text}"
        for part in reversed(around[1:]):
            text = f"{part}: {{{text}}}"
        text = f"{around[0]}: {{{text}}}"
    return small.write(folder, small.FILES | BARE | {"numbers.yaml": f"# the site's own\npolicies:\n  {text}\n"})


def step(row: Parameter) -> float:
    return 1 if float(row.least or 0).is_integer() and not row.name.endswith("walk_m_s") else 0.0005


@pytest.mark.parametrize("row", RANGED, ids=lambda row: row.name)
def test_a_value_out_of_range_is_refused_by_its_place(tmp_path: Path, row: Parameter) -> None:
    assert row.least is not None
    assert row.most is not None
    for n, value in enumerate((row.least - step(row), row.most + 1)):
        folder = pack(tmp_path / str(n), row.name, f"{value:g}" if value % 1 else int(value))
        with pytest.raises(PackRefused) as no:
            check(folder)
        fault = no.value.errors[0]
        assert (Path(fault.file).name, fault.line) == ("numbers.yaml", 3), fault
        assert fault.field.startswith(f"policies.{row.name}"), fault
        assert "out of range" in fault.why, fault


@pytest.mark.parametrize("row", RANGED, ids=lambda row: row.name)
def test_the_ends_of_a_range_are_within_it(tmp_path: Path, row: Parameter) -> None:
    apart = {
        "duty.lone_worker.every_min",
        "duty.absent_after_min",
        "duty.late_grace_s",
        "duty.presence_check.every_min",
        "duty.presence_check.window_s",
    }
    ends = [row.most] if row.name in apart - {"duty.late_grace_s", "duty.presence_check.window_s"} else [row.least]
    ends += [row.most] if row.name not in apart else []
    for n, value in enumerate(ends):
        assert value is not None
        register = check(pack(tmp_path / str(n), row.name, f"{value:g}" if value % 1 else int(value)))
        found = next(v for v in values(register) if v.name == row.name)
        shown = found.value[0] if isinstance(found.value, list | tuple) else found.value
        assert (shown["min_s"] if isinstance(shown, dict) else shown) == value
        assert found.origin in {"site", "default"}


def test_every_default_is_within_its_range(tmp_path: Path) -> None:
    for value in values(check(small.write(tmp_path, small.FILES | BARE))):
        assert value.origin == "default", value
        numbers = value.default if isinstance(value.default, list | tuple) else [value.default]
        for number in numbers:
            if value.least is not None and value.most is not None and isinstance(number, int | float) and number:
                assert value.least <= number <= value.most, value


def test_a_grade_gives_what_the_pack_does_not_say(tmp_path: Path) -> None:
    """SITE-05: grade 3: patrol every 240 min, urgent repair 60 min, call-back 70 %."""
    register = graded(tmp_path / "bare", "service_grade: 3")
    assert register.policies.preset == tuple(PRESETS[3])
    assert (register.policies.patrol.interval_min, register.policies.service.urgent_repair_min) == (240, 60)
    assert register.policies.service.callback_rate_min_pct == 70
    assert {v.name for v in values(register) if v.origin == "preset"} == set(PRESETS[3])
    own = graded(tmp_path / "own", "service_grade: 3\n  patrol: {interval_min: 120}")
    assert own.policies.patrol.interval_min == 120
    assert "patrol.interval_min" not in own.policies.preset


@pytest.mark.parametrize("grade", [1, 2])
def test_a_grade_of_which_nothing_is_known_changes_nothing(tmp_path: Path, grade: int) -> None:
    register = graded(tmp_path, f"service_grade: {grade}")
    assert register.policies.preset == ()
    assert {v.name for v in values(register) if v.origin != "default"} == {"service_grade"}


def test_a_plan_that_does_not_say_when_goes_by_the_sites_interval(tmp_path: Path) -> None:
    """PAT-02: an interval of the site's own, where the route's plan has none."""
    plan = small.FILES["patrol.yaml"].replace(", per_shift: 2", "")
    text = "policies:\n  patrol: {interval_min: 90}\n"
    made = check(small.write(tmp_path, small.FILES | BARE | {"patrol.yaml": plan, "numbers.yaml": text}))
    assert made.patrol_plans["twice"].every_min == 90


def graded(folder: Path, text: str) -> Register:
    return check(small.write(folder, small.FILES | BARE | {"numbers.yaml": f"policies:\n  {text}\n"}))


def test_every_rule_of_a_site_is_told() -> None:
    """A policy that is added has its row: only lists of their own (kinds, proofs, copies) are told elsewhere."""
    elsewhere = {
        "kinds",
        "preset",
        "duty.offsite",
        "duty.presence_check.seats",
        "duty.lone_worker.seats",
        "patrol.proofs",
        "major.kinds",
    }
    named = set(PARAMETERS) | elsewhere
    told = {".".join(name.split(".")[:depth]) for name in named for depth in (1, 2, 3)}
    groups = {"": Policies, "duty.": DutyPolicies, "patrol.": PatrolPolicies, "service.": ServicePolicies}
    groups |= {"duty.presence_check.": PresenceCheck, "duty.review.": Review, "duty.handover_block.": HandoverBlock}
    fields = {f"{group}{name}" for group, kind in groups.items() for name in kind.__struct_fields__}
    assert fields - told == set()
