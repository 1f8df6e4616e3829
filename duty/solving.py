"""A month's draft as a problem for the solver, and its answer as edits of the draft. Pure.

Which shifts are to be filled is read off, seat by seat, from the first of these that says it: the rotas, the rotations, the
draft itself, last month. Who may fill them: whoever the register binds to the post by name, and of those whom it binds to
no post, those who stand at it in any of these.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

import msgspec

from duty.calendar import days_of
from duty.coverage import Away, bands
from duty.quality import is_night
from duty.roster_checks import Work, by_person, whole_shifts
from duty.rosters import Edit, Roster, cells_of
from duty.rotations import Cells, expand
from duty.rules import dated, shift_on
from duty.solver.problem import Cell, Demand, Fixed, Limits, Load, Problem, Wish, Worked, Worker
from sites.duty_words import Dated, DayType, Presence, Staffing
from sites.register import Person, Register

Slot = tuple[str, date, str]  # seat, day, template
BEFORE: Final = timedelta(days=14)  # shifts so long before the first day still count for rest, runs and weeks
_MINUTES: Final = 1000  # what the solver takes as a shift's own working time
_DAY: Final = timedelta(days=1)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be solved. No `seats`: those that must be held. `keep`: what is painted in them stays."""

    seats: tuple[str, ...] = ()
    keep: bool = True
    prefers: Mapping[str, tuple[Wish, ...]] = {}
    avoids: Mapping[str, tuple[Wish, ...]] = {}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the draft: the shifts of earlier months, what last month held, and who is on leave. `first` is the
    first day that may still be filled.
    """

    first: date
    earlier: Sequence[Dated] = ()
    last_month: Cells = {}
    away: Sequence[Away] = ()


def problem_of(
    register: Register, roster: Roster, asked: Asked, known: Known, day_type: Callable[[date], DayType]
) -> Problem:
    """The draft's month from `known.first` on, as a problem. Without demands where nothing says what is to be filled."""
    month, policy = _Month(register, roster, asked, known, day_type), register.policies.duty
    return Problem(
        zone=register.time_zone,
        people=tuple(month.worker(person) for person in register.people.values() if month.may(person)),
        demands=month.demands,
        limits=Limits(policy.rest_min_h, policy.max_consecutive_days, policy.max_week_h),
        fixed=(*month.kept, *month.busy()),
    )


def edits_of(problem: Problem, cells: Iterable[Cell], before: Cells) -> list[Edit]:
    """What makes a draft into the answer. In the seats and on the days that were to be filled nothing else stays."""
    seats, days = {d.seat for d in problem.demands}, {d.day for d in problem.demands}
    made = {(c.seat, c.day, c.template): c.person for c in cells}
    gone = [
        Edit(seat, day, name, None)
        for seat in sorted(seats)
        for day in sorted(days)
        for name in before.get(seat, {}).get(day.isoformat(), {})
        if (seat, day, name) not in made
    ]
    return gone + [Edit(*slot, person) for slot, person in sorted(made.items())]


