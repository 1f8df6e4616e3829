"""What the duty sections of a pack look like: posts, seats, shifts, rotas, rotations, forms and checklists."""

from datetime import time
from typing import Final

from sites.duty_words import (
    Checklist,
    ChecklistItem,
    Choice,
    DayType,
    FieldType,
    Form,
    FormField,
    ItemKind,
    Post,
    PreCheck,
    PreChecks,
    Presence,
    Rota,
    Rotation,
    Seat,
    ShiftTemplate,
    Staffing,
)
from sites.fields import Fields, Spot, quoted, unknown
from sites.people import LENT, Role
from sites.shapes import Names, role

MAX_SPLIT_H: Final = 16  # a split shift from its first minute to its last; longer means that its parts are out of order
_REST: Final = frozenset("-–—休")


def post(spot: Spot, names: Names) -> Post:
    f = spot.fields()
    location, tagged = f.may("location"), f.may("checkpoint")
    made = Post(
        id=f.need("id").name(),
        name=f.need("name").words(),
        location=location.words() if location.node is not None else None,
        staffing=tuple(_staffing(item) for item in f.may("staffing").items(most=32)),
        reinforced=f.may("reinforced").whole(0, 99, default=0),
        all_hands=f.may("all_hands").whole(0, 99, default=0),
        checkpoint=names.ref(tagged, "checkpoints", "checkpoint") if tagged.node is not None else None,
    )
    f.close()
    return made


def _staffing(spot: Spot) -> Staffing:
    f = spot.fields()
    made = Staffing(
        from_=f.need("from").clock_time(),
        to=f.need("to").clock_time(),
        min=f.may("min").whole(1, 99, default=1),
        day_types=day_types(f.may("day_types")),
        certificates=tuple(item.text() for item in f.may("certificates").items(most=16)),
        roles=tuple(role(item) for item in f.may("roles").items(most=7)),
    )
    f.close()
    return made


def day_types(spot: Spot) -> tuple[DayType, ...]:
    """The kinds of day that something is for."""
    known = [kind.value for kind in DayType]
    return tuple(DayType(item.one_of(known, "day type", default="workday")) for item in spot.items(least=1, most=4))


def seat(spot: Spot, names: Names) -> Seat:
    f = spot.fields()
    made = Seat(
        id=f.need("id").name(),
        post=names.ref(f.need("post"), "posts", "post"),
        name=f.need("name").words(),
        required=f.may("required").flag(default=True),
        mandate=tuple(_lent(item) for item in f.may("mandate").items(most=3)),
    )
    f.close()
    return made


def _lent(spot: Spot) -> Role:
    made = role(spot)
    if made not in LENT:
        spot.wrong(f"nobody is {made} for a shift only; one of {', '.join(sorted(LENT))}")
    return made


def shift(spot: Spot) -> ShiftTemplate:
    """A shift's hours are `starts` and `ends`, or `hours` with one or more spans."""
    f = spot.fields()
    spans = _hours(f)
    first, last = f.may("from_day"), f.may("until_day")
    made = ShiftTemplate(
        id=f.need("id").name(),
        name=f.need("name").words(),
        starts=spans[0][0],
        ends=spans[-1][1],
        segments=spans if len(spans) > 1 else (),
        presence=Presence(
            f.may("presence").one_of([p.value for p in Presence], "presence", default=Presence.ON_SITE.value)
        ),
        day_types=day_types(f.may("day_types")),
        from_day=first.season_day(),
        until_day=last.season_day(),
    )
    _season(first, last, made)
    f.close()
    return made


def _hours(f: Fields) -> tuple[tuple[time, time], ...]:
    hours = f.may("hours")
    if hours.node is None:
        return ((f.need("starts").clock_time(), f.need("ends").clock_time()),)
    for name in ("starts", "ends"):
        if (twice := f.may(name)).node is not None:
            twice.wrong("stands beside `hours`; write one or the other")
    spans = tuple(span for item in hours.items(least=1, most=6) if (span := item.span()) is not None)
    if len(spans) > 1 and (minutes := _minutes(spans)) > MAX_SPLIT_H * 60:
        hours.wrong(f"{minutes // 60} h {minutes % 60} min from first to last, at most {MAX_SPLIT_H} h: out of order?")
    return spans or ((time(), time()),)


def _minutes(spans: tuple[tuple[time, time], ...]) -> int:
    """How long a split shift lasts by the wall clock, pauses and all."""
    first = here = _minute(spans[0][0])
    for starts, ends in spans:
        here += (_minute(starts) - here) % 1440
        here += (_minute(ends) - here - 1) % 1440 + 1
    return here - first


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _season(first: Spot, last: Spot, made: ShiftTemplate) -> None:
    """Two dates in order, or two days of the year in any."""
    yearly = [len(day) == len("11-15") for day in (made.from_day, made.until_day) if day]
    if len(set(yearly)) > 1 or (yearly and all(yearly) and len(yearly) == 1):
        (last if last.node is not None else first).wrong("a season has two dates, or two days of the year (MM-DD)")
    elif made.from_day and made.until_day and not yearly[0] and made.until_day < made.from_day:
        last.wrong(f"comes before from_day ({made.from_day})")


def rota(spot: Spot, names: Names) -> Rota:
    f = spot.fields()
    days = [_rota_day(day, names) for day in f.need("days").items(least=1, most=366)]
    made = Rota(names.ref(f.need("seat"), "seats", "seat"), f.need("from_day").day(), tuple(days))
    f.close()
    return made


