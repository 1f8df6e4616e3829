"""What the patrol sections of a pack look like: routes with what is done at each point, plans, and the site's patrol rules."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import prod
from typing import Final

from dateutil.rrule import rrulestr

from sites.duty_shapes import day_types
from sites.duty_words import Choice
from sites.fields import Spot, at, indexed, quoted
from sites.parameters import limits, span
from sites.patrol_words import (
    Order,
    PatrolPlan,
    PatrolPolicies,
    PatrolRoute,
    PatrolTask,
    Stop,
    TapProof,
    TaskKind,
    ViolationPolicy,
)
from sites.register import Register, Role
from sites.shapes import Names, role
from sites.tree import Mapped

RULES_BEGIN: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock's; a Monday: what "every second week" counts from
MOST_A_DAY: Final = 24
_RULE_SEEN: Final = timedelta(days=9 * 366)  # a rule that gives no day in this time gives none
_WITHIN_A_DAY: Final = ("BYHOUR=", "BYMINUTE=", "BYSECOND=")
_FREQ: Final = ("FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY")


def route(spot: Spot, names: Names) -> PatrolRoute:
    """A stop is a checkpoint's id, or one with its tasks and how long the way to it may take."""
    f = spot.fields()
    stops = f.need("stops")
    made = PatrolRoute(
        id=f.need("id").name(),
        name=f.need("name").words(),
        stops=tuple(_stop(item, names) for item in stops.items(least=1, most=200)),
        order=Order(f.may("order").one_of([o.value for o in Order], "order", default=Order.ORDERED.value)),
        night=f.may("night").flag(default=False),
    )
    seen: set[str] = set()
    for i, name in enumerate(made.checkpoints):
        if name and name in seen:
            at(stops, i).wrong(f"{name} stands on this route already")
        seen.add(name)
    f.close()
    return made


def _stop(spot: Spot, names: Names) -> Stop:
    if not isinstance(spot.node, Mapped):
        return Stop(names.ref(spot, "checkpoints", "checkpoint"))
    f = spot.fields()
    tasks = f.may("tasks")
    made = Stop(
        checkpoint=names.ref(f.need("checkpoint"), "checkpoints", "checkpoint"),
        tasks=tuple(_task(item) for item in tasks.items(most=32)),
        leg_s=_leg(f.may("leg_s")),
    )
    seen: set[str] = set()
    for i, task in enumerate(made.tasks):
        if task.id in seen:
            at(tasks, i, "id").wrong(f"duplicate id {quoted(task.id)}")
        seen.add(task.id)
    f.close()
    return made


def _leg(spot: Spot) -> tuple[int, int] | None:
    if spot.node is None:
        return None
    parts = spot.items(least=2, most=2)
    least, most = [part.whole(1, 86_400, default=1) for part in parts] if len(parts) == 2 else (1, 1)
    if least > most:
        spot.wrong(f"{least} s is more than {most} s: the least comes first")
    return least, most


def _task(spot: Spot) -> PatrolTask:
    f = spot.fields()
    kind, choices, bad = f.may("kind"), f.may("choices"), f.may("bad")
    least, most, violation = f.may("least"), f.may("most"), f.may("violation")
    made = PatrolTask(
        id=f.need("id").name(),
        name=f.need("name").words(),
        kind=TaskKind(kind.one_of([k.value for k in TaskKind], "kind of task", default=TaskKind.YES_NO.value)),
        required=f.may("required").flag(default=True),
        unit=f.may("unit").text(most=16),
        least=least.number(),
        most=most.number(),
        choices=tuple(_choice(item) for item in choices.items(least=2, most=32)),
        bad=tuple(item.text() for item in bad.items(most=32)),
        violation=violation.flag(default=False),
    )
    if made.violation and made.kind not in {TaskKind.YES_NO, TaskKind.CHOICE}:
        violation.wrong("a violation is found by a yes_no or a choice")
    if (made.kind is TaskKind.CHOICE) != bool(made.choices):
        (choices if choices.node is not None else kind).wrong("the kind `choice` has `choices`, and no other has")
    if made.kind is not TaskKind.READING and (made.least is not None or made.most is not None):
        (least if made.least is not None else most).wrong("only a reading has limits")
    if made.least is not None and made.most is not None and made.least > made.most:
        most.wrong(f"{made.most:g} is below least ({made.least:g})")
    for i, name in enumerate(made.bad):
        if name not in {choice.id for choice in made.choices}:
            at(bad, i).wrong(f"{quoted(name)} is none of the choices")
    f.close()
    return made


def _choice(spot: Spot) -> Choice:
    f = spot.fields()
    made = Choice(f.need("id").name(), f.need("name").words())
    f.close()
    return made


