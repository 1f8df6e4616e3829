"""A year of duty in four time zones: rosters and new versions of them, swaps and substitutes, people who come, go, hand over and do not come, in any
order. At every instant a required seat has exactly one responsible holder or a raised gap; what has begun is never
rewritten; the log verifies at the end (DUTY-03, DUTY-15, HND-03, EVT-13, LOG-05).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Final

import msgspec
import pytest

from alerts import store as alert_store
from app.scenario_worlds import shores
from duty import roster_store
from duty import store as duty_store
from duty.calendar import month_after, month_of
from duty.rosters import shifts_of
from duty.rules import Attended, Basis, Holding
from ingest.seats import held_now
from logbook.audit import verify_store
from simulators.scenario.known import Known
from simulators.scenario.lines import act
from simulators.scenario.times import Clock
from simulators.virtual import house
from simulators.virtual.server import Server
from simulators.virtual.world import VirtualWorld
from sites.duty_policies import BlockMode, DutyPolicies, HandoverBlock
from sites.duty_words import Dated
from sites.register import Ladder, Register, Role, Rung
from tests.duty.test_shift_patterns import HERE, load
from tests.night import person
from tests.simulators.nights import scenario

# Each year has its zone's two clock changes in it; Lord Howe's are half an hour.
YEARS: Final = (
    ("Asia/Shanghai", "16-normal-and-holiday-duty", 1),
    ("America/New_York", "02-night-and-whole-holidays", 2),
    ("Australia/Lord_Howe", "02-night-and-whole-holidays", 3),
    ("Europe/Berlin", "08-two-shifts-and-a-gap", 4),
)
DAYS: Final = 365
DAY: Final = timedelta(days=1)
START: Final = date(2026, 1, 1)
SEAT: Final = "duty"
STAFF: Final = ("an", "bo", "cai", "deng")


def site(pattern: str, zone: str, folder: Path, policy: DutyPolicies) -> Register:
    """A pattern's house with somebody who makes rosters and somebody who approves them. What rings, rings once a day."""
    base, _ = load(HERE / f"{pattern}.yaml", folder)
    replace = msgspec.structs.replace
    calm = dict.fromkeys((1, 2, 3, 4), 7 * 86400)
    return replace(
        base,
        time_zone=zone,
        seats={name: seat for name, seat in base.seats.items() if any(rota.seat == name for rota in base.rotas)},
        people={**base.people, "chef": person("chef", Role.SUPERVISOR), "boss": person("boss", Role.MANAGER)},
        ladders={"usual": Ladder("usual", (Rung(0, "role:supervisor"),), repeat_s=86_400)},
        policies=replace(base.policies, duty=policy, handle_by_s=calm, roster_horizon_days=14),
    )