class _Month:
    """What is read off for one problem."""

    def __init__(
        self, register: Register, roster: Roster, asked: Asked, known: Known, day_type: Callable[[date], DayType]
    ) -> None:
        self.register, self.roster, self.asked, self.known, self.day_type = register, roster, asked, known, day_type
        self.zone = register.zone_info
        self.days = [day for day in days_of(roster.month) if day >= known.first]
        self.seats = [s.id for s in register.seats.values() if (s.id in asked.seats if asked.seats else s.required)]
        painted = _flat(roster.cells, self.seats, self.days)
        known_people = {slot: person for slot, person in painted.items() if person in register.people}
        self.kept = [Fixed(p, day, name, seat) for (seat, day, name), p in known_people.items()] if asked.keep else []

    # -- what is to be filled --------------------------------------------------------------------------------------

    @cached_property
    def sources(self) -> list[Cells]:
        """What says which shifts there are and who stands in them, the strongest first."""
        if not self.days:
            return []
        rotas = cells_of(dated(self.register, self.days[0], len(self.days), self.day_type), self.roster.month)
        rotations: dict[str, Mapping[str, Mapping[str, str]]] = {}
        for rotation in self.register.rotations.values():  # each by itself: two may be a choice between them
            rotations = {**expand([rotation], self.register.templates, self.days, self.day_type), **rotations}
        return [rotas, rotations, self.roster.cells, self._as_last()]

    def _as_last(self) -> Cells:
        """Last month's shifts, every day again."""
        made: dict[str, Mapping[str, Mapping[str, str]]] = {}
        for seat, there in self.known.last_month.items():
            names = {name: person for cell in there.values() for name, person in cell.items()}
            made[seat] = {day.isoformat(): names for day in self.days}
        return made

    @cached_property
    def slots(self) -> list[Slot]:
        """The shifts to be filled."""
        found: set[Slot] = set()
        for seat in self.seats:
            said = (_flat(source, [seat], self.days).keys() for source in self.sources)
            found |= set(next((slots for slots in said if slots), ()))
        if self.asked.keep:
            found |= {(cell.seat, cell.day, cell.template) for cell in self.kept}
        return sorted((s for s in found if self._worked(s)), key=lambda s: (s[1], s[0], s[2]))

    def _worked(self, slot: Slot) -> bool:
        _, day, name = slot
        template = self.register.templates.get(name)
        if template is None or not template.worked_on(day, self.day_type(day)):
            return False
        parts = self.parts(slot)
        return bool(parts) and parts[0][0].astimezone(self.zone).date() == day

    def parts(self, slot: Slot) -> list[tuple[datetime, datetime]]:
        """When a shift is worked, without parts that the clocks skip."""
        template = self.register.templates[slot[2]]
        return [(s, e) for s, e in shift_on(slot[1], template, self.zone) if s < e]

    @cached_property
    def demands(self) -> tuple[Demand, ...]:
        """The same with what each asks for."""
        if not self.slots:
            return ()
        days = [self.days[0] - _DAY, *self.days]
        placed = {post: list(bands(self.register, post, days, self.day_type)) for post in self.register.posts}
        order = sorted(self.register.seats, key=lambda s: not self.register.seats[s].required)
        made = []
        for slot in self.slots:
            post, parts = self.register.seats[slot[0]].post, self.parts(slot)
            place = [s for s in order if self.register.seats[s].post == post].index(slot[0])
            starts_at, ends_at = parts[0][0], parts[-1][1]
            asks = [b for b, _, low, high in placed[post] if low < ends_at and high > starts_at and place < b.min]
            made.append(self._demand(slot, parts, asks, first=place == 0))
        return tuple(made)

    def _demand(
        self, slot: Slot, parts: Sequence[tuple[datetime, datetime]], asks: Sequence[Staffing], *, first: bool
    ) -> Demand:
        """A band's roles bind as many seats of its post as it needs people, those that must be held first, and its
        certificates the first of them.
        """
        seat, day, name = slot
        starts_at, ends_at = parts[0][0], parts[-1][1]
        on_call = self.register.templates[name].presence is Presence.ON_CALL
        minutes = sum(int((e - s).total_seconds()) // 60 for s, e in parts)
        roles = [set(map(str, band.roles)) for band in asks if band.roles]
        both = set.intersection(*roles) if roles else set[str]()
        return Demand(
            *(seat, self.register.seats[seat].post, day, name, starts_at, ends_at),
            certificates=tuple(sorted({n for band in asks for n in band.certificates})) if first else (),
            roles=tuple(sorted(both or set[str]().union(*roles))),
            night=not on_call and is_night(starts_at, ends_at, self.zone),
            day_type=self.day_type(day),
            minutes=0 if on_call else minutes if len(parts) > 1 and minutes <= _MINUTES else None,
        )

    # -- who may, and what they bring ------------------------------------------------------------------------------

    @cached_property
    def pools(self) -> dict[str, set[str]]:
        """Who stands at each post, by anything that says so."""
        made: dict[str, set[str]] = {post: set() for post in self.register.posts}
        for source in self.sources:
            for seat, there in source.items():
                if seat in self.register.seats:
                    made[self.register.seats[seat].post] |= {p for cell in there.values() for p in cell.values()}
        return made

    def posts(self, person: Person) -> set[str]:
        """Where somebody may stand. A post at which nobody ever stood is open to all."""
        return set(person.posts) or {post for post, pool in self.pools.items() if not pool or person.id in pool}

    def may(self, person: Person) -> bool:
        """Whether somebody comes into question at all."""
        wanted = {self.register.seats[seat].post for seat in self.seats}
        return not wanted.isdisjoint(self.posts(person)) or any(cell.person == person.id for cell in self.kept)

    def worker(self, person: Person) -> Worker:
        """Somebody with what they bring along: posts, leave, what they worked, and what they bore."""
        mine = self._earlier.get(person.id, [])
        return Worker(
            person.id,
            posts=tuple(sorted(self.posts(person))),
            roles=tuple(map(str, person.roles)),
            certificates=person.certificates,
            prefers=self.asked.prefers.get(person.id, ()),
            avoids=self.asked.avoids.get(person.id, ()),
            leave=tuple(sorted(self._leave(person.id))),
            load=self._load(mine),
            before=tuple(
                Worked(w.day, w.template, w.starts_at, w.ends_at, round(w.hours * 60))
                for w in mine
                if self.known.first - BEFORE <= w.day < self.known.first
            ),
        )

    @cached_property
    def _earlier(self) -> dict[str, list[Work]]:
        shifts = [s for s in self.known.earlier if s.id.split("/")[1] < self.known.first.isoformat()]
        return {person: whole_shifts(mine) for person, mine in by_person(shifts).items()}

    def _load(self, mine: Sequence[Work]) -> Load:
        return Load(
            sum(is_night(w.starts_at, w.ends_at, self.zone) for w in mine),
            sum(self.day_type(w.day) is DayType.WEEKEND for w in mine),
            sum(self.day_type(w.day) is DayType.HOLIDAY for w in mine),
            round(sum(w.hours for w in mine) * 60),
        )

    def _leave(self, person: str) -> set[date]:
        """Days that no shift may touch: those of shifts that the leave touches itself."""
        mine = [a for a in self.known.away if a.person == person]
        made: set[date] = set()
        for day in self.days:
            low, high = (datetime.combine(d, datetime.min.time(), self.zone) for d in (day, day + _DAY))
            if any(a.starts_at < high and a.ends_at > low for a in mine):
                made.add(day)
        return made

    def busy(self) -> Iterator[Fixed]:
        """Days on which somebody stands in a seat that is not to be filled, so that nothing in these begins for them."""
        there = _flat(self.roster.cells, [s for s in self.register.seats if s not in self.seats], self.days)
        held = {(cell.person, cell.day) for cell in self.kept}
        found: set[tuple[str, date]] = set()
        for slot, person in there.items():
            if person in self.register.people and slot[2] in self.register.templates and (parts := self.parts(slot)):
                low, high = parts[0][0], parts[-1][1]
                near = (d for d in self.demands if abs(d.day - slot[1]) <= 2 * _DAY)
                found |= {(person, d.day) for d in near if d.day == slot[1] or (d.starts_at < high and d.ends_at > low)}
        may = {person.id for person in self.register.people.values() if self.may(person)}
        yield from (Fixed(p, day) for p, day in sorted(found - held) if p in may)


def _flat(cells: Cells, seats: Iterable[str], days: Iterable[date]) -> dict[Slot, str]:
    """Cells of some seats and days, each with who stands there."""
    wanted = list(days)
    return {
        (seat, day, name): person
        for seat in seats
        for day in wanted
        for name, person in cells.get(seat, {}).get(day.isoformat(), {}).items()
    }