def plan(spot: Spot, names: Names, usual_min: int = 0) -> PatrolPlan:
    """`usual_min`: how often, where a plan does not say when; 0: it must."""
    f = spot.fields()
    every, per_shift, rule = f.may("every_min"), f.may("per_shift"), f.may("rrule")
    starts, ends, window = f.may("from"), f.may("to"), f.may("window_min")
    said = [spot for spot in (every, per_shift, rule) if spot.node is not None]
    made = PatrolPlan(
        id=f.need("id").name(),
        route=names.ref(f.need("route"), "patrol_routes", "patrol route"),
        seat=names.ref(f.need("seat"), "seats", "seat"),
        every_min=every.whole(*limits("patrol.interval_min"), default=0 if said else usual_min),
        per_shift=per_shift.whole(1, 24),
        rrule=_rule(rule),
        from_=starts.clock_time(),
        to=ends.clock_time(),
        window_min=window.whole(1, 1440),
        grace_min=f.may("grace_min").whole(0, 240, default=PatrolPlan("", "", "").grace_min),
        day_types=day_types(f.may("day_types")),
    )
    if len(said) > 1 or not (said or usual_min):
        (said[1] if said else spot).wrong("one of `every_min`, `per_shift` and `rrule` says when")
    if rule.node is not None and window.node is None:
        rule.wrong("needs `window_min`: how long such a round is open")
    for late in (starts, ends):
        if per_shift.node is not None and late.node is not None:
            late.wrong("a plan by `per_shift` goes by the shift's own hours")
    f.close()
    return made


def _rule(spot: Spot) -> str:
    text = spot.text().upper()
    if not text:
        return ""
    parts = text.removeprefix("RRULE:").split(";")
    if [part for part in parts if part.startswith("FREQ=")] != [part for part in parts if part in _FREQ][:1]:
        spot.wrong("expected one of FREQ=DAILY, WEEKLY, MONTHLY and YEARLY; for more often there is `every_min`")
        return ""
    if prod(part.count(",") + 1 for part in parts if part.startswith(_WITHIN_A_DAY)) > MOST_A_DAY:
        spot.wrong(f"more than {MOST_A_DAY} rounds a day; for that there is `every_min`")
        return ""
    try:
        rule = rrulestr(text, dtstart=RULES_BEGIN)
        some = next(iter(rule.replace(count=None, until=RULES_BEGIN + _RULE_SEEN)), None)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as wrong:
        spot.wrong(f"{quoted(text)} is not a rule of RFC 5545: {wrong}")
        return ""
    if some is None:
        spot.wrong(f"{quoted(text)} gives no day")
    return text


def _proof(spot: Spot, names: Names) -> TapProof:
    f = spot.fields()
    made = TapProof(
        kinds=tuple(item.text() for item in f.need("kinds").items(least=1, most=64)),
        within_min=f.need("within_min").whole(1, 240, default=1),
        zones=tuple(names.ref(item, "zones", "zone") for item in f.may("zones").items(most=200)),
        checkpoints=tuple(
            names.ref(item, "checkpoints", "checkpoint") for item in f.may("checkpoints").items(most=200)
        ),
    )
    f.close()
    return made


def _violations(spot: Spot, usual: ViolationPolicy) -> ViolationPolicy:
    if spot.node is None:
        return usual
    f = spot.fields()
    made = ViolationPolicy(
        dissuade_min=f.may("dissuade_min").whole(*limits("patrol.violations.dissuade_min"), default=usual.dissuade_min),
        stop_min=f.may("stop_min").whole(*limits("patrol.violations.stop_min"), default=usual.stop_min),
        report_min=f.may("report_min").whole(*limits("patrol.violations.report_min"), default=usual.report_min),
    )
    f.close()
    return made


def policies(spot: Spot, names: Names, usual: PatrolPolicies) -> PatrolPolicies:
    """The site's patrol rules; what is left out is as usual."""
    f = spot.fields()

    def whole(name: str) -> int:
        return f.may(name).whole(*limits(f"patrol.{name}"), default=getattr(usual, name))

    def roles(name: str) -> tuple[Role, ...]:
        found = f.may(name)
        kept: tuple[Role, ...] = getattr(usual, name)
        return tuple(role(item) for item in found.items(least=1, most=7)) if found.node is not None else kept

    def measure(name: str) -> float:
        found, kept = f.may(name), float(getattr(usual, name))
        value, (least, most) = found.number(), span(f"patrol.{name}")
        if value is not None and not least <= value <= most:
            found.wrong(f"{value:g} is out of range ({least:g} to {most:g})")
        return kept if value is None else value

    made = PatrolPolicies(
        interval_min=whole("interval_min"),
        debounce_s=whole("debounce_s"),
        page_ttl_s=whole("page_ttl_s"),
        hoard_s=whole("hoard_s"),
        counter_jump=whole("counter_jump"),
        walk_m_s=measure("walk_m_s"),
        unit_m=measure("unit_m"),
        clone_s=whole("clone_s"),
        clock_skew_s=whole("clock_skew_s"),
        band_low_pct=whole("band_low_pct"),
        band_high_pct=whole("band_high_pct"),
        band_rounds=whole("band_rounds"),
        plan_days=whole("plan_days"),
        proofs=tuple(_proof(item, names) for item in f.may("proofs").items(most=64)),
        violations=_violations(f.may("violations"), usual.violations),
        manual_roles=roles("manual_roles"),
        excuse_roles=roles("excuse_roles"),
    )
    f.close()
    return made


def cross_check(register: Register, section: Callable[[str], Spot]) -> None:
    """A plan's window must fit between its rounds, and what is asked to be walked must be walkable."""
    for i, plan_id in indexed(section("patrol_plans")):
        made = register.patrol_plans.get(plan_id)
        if made is not None and made.every_min and made.window_min > made.every_min:
            at(section("patrol_plans"), i, "window_min").wrong(
                f"{made.window_min} min is longer than every_min ({made.every_min}): the next round opens before this one ends"
            )
