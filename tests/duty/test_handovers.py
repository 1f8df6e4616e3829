"""The life of a hand-over, by its rules alone (HND-03…11, 15, 16; ROLE-10)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refusal
from core.words import catalogue
from duty import handover_errors, handovers
from duty.handover_packet import HandoverKind as Kind
from duty.handover_packet import Item, Verdict, carried, refreshed
from duty.handover_signatures import digest
from duty.handovers import LIVE, NEXT, Act, Handover
from duty.handovers import HandoverState as State
from duty.relief import reachable
from duty.rules import Attended
from sites.duty_policies import BlockMode, HandoverBlock

AT = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
POLICY = HandoverBlock()
RADIOS = Item(key="list/radios", kind=Kind.ITEM, listed=True, mandatory=True, expected=4)
PANEL = Item(key="list/panel", kind=Kind.CHECK, listed=True, mandatory=True)


def alarm(priority: int = 1, *, acked: bool = True) -> Item:
    kind = Kind.ALERT_ACKED if acked else Kind.ALERT_OPEN
    return Item(key="alert/a", kind=kind, live=True, data={"priority": priority})


def over(*items: Item, **more: Any) -> Handover:
    made = Handover(site_id="s", id="h", seat="centre", outgoing="wang", opened_at=AT, opened_by="wang", items=items)
    return msgspec.structs.replace(made, **more)


def did(h: Handover, name: str, *rest: Any, by: str, **more: Any) -> Handover:
    after, lines = getattr(handovers, name)(h, *rest, by=by, at=AT, **more)
    assert after.version == h.version + len(lines)
    assert all(line.subject == "handover/h" for line in lines)
    return after  # type: ignore[no-any-return]


def refused(h: Handover, name: str, *rest: Any, by: str, **more: Any) -> str:
    with pytest.raises(Refusal) as found:
        did(h, name, *rest, by=by, **more)
    return found.value.code


def counted(h: Handover, n: int, explanation: str | None = None) -> Handover:
    return did(h, "edit", "list/radios", by="wang", counted=n, explanation=explanation)


def offered(*items: Item) -> Handover:
    return did(over(*items), "offer", by="wang", policy=HandoverBlock(BlockMode.OFF))


def test_both_sign_and_only_then_it_is_done() -> None:
    """HND-03: one signature changes nothing; the second ends it at that instant."""
    h = did(
        did(over(RADIOS, PANEL), "edit", "list/panel", by="wang", fine=True),
        "edit",
        "list/radios",
        by="wang",
        counted=4,
    )
    h = did(h, "offer", by="wang", policy=POLICY)
    assert (h.state, h.offered_at, h.incoming) == (State.OFFERED, AT, None)
    for key in ("list/panel", "list/radios"):
        h = did(h, "confirm", key, "", by="li")
    h = did(h, "sign", by="li", policy=POLICY)
    assert (h.state, h.incoming, h.ended_at) == (State.DONE, "li", AT)


def test_one_person_cannot_stand_on_both_sides() -> None:
    """ROLE-10, HND-03."""
    h = offered()
    assert refused(h, "sign", by="wang", policy=POLICY) == "same_person"
    assert refused(offered(PANEL_FINE), "confirm", "list/panel", "", by="wang") == "same_person"
    assert refused(over(), "override", "wang", "r", by="zhao") == "same_person"
    assert refused(over(), "override", "li", "r", by="li") == "same_person"
    assert refused(over(), "lift", "r", by="wang") == "same_person"
    assert refused(over(), "offer", by="li", policy=POLICY) == "not_outgoing"


PANEL_FINE = msgspec.structs.replace(PANEL, fine=True)


def test_a_third_person_cannot_slip_in_once_somebody_takes_over() -> None:
    h = did(offered(PANEL_FINE), "confirm", "list/panel", "", by="li")
    assert refused(h, "sign", by="guard", policy=POLICY) == "not_incoming"


def test_three_of_four_radios_need_an_explanation() -> None:
    """HND-06."""
    short = counted(over(RADIOS), 3)
    assert refused(short, "offer", by="wang", policy=POLICY) == "explanation_owed"
    h = did(counted(over(RADIOS), 3, "第四台送修"), "offer", by="wang", policy=POLICY)
    assert h.items[0].explanation == "第四台送修"


@pytest.mark.parametrize("item", [RADIOS, PANEL], ids=["a count", "a check"])
def test_a_mandatory_line_left_open_keeps_the_outgoing_from_signing(item: Item) -> None:
    """HND-15."""
    assert refused(over(item), "offer", by="wang", policy=POLICY) == "checks_owed"
    did(over(msgspec.structs.replace(item, mandatory=False)), "offer", by="wang", policy=POLICY)


def test_every_carried_item_is_confirmed_before_the_incoming_signs() -> None:
    """HND-09."""
    h = offered(PANEL_FINE, alarm(4))
    h = did(h, "confirm", "list/panel", "", by="li")
    assert refused(h, "sign", by="li", policy=POLICY) == "items_unconfirmed"
    h = did(h, "confirm", "alert/a", "看过", by="li")
    assert did(h, "sign", by="li", policy=POLICY).items[1].comment == "看过"


def test_what_the_incoming_finds_must_be_explained() -> None:
    """HND-10."""
    found = Item(key="free/1", kind=Kind.ANOMALY, text="大堂玻璃碎")
    h = did(offered(), "add", found, by="li")
    h = did(h, "confirm", "free/1", "", by="li")
    assert refused(h, "sign", by="li", policy=POLICY) == "explanation_owed"
    h = did(h, "explain", "free/1", "20:10 已报修", by="wang")
    assert did(h, "sign", by="li", policy=POLICY).state is State.DONE


def test_a_dispute_holds_it_until_a_supervisor_decides_or_both_agree() -> None:
    """HND-11."""
    h = did(offered(PANEL_FINE), "dispute", "list/panel", "面板有故障灯", by="li")
    assert h.state is State.DISPUTED
    assert refused(h, "sign", by="li", policy=POLICY) == "handover_disputed"
    assert refused(h, "resolve", "list/panel", "r", by="wang") == "same_person"
    assert refused(h, "resolve", "list/panel", " ", by="chen") == "words_needed"
    decided = did(h, "resolve", "list/panel", "已测试", by="chen")
    assert did(decided, "sign", by="li", policy=POLICY).state is State.DONE
    assert refused(h, "confirm", "list/panel", "", by="li") == "explanation_owed"
    both = did(did(h, "explain", "list/panel", "已复位", by="wang"), "confirm", "list/panel", "", by="li")
    assert both.state is State.OFFERED
    again = did(both, "dispute", "list/panel", "又亮了", by="li")
    assert refused(again, "confirm", "list/panel", "", by="li") == "explanation_owed"


@pytest.mark.parametrize(
    ("mode", "ringing", "acked", "minor"),
    [
        (BlockMode.STRICT, True, True, False),
        (BlockMode.LENIENT, True, False, False),
        (BlockMode.JOINT, False, False, False),
        (BlockMode.OFF, False, False, False),
    ],
)
def test_important_unfinished_work_stands_in_the_way_by_the_sites_rule(
    mode: BlockMode, ringing: bool, acked: bool, minor: bool
) -> None:
    """HND-08, HND-16."""
    policy = HandoverBlock(mode, (1, 2))
    for item, blocked in [(alarm(acked=False), ringing), (alarm(), acked), (alarm(3, acked=False), minor)]:
        if not blocked:
            did(over(item), "offer", by="wang", policy=policy)
            continue
        assert refused(over(item), "offer", by="wang", policy=policy) == "handover_blocked"
        lifted = did(over(item), "lift", "消防已到场", by="zhao")
        assert did(lifted, "offer", by="wang", policy=policy).lifted_for == "消防已到场"
        done = msgspec.structs.replace(item, over=True)
        did(over(done), "offer", by="wang", policy=policy)


def test_under_the_joint_rule_both_stay_responsible_for_what_is_open() -> None:
    """HND-16."""
    policy = HandoverBlock(BlockMode.JOINT, (1,))
    h = did(offered(alarm()), "confirm", "alert/a", "", by="li")
    assert did(h, "sign", by="li", policy=policy).joint == ("a",)


def test_what_the_sites_data_or_the_checklist_says_cannot_be_taken_out() -> None:
    """HND-05."""
    assert refused(over(alarm()), "remove", "alert/a", by="wang") == "item_stays"
    assert refused(over(PANEL), "remove", "list/panel", by="wang") == "item_stays"
    free = Item(key="free/1", kind=Kind.TEXT, text="t")
    assert did(did(over(), "add", free, by="wang"), "remove", "free/1", by="wang").items == ()


def test_an_alert_that_rings_again_must_be_confirmed_again_and_one_that_ended_need_not() -> None:
    said = msgspec.structs.replace(alarm(), verdict=Verdict.CONFIRMED)
    assert refreshed([said], [alarm()])[0].verdict is Verdict.CONFIRMED
    assert refreshed([said], [alarm(acked=False)])[0].unconfirmed
    gone = refreshed([alarm()], [])[0]
    assert gone.over and not gone.unconfirmed
    assert refreshed([msgspec.structs.replace(said, over=True)], [alarm()])[0].unconfirmed


def test_an_override_says_what_was_left_open() -> None:
    after, lines = handovers.override(over(PANEL), "li", "家中急事", by="zhao", at=AT + timedelta(minutes=5))
    assert after.state is State.OVERRIDDEN
    assert lines[0].data["left"] == ["list/panel"]


@given(st.sampled_from(list(State)), st.sampled_from(list(Act)))
def test_what_the_table_does_not_list_is_refused_and_the_end_is_the_end(state: State, act: Act) -> None:
    h = over(state=state)
    if (state, act) in NEXT:
        assert handovers.step(h, act, at=AT, by="x")[0].state is NEXT[state, act]
        assert state in LIVE
    else:
        with pytest.raises(handover_errors.HandoverNotAllowed):
            handovers.step(h, act, at=AT, by="x")


def test_every_act_state_and_refusal_has_words() -> None:
    wanted = {f"act.handover.{a}" for a in (*Act, "open")} | {f"handover.state.{s}" for s in State}
    wanted |= {f"handover.item.{k}" for k in Kind}
    wanted |= {
        f"error.{c.code}" for c in vars(handover_errors).values() if isinstance(c, type) and issubclass(c, Refusal)
    }
    assert sorted(wanted - catalogue("en").keys()) == []


def test_what_was_counted_last_time_is_the_measure_where_nothing_else_is() -> None:
    """HND-06: a difference is flagged in the line; where the list names no number, it must be explained."""
    keys = Item(key="list/keys", kind=Kind.KEY, listed=True, mandatory=True, last=6)
    fewer = did(over(keys), "edit", "list/keys", by="wang", counted=5)
    assert refused(fewer, "offer", by="wang", policy=POLICY) == "explanation_owed"
    found = msgspec.structs.replace(RADIOS, last=3)
    _, lines = handovers.offer(counted(over(found), 4), by="wang", at=AT, policy=POLICY)
    assert lines[0].data["differs"] == ["list/radios"]
    _, lines = handovers.offer(counted(over(RADIOS), 4), by="wang", at=AT, policy=POLICY)
    assert lines[0].data["differs"] == []


def test_what_is_to_be_followed_up_comes_up_at_the_next_hand_over_until_it_is_done() -> None:
    """HND-09."""
    note = Item(key="free/1", kind=Kind.NOTE, text="地库水位偏高")
    h = did(offered(note), "confirm", "free/1", "夜里再看", by="li", follow_up=True)
    (task,) = carried(h.items)
    assert (task.key, task.kind, task.text, task.data["said"]) == (
        "follow/free/1",
        Kind.FOLLOW_UP,
        note.text,
        "夜里再看",
    )
    assert refused(over(task), "offer", by="wang", policy=POLICY) == "checks_owed"
    assert refused(over(task), "remove", task.key, by="wang") == "item_stays"
    open_ = did(over(task), "edit", task.key, by="wang", fine=False, explanation="等物业泵房")
    assert [i.key for i in carried(open_.items)] == [task.key]
    assert carried(did(over(task), "edit", task.key, by="wang", fine=True).items) == []


@pytest.mark.parametrize(("back_s", "code"), [(2, None), (3, "clock_set_back"), (86_400, "clock_set_back")])
def test_times_never_go_backwards(back_s: int, code: str | None) -> None:
    """A clock that was set back is refused; what servers differ by is not, and the later time is written."""
    h, earlier = offered(), AT - timedelta(seconds=back_s)
    if code is None:
        handovers.ask_clock(h, earlier)
        done = handovers.sign(h, by="li", at=earlier, policy=POLICY)[0]
        assert (done.ended_at, done.changed_at, done.signatures[1].at) == (AT, AT, AT)
        return
    with pytest.raises(handover_errors.ClockSetBack):
        handovers.ask_clock(h, earlier)
    ended, lines = handovers.override(h, "li", "时钟故障", by="zhao", at=earlier)
    assert (ended.ended_at, lines[0].data["clock_back_s"]) == (AT, back_s)


def test_a_signature_is_under_what_the_signer_saw() -> None:
    """One byte otherwise, another act or another signer is another digest; taking it back takes the signature away."""
    h = over(RADIOS)
    said = {digest(h, "offer", "wang"), digest(h, "sign", "wang"), digest(h, "offer", "li")}
    said |= {
        digest(msgspec.structs.replace(h, items=(msgspec.structs.replace(RADIOS, counted=n),)), "offer", "wang")
        for n in (3, 4)
    }
    assert len(said) == 5
    signed = did(counted(h, 4), "offer", by="wang", policy=POLICY)
    assert [(s.by, s.act, s.how) for s in signed.signatures] == [("wang", "offer", "password")]
    assert did(signed, "withdraw", by="wang").signatures == ()


def test_who_left_stays_reachable_for_as_long_as_the_site_says() -> None:
    """HND-13: each once, the last first, and nobody who is there."""

    def stay(n: int, who: str, off_h: float | None) -> Attended:
        return Attended(
            str(n), "centre", who, AT - timedelta(hours=40), None if off_h is None else AT - timedelta(hours=off_h)
        )

    stays = [
        stay(1, "wang", 2),
        stay(2, "wang", 20),
        stay(3, "li", 1),
        stay(4, "chen", 3),
        stay(5, "chen", None),
        stay(6, "guard", 24),
    ]
    assert [(r.person, r.until) for r in reachable(stays, 24, AT)] == [
        ("li", AT + timedelta(hours=23)), ("wang", AT + timedelta(hours=22)),
    ]  # fmt: skip
    assert reachable(stays, 0, AT) == []
