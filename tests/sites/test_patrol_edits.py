"""Routes and plans edited at the console stand beside the pack until it follows, and never go without a word (PAT-01, SITE-01)."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from sites import patrol_edits
from sites import store as shelf
from sites.acts import check
from sites.errors import EditNotInPack, EditUnfit
from sites.patrol_edits import edited, rows_of, written
from sites.register import Register
from store.db import Store
from tests.sites.test_import import bring

AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
PACKS = Path(__file__).parents[2] / "packs"


@pytest.fixture(scope="module")
def lake() -> Register:
    return check(PACKS / "lakeside-office")


def graced(register: Register, minutes: int) -> Register:
    plans = {k: msgspec.structs.replace(p, grace_min=minutes) for k, p in register.patrol_plans.items()}
    return msgspec.structs.replace(register, patrol_plans=plans)


def edit(store: Store, minutes: int) -> None:
    """As a leader does it at the console."""
    with store.begin(["lakeside-office"]) as tx:
        old = shelf.load(tx.conn, "lakeside-office")
        assert old is not None
        new = edited(msgspec.structs.replace(old, version=old.version + 1), *rows_of(graced(old, minutes)))
        patrol_edits.keep(tx, old, new, "chen", "more time", AT)
        shelf.replace(tx.conn, new)


def stands(store: Store) -> tuple[int, bool]:
    """(the grace of the plans that stand, whether they are an edit)."""
    with store.read() as conn:
        found = shelf.load(conn, "lakeside-office")
        assert found is not None
        return next(iter(found.patrol_plans.values())).grace_min, patrol_edits.found(conn, found.site_id) is not None


@pytest.mark.parametrize("name", ["harbour-garden", "lakeside-office"])
def test_what_is_written_for_the_pack_reads_as_what_stands(name: str, tmp_path: Path) -> None:
    register = check(PACKS / name)
    assert edited(register, *rows_of(register)) == register
    folder = tmp_path / name
    for file in (PACKS / name).rglob("*"):
        if file.is_file():
            there = folder / file.relative_to(PACKS / name)
            there.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text()
            there.write_text(text.partition("patrol_routes:")[0] if file.name == "patrol.yaml" else text)
    (folder / "routes.yaml").write_text(written(register))
    assert check(folder) == register


def test_an_edit_stays_when_the_pack_comes_again_and_when_it_changes_elsewhere(store: Store, lake: Register) -> None:
    bring(store, lake)
    edit(store, 30)
    assert not bring(store, lake).changed
    assert stands(store) == (30, True)
    bring(store, msgspec.structs.replace(lake, name=msgspec.structs.replace(lake.name, en="Lakeside House")))
    assert stands(store) == (30, True)


def test_an_edit_ends_when_the_pack_has_followed_it(store: Store, lake: Register) -> None:
    bring(store, lake)
    edit(store, 30)
    bring(store, graced(lake, 30))
    assert stands(store) == (30, False)


def test_taking_an_edit_back_leaves_nothing_of_it(store: Store, lake: Register) -> None:
    bring(store, lake)
    edit(store, 30)
    edit(store, next(iter(lake.patrol_plans.values())).grace_min)
    assert not stands(store)[1]


def test_a_pack_that_changed_the_same_is_refused_until_it_is_meant(store: Store, lake: Register) -> None:
    bring(store, lake)
    edit(store, 30)
    with pytest.raises(EditNotInPack):
        bring(store, graced(lake, 45))
    assert stands(store) == (30, True)
    bring(store, graced(lake, 45), over=True)
    assert stands(store) == (45, False)


def test_the_same_pack_may_go_over_an_edit(store: Store, lake: Register) -> None:
    bring(store, lake)
    edit(store, 30)
    assert bring(store, lake, over=True).changed
    assert not stands(store)[1]


def test_an_edit_that_names_what_the_pack_has_no_more_is_refused_by_name(store: Store, lake: Register) -> None:
    bring(store, lake)
    edit(store, 30)
    gone = next(iter(lake.patrol_routes.values())).checkpoints[0]
    points = {k: v for k, v in lake.checkpoints.items() if k != gone}
    with pytest.raises(EditUnfit) as refused:
        bring(store, msgspec.structs.replace(lake, checkpoints=points))
    assert gone in str(refused.value)
