"""The patrol sections of a pack (PAT-01…03, 08): what they mean, and faults that name their file, line and field."""

from datetime import time
from pathlib import Path

import pytest

from sites.acts import check
from sites.errors import PackRefused
from sites.patrol_words import Order, PatrolPlan, PatrolPolicies, TaskKind
from sites.register import Role
from tests.sites import small

CASES = [
    ("stops:\n      - CP-1", "stops:\n      - CP-9", "CP-9", "patrol_routes[0].stops[0]", "unknown checkpoint"),
    ("stops: [CP-2, CP-1]", "stops: [CP-2, CP-2]", "CP-2, CP-2", "patrol_routes[1].stops[1]", "stands on this route already"),
    ("stops: [CP-2, CP-1]", "stops: []", "stops: []", "patrol_routes[1].stops", "0 entries"),
    ("order: free", "order: fee", "order: fee", "patrol_routes[1].order", 'did you mean "free"?'),
    ("leg_s: [60, 300]", "leg_s: [300, 60]", "leg_s", "patrol_routes[0].stops[1].leg_s", "the least comes first"),
    ("leg_s: [60, 300]", "leg_s: [60]", "leg_s", "patrol_routes[0].stops[1].leg_s", "1 entries"),
    ("id: meter", "id: door", "id: door, name: Meter", "patrol_routes[0].stops[1].tasks[1].id", "duplicate id"),
    ("kind: reading", "kind: yes_no", "kind: yes_no", "patrol_routes[0].stops[1].tasks[1].least", "only a reading has limits"),
    ("most: 6.5", "most: 1", "most: 1", "patrol_routes[0].stops[1].tasks[1].most", "is below least (2)"),
    ("bad: [off]", "bad: [dim]", "bad: [dim]", "patrol_routes[0].stops[1].tasks[2].bad[0]", "is none of the choices"),
    ("kind: choice, choices", "choices", "id: light", "patrol_routes[0].stops[1].tasks[2].choices", "no other has"),
    ("route: back", "route: bak", "route: bak", "patrol_plans[2].route", 'did you mean "back"?'),
    ("per_shift: 2", "per_shift: 2, every_min: 60", "every_min: 60", "patrol_plans[1].per_shift", "says when"),
    ("per_shift: 2,", 'per_shift: 2, from: "08:00",', "id: twice", "patrol_plans[1].from", "the shift's own hours"),
    ("every_min: 240", "every_min: 120", "every_min: 120", "patrol_plans[0].window_min", "longer than every_min (120)"),
    ("every_min: 240", "every_min: 5", "every_min: 5", "patrol_plans[0].every_min", "out of range (10 to 1440)"),
    (", window_min: 60}", "}", "id: weekly", "patrol_plans[2].rrule", "needs `window_min`"),
    ("FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MOO", "BYDAY=MOO", "patrol_plans[2].rrule", "is not a rule of RFC 5545"),
    ("FREQ=WEEKLY;BYDAY=MO", "FREQ=SECONDLY", "FREQ=SECONDLY", "patrol_plans[2].rrule", "every_min"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "field", "why"), CASES, ids=[f"{c[3]}:{c[1][:24]}" for c in CASES])
def test_a_fault_names_its_line_and_field(tmp_path: Path, old: str, new: str, where: str, field: str, why: str) -> None:
    folder = small.spoiled(tmp_path, "patrol.yaml", old, new)
    with pytest.raises(PackRefused) as refused:
        check(folder)
    mine = [e for e in refused.value.errors if e.field == field and why in e.why]
    assert mine, [str(e) for e in refused.value.errors]
    assert where in (folder / "patrol.yaml").read_text("utf-8").splitlines()[mine[0].line - 1]


def test_a_policy_out_of_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackRefused, match=r"policies\.patrol\.walk_m_s: 25 is out of range \(0\.5 to 20\)"):
        check(small.spoiled(tmp_path, "site.yaml", "walk_m_s: 2.5", "walk_m_s: 25"))


def test_what_the_sections_mean(tmp_path: Path) -> None:
    site = check(small.write(tmp_path))
    house = site.patrol_routes["house"]
    assert house.checkpoints == ("CP-1", "CP-2")
    assert (house.order, house.night, house.stops[1].leg_s) == (Order.ORDERED, True, (60, 300))
    assert [(t.id, t.kind, t.required) for t in house.stops[1].tasks] == [
        ("door", TaskKind.YES_NO, True),
        ("meter", TaskKind.READING, False),
        ("light", TaskKind.CHOICE, True),
    ]
    assert site.patrol_plans["four"] == PatrolPlan(
        "four", "house", "rounds", 240, from_=time(20), to=time(8), window_min=180, grace_min=10
    )
    assert site.patrol_plans["weekly"].rrule == "FREQ=WEEKLY;BYDAY=MO"
    assert site.policies.patrol == PatrolPolicies(
        debounce_s=5, walk_m_s=2.5, unit_m=0.05, band_high_pct=300, excuse_roles=(Role.OPERATOR,)
    )