def _rota_day(day: Spot, names: Names) -> dict[str, str]:
    found = {}
    for template, person_id in day.entries():
        if template not in names.ids["shifts"]:
            person_id.wrong(unknown("shift", template, names.ids["shifts"]))
        found[template] = names.ref(person_id, "people", "person")
    return found


def rotation(spot: Spot, names: Names) -> Rotation:
    """A cycle is written in letters, one a day: `DDEE-NN-` with `letters: {D: day, E: late, N: night}`."""
    f = spot.fields()
    seats = tuple(names.ref(item, "seats", "seat") for item in f.need("seats").items(least=1, most=32))
    cycle = _cycle(f.need("cycle"), f.need("letters"), names)
    crews = f.need("crews")
    made = Rotation(
        id=f.need("id").name(),
        name=f.need("name").words(),
        seats=seats,
        from_day=f.need("from_day").day(),
        cycle=cycle,
        crews=tuple(_crew(crew, names, seats) for crew in crews.items(least=1, most=64)),
        step_days=_step(f.may("step_days"), len(cycle), crews),
    )
    f.close()
    return made


def _cycle(spot: Spot, letters: Spot, names: Names) -> tuple[str, ...]:
    means = dict.fromkeys(_REST, "")
    for letter, template in letters.entries():
        if len(letter) != 1 or letter in _REST:
            template.wrong(f"{quoted(letter)} is not one letter, or it is a sign for rest (- or 休)")
        means[letter] = names.ref(template, "shifts", "shift")
    text = spot.text(most=366).replace(" ", "")
    for letter in sorted(set(text) - set(means)):
        spot.wrong(unknown("letter", letter, set(means) - _REST))
    return tuple(means.get(letter, "") for letter in text)


def _step(spot: Spot, length: int, crews: Spot) -> int:
    """Left out, the crews share the cycle evenly."""
    count = len(crews.items())
    if spot.node is None and count and length % count:
        spot.wrong(f"{count} crews do not share {length} days evenly; say how many days each is behind the one above")
    return spot.whole(0, 366, default=length // count if count else 1)


def _crew(spot: Spot, names: Names, seats: tuple[str, ...]) -> tuple[str, ...]:
    people = tuple(names.ref(item, "people", "person") for item in spot.items())
    if len(people) != len(seats):
        spot.wrong(f"{len(people)} people for {len(seats)} seats; each crew has one for each")
    return people


def form(spot: Spot) -> Form:
    f = spot.fields()
    fields = f.need("fields")
    made = Form(
        id=f.need("id").name(),
        name=f.need("name").words(),
        fields=tuple(_form_field(item) for item in fields.items(least=1, most=64)),
    )
    _once(fields, [field.id for field in made.fields])
    f.close()
    return made


def _form_field(spot: Spot) -> FormField:
    f = spot.fields()
    kind, choices = f.need("type"), f.may("choices")
    made = FormField(
        id=f.need("id").name(),
        name=f.need("name").words(),
        type=FieldType(kind.one_of([t.value for t in FieldType], "type", default=FieldType.TEXT.value)),
        required=f.may("required").flag(default=False),
        choices=tuple(choice(item) for item in choices.items(least=2, most=64)),
    )
    if (made.type is FieldType.CHOICE) != bool(made.choices):
        (choices if choices.node is not None else kind).wrong("the type `choice` has `choices`, and no other has")
    _once(choices, [choice.id for choice in made.choices])
    f.close()
    return made


def choice(spot: Spot) -> Choice:
    """One of several, or a category of what is kept."""
    f = spot.fields()
    made = Choice(f.need("id").name(), f.need("name").words())
    f.close()
    return made


def checklist(name: str, items: Spot, names: Names) -> Checklist:
    """The lines of one seat."""
    if name not in names.ids["seats"]:
        items.wrong(unknown("seat", name, names.ids["seats"]))
    made = Checklist(name, tuple(_checklist_item(item) for item in items.items(least=1, most=200)))
    _once(items, [item.id for item in made.items])
    return made


def _checklist_item(spot: Spot) -> ChecklistItem:
    f = spot.fields()
    expected = f.may("expected")
    made = ChecklistItem(
        id=f.need("id").name(),
        name=f.need("name").words(),
        kind=ItemKind(f.may("kind").one_of([k.value for k in ItemKind], "kind of line", default=ItemKind.CHECK.value)),
        expected=expected.whole(0, 9999) if expected.node is not None else None,
        mandatory=f.may("mandatory").flag(default=True),
    )
    if spot.node is not None and (made.kind in {ItemKind.ITEM, ItemKind.KEY}) != (made.expected is not None):
        expected.wrong("items and keys are counted: they have `expected`, and nothing else has")
    f.close()
    return made


def pre_checks(name: str, items: Spot, names: Names) -> PreChecks:
    """What is seen to before a shift of one seat."""
    if name not in names.ids["seats"]:
        items.wrong(unknown("seat", name, names.ids["seats"]))
    made = PreChecks(name, tuple(_pre_check(item) for item in items.items(least=1, most=64)))
    _once(items, [item.id for item in made.items])
    return made


def _pre_check(spot: Spot) -> PreCheck:
    f = spot.fields()
    made = PreCheck(f.need("id").name(), f.need("name").words(), f.may("required").flag(default=True))
    f.close()
    return made


def _once(spot: Spot, ids: list[str]) -> None:
    """Note each id that stands twice in a list."""
    items = spot.items()
    for i, name in enumerate(ids):
        if name and name in ids[:i] and i < len(items):
            items[i].wrong(f'duplicate id "{name}"')
