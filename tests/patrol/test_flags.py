"""Every cheat of a tap is flagged with its reason (PAT-11): a table of them, and what never happens."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrol.flags import VOID, Beside, Flag, Tag, TagState, flagged
from patrol.rules import Proof, Tap
from sites.patrol_words import PatrolPolicies
from sites.register import Checkpoint, Plan, Register, Zone
from tests.night import HARBOUR, words

NOW = datetime(2026, 3, 1, 14, tzinfo=UTC)
SITE: Register = msgspec.structs.replace(
    HARBOUR,
    plans={"p": Plan("p", 1000, 1000, "")},
    zones={**HARBOUR.zones, "yard": Zone("yard", words("Yard"), "area", "estate", "p")},
    checkpoints={
        "C1": Checkpoint("C1", words("C1"), "yard", ("AA",), 0, 0),
        "C2": Checkpoint("C2", words("C2"), "yard", ("BB",), 300, 400),
        "C3": Checkpoint("C3", words("C3"), "b7", ("CC",)),
    },
    policies=msgspec.structs.replace(HARBOUR.policies, patrol=PatrolPolicies(unit_m=0.1)),
)


def tap(
    second: float = 0, *, name: str = "C1", guard: str | None = "guard", told: float | None = None, **more: object
) -> Tap:
    said = NOW + timedelta(seconds=second)
    heard = said if told is None else NOW + timedelta(seconds=told)
    tag = {"C1": "AA", "C2": "BB", "C3": "CC"}[name]
    given = {"proof": Proof.UID.value, "client": "phone-1", "event_id": f"{second}-{guard}-{name}", **more}
    return Tap(
        tag=tag, checkpoint_id=name, person_id=guard, said_at=said, heard_at=heard, synced=told is not None, **given
    )  # type: ignore[arg-type]


def seen(
    what: Tap, *before: Tap, tag: Tag | None = None, on_duty: tuple[str, ...] = ("guard", "li"), **more: object
) -> list[str]:
    known = tag or Tag(uid=what.tag, checkpoint_id=str(what.checkpoint_id))
    return list(flagged(what, Beside(SITE, known, before, on_duty, **more)).flags)  # type: ignore[arg-type]


SUN = {"proof": Proof.SUN.value}
RISING = Tag(uid="AA", checkpoint_id="C1", proof=Proof.SUN, counter=40)


def test_a_plain_tap_has_no_flag() -> None:
    made = flagged(tap(), Beside(SITE, Tag(uid="AA", checkpoint_id="C1"), (), ("guard",)))
    assert (made.flags, made.counts) == ((), True)


@pytest.mark.parametrize(
    ("state", "flag"), [(TagState.BLOCKED, Flag.BLOCKED_TAG), (TagState.REPLACED, Flag.REPLACED_TAG)]
)
def test_a_tag_that_hangs_there_no_more(state: TagState, flag: Flag) -> None:
    assert seen(tap(), tag=Tag(uid="AA", checkpoint_id="C1", state=state)) == [flag]


@pytest.mark.parametrize("proof", [Proof.UID, Proof.QR])
def test_a_tag_that_can_prove_itself_must(proof: Proof) -> None:
    assert seen(tap(proof=proof.value), tag=RISING) == [Flag.NOT_PROVED]


@pytest.mark.parametrize(
    ("counter", "flags"),
    [(39, [Flag.REPLAYED]), (40, [Flag.REPLAYED]), (41, []), (90, []), (91, [Flag.COUNTER_JUMP]), (1040, [Flag.COUNTER_JUMP]),
     (0, [Flag.REPLAYED]), (1 << 24, [Flag.REPLAYED])],
)  # fmt: skip
def test_a_counter_only_rises(counter: int, flags: list[Flag]) -> None:
    assert seen(tap(counter=counter, **SUN), tag=RISING) == flags


def test_the_same_read_twice_is_a_replay_even_when_it_was_kept() -> None:
    first = tap(0, told=600, counter=41, **SUN)
    assert seen(tap(20, told=600, counter=41, **SUN), first, tag=msgspec.structs.replace(RISING, counter=41)) == [
        Flag.REPLAYED
    ]


def test_reads_that_were_kept_may_come_in_any_order() -> None:
    """Offline: the newer read is heard first; the older one is no replay, for it is older by the clock too."""
    newer = tap(300, told=600, counter=42, **SUN)
    assert seen(tap(0, told=601, counter=41, **SUN), newer, tag=msgspec.structs.replace(RISING, counter=42)) == []


def test_addresses_read_ahead_are_hoarded() -> None:
    """Fifty reads at one time, told one by one as if at the right times: the tag's order tells."""
    newer = tap(0, told=600, counter=42, **SUN)
    assert seen(tap(300, told=601, counter=41, **SUN), newer, tag=msgspec.structs.replace(RISING, counter=42)) == [
        Flag.HOARDED
    ]


