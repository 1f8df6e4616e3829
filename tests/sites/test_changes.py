"""What a diff tells: things added, removed and changed, with the field and both values."""

from pathlib import Path

import msgspec
import pytest

from sites.acts import check, diff, summary, warnings
from sites.changes import Change, How
from sites.register import Register
from tests.sites import small


@pytest.fixture
def corner(tmp_path: Path) -> Register:
    return check(small.write(tmp_path / "corner"))


def after(tmp_path: Path, name: str, old: str, new: str) -> Register:
    return check(small.spoiled(tmp_path / "after", name, old, new))


def test_no_difference_is_no_change(corner: Register) -> None:
    assert diff(corner, corner) == []


def test_with_nothing_before_everything_is_added(corner: Register) -> None:
    changes = diff(None, corner)
    assert {c.how for c in changes} == {How.ADDED}
    assert summary(changes)["devices"] == {"added": 2}


@pytest.mark.parametrize(
    ("name", "old", "new", "change"),
    [
        ("zones.yaml", "key: true", "key: false", Change("devices", "S-01", How.CHANGED, "key", True, False)),
        ("zones.yaml", "x: 10, y", "x: 11, y", Change("devices", "S-01", How.CHANGED, "x", 10.0, 11.0)),
        ("site.yaml", "days: 400", "days: 500", Change("policies", "policies", How.CHANGED, "log_retention_days", 400, 500)),
        ("site.yaml", "Asia/Shanghai", "Asia/Tokyo", Change("site", "corner", How.CHANGED, "time_zone", "Asia/Shanghai", "Asia/Tokyo")),
        ("site.yaml", "status_every_min: 120", "status_every_min: 60", Change("policies", "policies", How.CHANGED, "duty.status_every_min", 120, 60)),
        ("duty.yaml", "cycle: DDN-", "cycle: DDNN", Change("rotations", "turns", How.CHANGED, "cycle", ("day", "day", "night", ""), ("day", "day", "night", "night"))),
        ("duty.yaml", "presence: on_call", "presence: on_site", Change("shifts", "reachable", How.CHANGED, "presence", "on_call", "on_site")),
        ("duty.yaml", "repeat_s: 120", "repeat_s: 60", Change("ladders", "usual", How.CHANGED, "repeat_s", 120, 60)),
        ("duty.yaml", "starts: 08:00", "starts: 07:30", Change("shifts", "day", How.CHANGED, "starts", "08:00:00", "07:30:00")),
        ("duty.yaml", "2026-01-01", "2026-01-02", Change("rotas", "desk", How.CHANGED, "from_day", "2026-01-01", "2026-01-02")),
        ("duty.yaml", "priorities: [1, 2]", "priorities: [1]", Change("routes", "1", How.CHANGED, "priorities", (1, 2), (1,))),
        ("zones.yaml", "  - {id: field, name: Field, kind: area}\n", "", Change("zones", "field", How.REMOVED)),
        ("duty.yaml", "  - {id: rounds, name: Rounds}", "  - {id: rounds, name: Rounds}\n  - {id: x, name: X}", Change("posts", "x", How.ADDED)),
    ],
)  # fmt: skip
def test_each_change_names_its_thing_and_field(
    tmp_path: Path, corner: Register, name: str, old: str, new: str, change: Change
) -> None:
    assert diff(corner, after(tmp_path, name, old, new)) == [change]


def test_a_drawing_is_told_by_its_size(tmp_path: Path, corner: Register) -> None:
    bigger = check(
        small.write(
            tmp_path / "b", small.FILES | {"plans/ground.svg": small.PLAN.replace("<rect", "<rect/>" * 80 + "<rect")}
        )
    )
    (change,) = diff(corner, bigger)
    assert (change.section, change.id, change.field) == ("plans", "ground", "svg")
    assert change.new.endswith(" characters")


def test_removing_a_device_with_an_open_alert_warns(corner: Register) -> None:
    """The import goes on: what stands on the wall decides, the alert is closed by hand."""
    less = msgspec.structs.replace(corner, devices={"D-01": corner.devices["D-01"]})
    assert warnings(diff(corner, less), {"S-01", "seat/desk"}) == [
        "device S-01 is removed, but an alert on it is still open; close it by hand"
    ]
    assert warnings(diff(corner, less), {"D-01"}) == []
