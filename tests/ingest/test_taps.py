"""Taps on the path are held against their tags and each other (PAT-08, PAT-11); on both databases."""

import msgspec
import pytest

from app.imports import import_site
from patrol import store as tap_store
from patrol import tag_store
from patrol.flags import Flag, Tag, TagState
from patrol.rules import Proof, Tap
from sites.pack import digest
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_rounds import HOURLY, TAGS, all_rounds, site
from tests.night import Night


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    made = Night(store, clock, site(HOURLY))
    made.sweeper.run()
    made.clock.tick(3700)
    made.sweeper.run()
    return made


def tap(night: Night, name: str = "C1", guard: str = "chen", **data: object) -> Tap:
    night.say("patrol.tap", "H-1", data={"tag": TAGS.get(name, name), "guard": guard, **data})
    with night.db.read() as conn:
        return tap_store.newest(conn, night.site, 1)[0]


def put(night: Night, tag: Tag) -> None:
    with night.db.begin([night.site]) as tx:
        tag_store.save(tx, night.site, [tag], "zhao", night.clock())


def test_a_pack_s_tags_have_rows_and_a_tap_counts(night: Night) -> None:
    with night.db.read() as conn:
        assert {t.uid: t.checkpoint_id for t in tag_store.every(conn, night.site)} == {u: c for c, u in TAGS.items()}
    made = tap(night)
    assert (made.flags, made.counts, made.checkpoint_id) == ((), True, "C1")


def test_a_tag_that_was_moved_stands_for_its_new_point(night: Night) -> None:
    put(night, Tag(uid=TAGS["C1"], checkpoint_id="C3"))
    assert tap(night, "C1").checkpoint_id == "C3"
    import_site(night.db, night.desks, site(HOURLY), digest(site(HOURLY)), night.clock(), "system")
    assert tap(night, "C1").checkpoint_id == "C3", "a pack that is imported again moves nothing back"


def test_a_new_tag_counts_as_soon_as_it_is_known(night: Night) -> None:
    assert tap(night, "DEADBEEF").flags == (Flag.UNKNOWN_TAG.value,)
    put(night, Tag(uid="DEADBEEF", checkpoint_id="C2"))
    night.clock.tick(60)
    made = tap(night, "DEADBEEF")
    assert (made.checkpoint_id, made.counts) == ("C2", True)


@pytest.mark.parametrize(
    ("tag", "flag"),
    [
        (Tag(uid=TAGS["C1"], checkpoint_id="C1", state=TagState.BLOCKED), Flag.BLOCKED_TAG),
        (Tag(uid=TAGS["C1"], checkpoint_id="C1", proof=Proof.SUN), Flag.NOT_PROVED),
    ],
)
def test_a_trick_proves_nothing_and_is_told_to_a_leader(night: Night, tag: Tag, flag: Flag) -> None:
    put(night, tag)
    made = tap(night)
    assert (made.flags, made.counts) == ((flag.value,), False)
    assert all(not r.proofs for r in all_rounds(night))
    alert = night.alert("patrol.suspect")
    assert alert.subject == "person/chen"
    told = next(e for e in night.log(f"alert/{alert.id}") if e.act == "alert.raise")
    assert told.data["data"]["flag"] == flag.value
    night.clock.tick(60)
    tap(night)
    assert night.alert("patrol.suspect").repeats == 1


def test_a_tag_counts_up_and_a_replay_is_refused_as_proof(night: Night) -> None:
    put(night, Tag(uid=TAGS["C1"], checkpoint_id="C1", proof=Proof.SUN, counter=10))
    assert tap(night, proof="sun", counter=11).counts
    night.clock.tick(60)
    made = tap(night, proof="sun", counter=11)
    assert (made.flags, made.counts) == ((Flag.REPLAYED.value,), False)
    with night.db.read() as conn:
        assert tag_store.some(conn, night.site, [TAGS["C1"]])[TAGS["C1"]].counter == 11


def test_a_tag_of_another_site_is_told(night: Night) -> None:
    """PAT-08."""
    other: Register = msgspec.structs.replace(site(), site_id="elsewhere", people={}, rotas=(), checkpoints={
        "C9": msgspec.structs.replace(site().checkpoints["C1"], id="C9", tags=("0BADC0DE",))
    })  # fmt: skip
    import_site(night.db, night.desks, other, digest(other), night.clock(), "system")
    made = tap(night, "0BADC0DE")
    assert set(made.flags) == {Flag.UNKNOWN_TAG.value, Flag.FOREIGN_TAG.value}
    assert night.alert("patrol.suspect").subject == "person/chen"


def test_off_duty_is_flagged_and_still_counts(night: Night) -> None:
    made = tap(night, guard="guard")
    assert (made.flags, made.counts) == ((Flag.OFF_DUTY.value,), True)