def test_an_address_that_was_opened_long_ago_is_hoarded() -> None:
    assert seen(tap(counter=41, **SUN), tag=RISING, opened_at=NOW - timedelta(seconds=301)) == [Flag.HOARDED]
    assert seen(tap(counter=41, **SUN), tag=RISING, opened_at=NOW - timedelta(seconds=300)) == []


def test_a_second_read_of_the_same_tap_is_not_a_second_tap() -> None:
    assert seen(tap(10), tap(0)) == [Flag.DOUBLE_READ]
    assert seen(tap(11), tap(0)) == []


def test_one_tag_at_two_places_is_a_clone() -> None:
    assert seen(tap(30, guard="li", client="phone-2"), tap(0)) == [Flag.CLONE]
    assert seen(tap(90, guard="li", client="phone-2"), tap(0)) == []


def test_two_points_five_seconds_apart() -> None:
    """PAT-11's check: fifty metres in five seconds."""
    assert seen(tap(5, name="C2"), tap(0)) == [Flag.TOO_QUICK]
    assert seen(tap(17, name="C2"), tap(0)) == []
    assert seen(tap(5, name="C3"), tap(0)) == [], "no way is known between two plans"


def test_who_is_not_on_duty() -> None:
    assert seen(tap(), on_duty=("li",)) == [Flag.OFF_DUTY]


def test_one_phone_for_two_guards() -> None:
    assert seen(tap(300, guard="li"), tap(0)) == [Flag.PROXY]
    assert seen(tap(300, guard="li", client="phone-2"), tap(0)) == []


@pytest.mark.parametrize(
    ("done", "told", "synced", "flags"),
    [(0, 121, False, [Flag.CLOCK_SKEW]), (0, 120, False, []), (121, 0, False, [Flag.FUTURE]), (121, 0, True, [Flag.FUTURE]),
     (0, 40_000, True, [])],
)  # fmt: skip
def test_clocks(done: float, told: float, synced: bool, flags: list[Flag]) -> None:
    what = msgspec.structs.replace(tap(done), heard_at=NOW + timedelta(seconds=told), synced=synced)
    assert seen(what) == flags


@given(
    st.lists(
        st.builds(tap, st.floats(0, 900), name=st.sampled_from(["C1", "C2"]), guard=st.sampled_from(["guard", "li"])),
        max_size=6,
    )
)
def test_flags_void_a_tap_only_where_the_table_says(before: list[Tap]) -> None:
    made = flagged(tap(450), Beside(SITE, Tag(uid="AA", checkpoint_id="C1"), before, ("guard",)))
    assert made.counts is not bool({Flag(f) for f in made.flags} & VOID)
    assert list(made.flags) == [f.value for f in Flag if f.value in made.flags]
    assert flagged(made, Beside(SITE, Tag(uid="AA", checkpoint_id="C1"), before, ("guard",))) == made, "once is enough"
