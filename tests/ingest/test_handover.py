"""A seat changes hands: live packet, two signatures, one transaction (HND-02…11, 16; ATT-06; ROLE-10), on both databases."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event

from alerts import acts as alert_acts
from alerts.rules import Alert, Close, Disposition
from alerts.rules import State as AlertState
from core.errors import Refusal, Stale
from duty import handover_store, handovers
from duty.handovers import Handover
from duty.handovers import HandoverState as State
from duty.rules import Basis, Holding
from ingest import acts, handover, packet, writing
from ingest.scene import Desk
from ingest.seats import held_now
from logbook import checkpoints
from logbook.audit import verify_store
from logbook.forms import Draft
from sites.duty_policies import BlockMode, DutyPolicies, HandoverBlock
from sites.duty_words import Checklist, ChecklistItem, ItemKind
from store.db import Store, Tx
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, words

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
LIST = Checklist(
    "centre", (ChecklistItem("radios", words("Radios"), ItemKind.ITEM, 4), ChecklistItem("panel", words("Panel")))
)


def strict(block: HandoverBlock = HandoverBlock(BlockMode.OFF)) -> DutyPolicies:  # noqa: B008 - it is frozen
    return DutyPolicies(handover_required=True, handover_block=block)


class Watch(Night):
    """A night at a site whose seats are left by handing them over; wang is on, li comes at 08:00."""

    def __init__(
        self, db: Store, clock: HandClock, policy: DutyPolicies | None = None, *, listed: bool = False
    ) -> None:
        policies = msgspec.structs.replace(HARBOUR.policies, duty=policy or strict())
        lists = {"centre": LIST} if listed else {}
        super().__init__(db, clock, msgspec.structs.replace(HARBOUR, policies=policies, checklists=lists))
        self.act("sign_on", "wang", "centre")

    def act(self, name: str, who: str, *rest: Any) -> Any:
        with self.tx() as (tx, desk):
            return getattr(acts, name)(tx, desk, *rest, who, self.clock())

    @contextmanager
    def tx(self) -> Iterator[tuple[Tx, Desk]]:
        with self.db.begin([self.site]) as tx:
            desk = self.desks.get(tx.conn, self.site)
            assert desk is not None
            yield tx, desk

    def begin(self, who: str = "wang") -> Handover:
        with self.tx() as (tx, desk):
            return handover.begin(tx, desk, "centre", who, self.clock())

    def do(self, h: Handover, name: str, *rest: Any, by: str, **more: Any) -> Handover:
        act: Callable[..., Any] = getattr(handovers, name)
        with self.tx() as (tx, desk):
            at = self.clock()
            if name == "offer":
                return handover.offer(tx, desk, h.id, h.version, by, at)
            return handover.change(tx, desk, h.id, h.version, at, lambda h: act(h, *rest, by=by, at=at, **more))

    def sign(self, h: Handover, by: str = "li") -> Handover:
        with self.tx() as (tx, desk):
            return handover.sign(tx, desk, h.id, h.version, by, self.clock(), KEY)

    def ready(self, by: str = "li") -> Handover:
        """Offered by wang and confirmed item by item."""
        h = self.do(self.begin(), "offer", by="wang")
        for item in h.items:
            h = self.do(h, "confirm", item.key, "", by=by)
        return h

    def kept(self, h: Handover) -> Handover:
        with self.db.read() as conn:
            return handover_store.get(conn, self.site, h.id)

    def live(self) -> list[Handover]:
        with self.db.read() as conn:
            return handover_store.live(conn, self.site)

    def holder(self) -> Holding:
        with self.tx() as (tx, desk):
            return held_now(tx.conn, desk.register, self.clock())[0]["centre"]

    def all_rows(self) -> list[Any]:
        tables = (
            "handover",
            "attendance",
            "seat_state",
            "alert",
            "log_entry",
            "log_checkpoint",
            "outbox",
            "relief",
            "site_head",
        )
        with self.db.read() as conn:
            return [sorted(map(repr, conn.exec_driver_sql(f"SELECT * FROM {t}").all())) for t in tables]

    def held_alert(self) -> Alert:
        self.say("fire.alarm")
        self.ack("wang")
        return self.only()


@pytest.fixture
def watch(store: Store, clock: HandClock) -> Watch:
    return Watch(store, clock)


def code(act: Callable[[], Any]) -> str:
    with pytest.raises(Refusal) as found:
        act()
    return found.value.code


def test_responsibility_and_custody_move_at_the_second_signature_and_nothing_rings(watch: Watch) -> None:
    """HND-03, EVT-13: one signature changes nothing; the log is sworn to in the same transaction."""
    alert = watch.held_alert()
    h = watch.do(watch.begin(), "offer", by="wang")
    assert [i.kind for i in h.items] == ["alert_acked"]
    assert watch.holder().person == "wang"
    h = watch.do(h, "confirm", h.items[0].key, "知道了", by="li")
    watch.clock.tick(60)
    done = watch.sign(h)
    held = watch.holder()
    assert (done.state, held.person, held.basis) == (State.DONE, "li", Basis.SIGNED_ON)
    after = watch.only()
    assert (after.state, after.custody_by, after.ring, after.due_at) == (AlertState.ACKED, "li", 1, alert.due_at)
    said = watch.said_in_log()
    assert said[-4:] == ["handover.sign", "duty.sign_on", "duty.sign_off", "alert.hand_over"]
    with watch.db.read() as conn:
        mark = checkpoints.latest(conn, watch.site)
        assert mark is not None and (mark.size, mark.at) == (len(said), watch.clock())
        assert verify_store(conn, watch.site).ok
    assert [p[2]["state"] for p in watch.pushes() if p[1] == "handover"] == ["open", "offered", "offered", "done"]
    watch.pass_(30)
    assert watch.alert("fire.alarm").state is AlertState.ACKED


def test_the_same_person_cannot_stand_on_both_sides_nor_somebody_out_of_the_seat_begin(watch: Watch) -> None:
    """ROLE-10."""
    assert code(lambda: watch.begin("li")) == "not_in_seat"
    h = watch.do(watch.begin(), "offer", by="wang")
    assert code(lambda: watch.sign(h, "wang")) == "same_person"
    assert code(watch.begin) == "handover_open"


def test_a_second_browser_is_told_that_somebody_was_faster(watch: Watch) -> None:
    h = watch.begin()
    watch.do(h, "offer", by="wang")
    with pytest.raises(Stale):
        watch.do(h, "offer", by="wang")
    ready = watch.kept(h)
    watch.sign(ready)
    with pytest.raises(Stale):
        watch.sign(ready, "chen")


def test_what_comes_up_before_the_second_signature_must_be_confirmed_too(watch: Watch) -> None:
    """HND-05, HND-09."""
    h = watch.ready()
    watch.say("water.leak", "L-1")
    assert code(lambda: watch.sign(h)) == "items_unconfirmed"
    assert watch.holder().person == "wang"
    h = watch.do(h, "confirm", f"alert/{watch.only().id}", "", by="li")
    assert watch.sign(h).state is State.DONE


def test_counts_and_checks_of_the_seats_list_are_asked_for(store: Store, clock: HandClock) -> None:
    """HND-06, HND-15, HND-17."""
    watch = Watch(store, clock, listed=True)
    h = watch.begin()
    assert code(lambda: watch.do(h, "offer", by="wang")) == "checks_owed"
    h = watch.do(h, "edit", "list/panel", by="wang", fine=True)
    h = watch.do(h, "edit", "list/radios", by="wang", counted=3)
    assert code(lambda: watch.do(h, "offer", by="wang")) == "explanation_owed"
    h = watch.do(h, "edit", "list/radios", by="wang", explanation="一台送修")
    assert watch.do(h, "offer", by="wang").state is State.OFFERED


def test_a_crash_at_any_statement_leaves_everything_as_it_was(watch: Watch) -> None:
    """HND-03, L-series: wholly done, or wholly not."""
    watch.held_alert()
    h, statements = watch.ready(), [0, 10**9]

    def dies(*_: Any) -> None:
        statements[0] += 1
        if statements[0] > statements[1]:
            raise RuntimeError("killed")

    before = watch.all_rows()
    event.listen(watch.db.engine, "before_cursor_execute", dies)
    try:
        for n in range(0, 200, 3):
            statements[:] = [0, n]
            try:
                watch.sign(h)
            except RuntimeError:
                statements[:] = [0, 10**9]
                assert watch.all_rows() == before, f"after {n} statements"
            else:
                break
        else:
            pytest.fail("it never came through")
    finally:
        event.remove(watch.db.engine, "before_cursor_execute", dies)
    assert n > 10
    assert (watch.holder().person, watch.only().custody_by) == ("li", "li")


def test_the_draft_is_there_a_quarter_of_an_hour_before_the_end(watch: Watch) -> None:
    """HND-02: at 07:45, once, with what is open."""
    watch.held_alert()
    watch.clock.set(watch.local(2, 7, 44, 59))
    watch.sweeper.run()
    assert watch.live() == []
    watch.clock.set(watch.local(2, 7, 45))
    watch.sweeper.run()
    (draft,) = watch.live()
    assert (draft.outgoing, draft.expected, draft.opened_by) == ("wang", "li", "system")
    assert draft.planned_end == watch.local(2, 8)
    assert draft.items[0].key.startswith("alert/")
    with watch.tx() as (tx, desk):
        handover.change(
            tx, desk, draft.id, 1, watch.clock(), lambda h: handovers.cancel(h, "r", by="wang", at=watch.clock())
        )
    watch.pass_(600, step=60)
    assert watch.live() == []


def late(watch: Watch) -> list[str]:
    return [a.state for a in watch.open() if a.kind == "duty.late_relief"]


def test_late_relief_is_called_at_its_grace_and_the_outgoing_keeps_the_seat(watch: Watch) -> None:
    """HND-04, ATT-06: alarms still go to who stayed; overtime counts until it is done."""
    watch.clock.set(watch.local(2, 8, 9, 59))
    watch.sweeper.run()
    assert (late(watch), watch.holder().person) == ([], "wang")
    watch.clock.set(watch.local(2, 8, 10))
    watch.sweeper.run()
    assert late(watch) == ["raised"]
    assert (watch.alert("duty.late_relief").subject, watch.alert("duty.late_relief").holder_id) == (
        "seat/centre",
        "wang",
    )
    watch.pass_(120, step=30)
    assert late(watch) == ["raised"]
    watch.say("water.leak", "L-1")
    assert watch.alert("water.leak").holder_id == "wang"
    watch.act("sign_on", "li", "centre")
    assert late(watch) == ["cleared"]
    assert watch.holder().person == "wang"
    h = watch.do(watch.live()[0], "offer", by="wang")
    for item in h.items:
        h = watch.do(h, "confirm", item.key, "", by="li")
    watch.clock.set(watch.local(2, 8, 20))
    done = watch.sign(h)
    assert (watch.holder().person, done.overtime_s(watch.clock())) == ("li", 1200)


def test_whoever_counts_only_by_roster_is_not_kept(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock)
    watch.sign(watch.ready())
    watch.clock.set(watch.local(2, 20, 0))
    watch.sweeper.run()
    assert watch.holder().person == "li"
    with watch.tx() as (tx, desk):
        acts.let_go(tx, desk, "centre", "li", "zhao", "换班", watch.clock())
    assert (watch.holder().person, watch.holder().basis) == ("wang", Basis.ROSTERED)
    watch.clock.set(watch.local(3, 8, 11))
    watch.sweeper.run()
    assert (watch.holder().person, watch.holder().basis, late(watch)) == ("li", Basis.ROSTERED, [])


def test_a_seat_that_somebody_is_to_take_over_is_not_just_left(watch: Watch) -> None:
    """HND-03, HND-04."""
    assert code(lambda: watch.act("sign_off", "wang", "centre")) == "handover_needed"
    with watch.tx() as (tx, desk):
        acts.let_go(tx, desk, "centre", "wang", "zhao", "家中急事", watch.clock())
    assert watch.holder().person is None
    assert watch.alert("duty.gap").state is AlertState.RAISED
    assert ("duty.released", "zhao", "家中急事") in [(e.act, e.actor, e.data.get("reason")) for e in watch.log()]


def test_a_seat_is_closed_by_signing_off_when_nobody_comes(store: Store, clock: HandClock) -> None:
    policies = msgspec.structs.replace(HARBOUR.policies, duty=strict())
    alone = msgspec.structs.replace(HARBOUR, policies=policies, rotas=())
    night = Night(store, clock, alone)
    with store.begin([night.site]) as tx:
        desk = night.desks.get(tx.conn, night.site)
        assert desk is not None
        acts.sign_on(tx, desk, "centre", "wang", clock())
        acts.sign_off(tx, desk, "centre", "wang", clock.tick())


def test_important_work_blocks_until_a_manager_lets_it_pass(store: Store, clock: HandClock) -> None:
    """HND-08."""
    watch = Watch(store, clock, strict(HandoverBlock(BlockMode.STRICT, (1,))))
    watch.held_alert()
    h = watch.begin()
    assert code(lambda: watch.do(h, "offer", by="wang")) == "handover_blocked"
    h = watch.do(h, "lift", "消防队接手", by="zhao")
    h = watch.do(h, "offer", by="wang")
    h = watch.do(h, "confirm", h.items[0].key, "", by="li")
    assert watch.sign(h).lifted_by == "zhao"
    assert watch.only().custody_by == "li"


def test_under_the_joint_rule_the_outgoing_stays_until_it_is_closed(store: Store, clock: HandClock) -> None:
    """HND-16."""
    watch = Watch(store, clock, strict(HandoverBlock(BlockMode.JOINT, (1,))))
    alert = watch.held_alert()
    done = watch.sign(watch.ready())
    assert done.joint == (alert.id,)
    assert watch.holder().person == "li"
    assert code(lambda: watch.act("sign_off", "wang", "centre")) == "joint_open"
    watch.say("fire.restore")
    with watch.tx() as (tx, desk):
        alert_acts.reset(tx, desk.register, alert.id, by="li", roles=(), at=watch.clock())
        alert_acts.dispose(
            tx, desk.register, alert.id, Close(Disposition.CONFIRMED), by="li", roles=(), at=watch.clock()
        )
    watch.act("sign_off", "wang", "centre")
    assert watch.holder().person == "li"


def test_a_manager_hands_over_to_somebody_who_is_there(watch: Watch) -> None:
    """ATT-05: nobody is signed on by another."""
    h = watch.begin()

    def overridden() -> Handover:
        with watch.tx() as (tx, desk):
            return handover.override(tx, desk, h.id, h.version, "li", "突发疾病", "zhao", watch.clock(), KEY)

    assert code(overridden) == "incoming_not_on"
    watch.act("sign_on", "li", "centre")
    assert watch.holder().person == "wang"
    assert overridden().state is State.OVERRIDDEN
    assert watch.holder().person == "li"


def test_what_was_prepared_goes_when_its_maker_does(watch: Watch) -> None:
    h = watch.begin()
    with watch.tx() as (tx, desk):
        acts.let_go(tx, desk, "centre", "wang", "zhao", "r", watch.clock() + timedelta(seconds=1))
    assert watch.kept(h).state is State.CANCELLED


def test_a_clock_that_was_set_back_stops_it_and_a_manager_may_end_it(watch: Watch) -> None:
    """The refusal loses nothing: when the clock is right again, the same sheet goes through."""
    watch.clock.tick(600)
    h, before = watch.ready(), watch.all_rows()
    before = watch.all_rows()
    watch.clock.tick(-300)
    for act in (lambda: watch.sign(h), lambda: watch.do(h, "withdraw", by="wang")):
        assert code(act) == "clock_set_back"
    assert watch.all_rows() == before
    watch.act("sign_on", "li", "centre")
    with watch.tx() as (tx, desk):
        ended = handover.override(tx, desk, h.id, h.version, "li", "时钟被调回", "zhao", watch.clock(), KEY)
    assert (ended.state, ended.ended_at) == (State.OVERRIDDEN, h.changed_at)
    assert watch.holder().person == "li"
    told = next(e.data for e in watch.log() if e.act == "handover.override")
    assert told["clock_back_s"] == 300


def test_a_clock_put_right_lets_the_same_sheet_go_through(watch: Watch) -> None:
    h = watch.ready()
    watch.clock.tick(-300)
    assert code(lambda: watch.sign(h)) == "clock_set_back"
    watch.clock.tick(300)
    assert watch.sign(h).state is State.DONE


def test_what_the_shift_wrote_into_the_log_is_gone_through(watch: Watch) -> None:
    """HND-05, HND-09: only since the outgoing person took the seat, and what is written meanwhile too."""
    watch.clock.tick(60)
    with watch.tx() as (tx, desk):
        writing.write(tx, desk.register, Draft(form="note", fields={"text": "地库水位偏高"}), "wang", watch.clock())
    h = watch.do(watch.begin(), "offer", by="wang")
    (note,) = h.items
    assert (note.kind, note.live, note.data["by"]) == ("note", True, "wang")
    h = watch.do(h, "confirm", note.key, "", by="li", follow_up=True)
    with watch.tx() as (tx, desk):
        writing.write(tx, desk.register, Draft(form="note", fields={"text": "已通知泵房"}), "wang", watch.clock())
    assert code(lambda: watch.sign(h)) == "items_unconfirmed"
    with watch.tx() as (tx, desk):
        newer = packet.current(tx.conn, desk.register, h).items[-1]
    watch.clock.tick(1)
    watch.sign(watch.do(h, "confirm", newer.key, "", by="li"))
    watch.clock.tick(60)
    again = watch.begin("li")
    assert [(i.kind, i.key) for i in again.items] == [("follow_up", f"follow/{note.key}")]
    assert again.items[0].data["fields"] == note.data["fields"]


def test_what_was_counted_last_time_stands_beside_the_count(store: Store, clock: HandClock) -> None:
    """HND-06."""
    watch = Watch(store, clock, listed=True)
    h = watch.do(watch.begin(), "edit", "list/panel", by="wang", fine=True)
    h = watch.do(h, "edit", "list/radios", by="wang", counted=3, explanation="一台送修")
    h = watch.do(h, "offer", by="wang")
    for item in h.items:
        h = watch.do(h, "confirm", item.key, "", by="li")
    watch.sign(h)
    watch.clock.tick(60)
    assert {i.key: i.last for i in watch.begin("li").items} == {"list/radios": 3, "list/panel": None}