class Year:
    """One house through a year. `tells` are the lines of a scenario, most of which are refused for good reasons."""

    def __init__(self, register: Register, seed: int) -> None:
        self.chance = Random(seed)
        start = datetime.combine(START, time(), register.zone_info).astimezone(UTC)
        self.register, self.start = register, start
        self.world = VirtualWorld(scenario(register=register, start=start, life="none"), shores())
        self.house = self.world.house
        self.known = Known(register, Clock(register.zone_info, start))
        self.begun: dict[str, Dated] = {}
        self.looked = self.done = self.gaps = self.granted = 0
        self.house.on_server = self.attend
        if self.house.server is not None:
            self.attend(self.house.server)

    def attend(self, server: Server) -> None:
        """Look at the seats after every pass of the sweep, at the very instant."""
        sweep = server.sweep.site

        def watched(name: str) -> None:
            sweep(name)
            self.look()

        server.sweep.site = watched  # type: ignore[method-assign]

    # -- what must hold

    def look(self) -> None:
        """One holder, or a gap; and what the rows say is what the rule says now."""
        now = self.house.clock.at
        with self.house.store.read() as conn:
            held, shifts, stays = held_now(conn, self.register, now)
            said = duty_store.states(conn, self.register.site_id)
            wrong = {(c["subject"], c["name"]) for c in alert_store.active_conditions(conn, self.register.site_id)}
        for seat in self.register.seats:
            assert said[seat].person == held[seat].person, (now, seat)
            if self.register.seats[seat].required:
                empty = held[seat].person is None
                assert ((f"seat/{seat}", "duty.gap") in wrong) == empty, (now, seat, held[seat])
            responsible(held[seat], seat, now, shifts, stays)
        self.looked += 1
        self.gaps += held[SEAT].person is None

    def look_back(self) -> None:
        """Every shift that has begun stands as it stood when it began."""
        now = self.house.clock.at
        with self.house.store.read() as conn:
            stand = duty_store.shifts(conn, self.register.site_id, self.start - DAY, now)
            published = roster_store.published(conn, self.register.site_id, month_of(START))
        past = {s.id: s for s in stand if s.starts_at <= now}
        assert {k: past.get(k) for k in self.begun} == self.begun
        self.begun = past
        here = now.astimezone(self.register.zone_info).date()
        for month, cells in published.items():
            versed = {s.id: s.person for s in shifts_of(self.register, cells, START, here) if s.starts_at <= now}
            assert versed == {k: s.person for k, s in past.items() if k.split("/")[1].startswith(month)}

    # -- what is done

    def tells(self, line: str) -> bool:
        """Say a line of a scenario; whether it was allowed."""
        self.house.pass_to(self.house.clock.at + timedelta(seconds=1))
        refused = self.world.do(act(line, self.known, self.house.clock.at))
        self.look()
        self.done += refused is None
        return refused is None

    def goes(self) -> None:
        """A year of it."""
        while self.house.clock.at < self.start + DAYS * DAY:
            self.house.pass_to(self.house.clock.at + timedelta(minutes=self.chance.randint(120, 7200)))
            for line in self.chance.choice(
                (self.attendance, self.attendance, self.relief, self.roster, self.swap, self.swap, self.answers)
            )():
                allowed = self.tells(line)
                self.granted += allowed and " grants " in line
            if self.chance.random() < 0.1:
                self.look_back()
        self.look_back()

    def attendance(self) -> Iterator[str]:
        who = self.chance.choice(STAFF)
        yield self.chance.choice((f"{who} signs on {SEAT}", f"{who} signs off {SEAT}", f"{who} signs off {SEAT}"))
        if self.chance.random() < 0.1:
            yield f'boss lets {who} leave {SEAT} reason="home"'

    def relief(self) -> Iterator[str]:
        """A hand-over from whoever holds the seat, cut short anywhere, or by the manager."""
        goes, comes = self.holder() or "an", self.chance.choice(STAFF)
        steps = [
            f"{goes} prepares {SEAT}",
            f"{goes} offers {SEAT}",
            f"{comes} confirms {SEAT}",
            f"{comes} takes over {SEAT}",
        ]
        yield from steps[: self.chance.randint(1, 4)]
        if self.chance.random() < 0.2:
            yield f"{comes} signs on {SEAT}"
            yield f'boss overrides {SEAT} to {comes} reason="no signature"'

    def roster(self) -> Iterator[str]:
        """A month, or a new version of it with a few people changed, begun shifts among them."""
        now = self.house.clock.at.astimezone(self.register.zone_info).date()
        month = self.chance.choice((month_of(now), month_after(month_of(now))))
        yield f"chef drafts {month}"
        yield f"chef fills {month} from standing"
        for _ in range(self.chance.randint(0, 4)):
            day = min(now + self.chance.randint(-2, 6) * DAY, date.fromisoformat(f"{month}-28"))
            who = self.chance.choice((*STAFF, "nobody"))
            yield f"chef puts {who} in {SEAT} {self.chance.choice(sorted(self.register.templates))} on {day}"
        yield f"chef submits {month}"
        yield self.chance.choice(
            (f"boss approves {month}", f"boss approves {month}", f'boss returns {month} reason="no"')
        )
        yield f"chef publishes {month}"
        if self.chance.random() < 0.5:
            yield f'chef withdraws {month} reason="again"'

    def swap(self) -> Iterator[str]:
        """Two people's shifts, or one shift for nothing; agreed to or not, granted by somebody who may or may not."""
        now = self.house.clock.at
        with self.house.store.read() as conn:
            stand = duty_store.shifts(conn, self.register.site_id, now - DAY, now + 10 * DAY)
        mine, theirs = self.chance.choice(stand), self.chance.choice(stand)
        (_, one, first), (_, two, second) = (s.id.split("/")[:3] for s in (mine, theirs))
        if self.chance.random() < 0.5:
            other = theirs.person
            asks = f"asks swap {mine.seat} {first} on {one} for {theirs.seat} {second} on {two}"
        else:
            other = self.chance.choice(STAFF)
            asks = f"asks substitute {other} for {mine.seat} {first} on {one}"
        yield f'{mine.person} {asks} reason="school play"'
        yield self.chance.choice(
            (f"{other} agrees to {mine.person}", f"{other} agrees to {mine.person}", f"{mine.person} takes back")
        )
        yield f'{self.chance.choice(("chef", "chef", "an"))} grants {mine.person} override="agreed between them"'

    def answers(self) -> Iterator[str]:
        """Whatever rings is seen to."""
        with self.house.store.read() as conn:
            ringing = alert_store.open_alerts(conn, self.register.site_id)
        for one in ringing:
            yield f'chef acks no.{one.number} override reason="seen"'
            yield f'chef closes no.{one.number} confirmed note="seen to" reason="seen to"'

    def holder(self) -> str | None:
        with self.house.store.read() as conn:
            return held_now(conn, self.register, self.house.clock.at)[0][SEAT].person


def responsible(held: Holding, seat: str, at: datetime, shifts: list[Dated], stays: list[Attended]) -> None:
    """The holder is somebody who signed on; only where nobody did, somebody whose shift runs; only where there is no such
    person either, nobody.
    """
    here = {a.person for a in stays if a.seat == seat and a.on_at <= at and (a.off_at is None or a.off_at > at)}
    due = {s.person for s in shifts if s.seat == seat and not s.on_call and s.starts_at <= at < s.ends_at}
    if here:
        assert (held.basis, held.person in here) == (Basis.SIGNED_ON, True)
    elif held.person is not None:
        assert (held.basis, held.person in due) == (Basis.ROSTERED, True)
    else:
        left = {a.person for a in stays if a.seat == seat and a.off_at is not None}
        assert due <= left, (at, due, left)


@pytest.mark.timeout(180)  # ten seconds each on a quiet machine
@pytest.mark.parametrize(("zone", "pattern", "seed"), YEARS)
def test_at_every_instant_somebody_is_responsible_or_a_gap_is_raised(
    zone: str, pattern: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "SELDOM", 3 * DAY)
    block = HandoverBlock((BlockMode.OFF, BlockMode.LENIENT)[seed % 2])
    policy = DutyPolicies(handover_required=seed in {2, 3}, handover_block=block, rest_min_h=0, coverage_lead_h=())
    year = Year(site(pattern, zone, tmp_path, policy), seed)
    try:
        year.goes()
        with year.house.store.read() as conn:
            assert verify_store(conn, year.register.site_id).ok
        assert year.looked > 2 * DAYS
        assert year.gaps > 0
        assert year.granted >= 3
        assert len(year.begun) > DAYS
    finally:
        year.world.close()
