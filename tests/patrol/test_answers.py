"""What was asked at a point, and was not answered by whoever was there (PAT-03): pure."""

from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest

from patrol.findings import answered, findings
from patrol.report import report
from patrol.rounds import PatrolRound, Stand, due, proof, prove, unanswered, verdict
from patrol.rules import Tap
from patrol.verdicts import Odd, RoundState
from simulators.patrols import fine
from sites.acts import check
from sites.duty_words import Choice
from sites.patrol_words import PatrolRoute, PatrolTask, Stop, TaskKind
from sites.register import Words
from tests.patrol.test_report import OPENS, ZONE

WORD = Words("词", "Word")
SHUT = PatrolTask("shut", WORD)
GAUGE = PatrolTask("gauge", WORD, TaskKind.READING, least=0.3, most=1.2)
LOOK = PatrolTask("look", WORD, TaskKind.CHOICE, choices=(Choice("dry", WORD), Choice("wet", WORD)), bad=("wet",))
SAID = PatrolTask("said", WORD, TaskKind.NOTE)
SHOT = PatrolTask("shot", WORD, TaskKind.PHOTO)
MAY = PatrolTask("may", WORD, required=False)
ROUTE = PatrolRoute("house", WORD, (Stop("C1", (SHUT, MAY)), Stop("C2")))


def tap(point: str = "C1", minutes: float = 5, *, synced_at: float | None = None, **more: object) -> Tap:
    said = OPENS + timedelta(minutes=minutes)
    heard = said if synced_at is None else OPENS + timedelta(minutes=synced_at)
    fields = {"event_id": f"t{minutes}", "tag": "T", "checkpoint_id": point, "person_id": "wang", "proof": "uid"}
    return msgspec.convert(
        fields | {"said_at": said, "heard_at": heard, "synced": synced_at is not None, **more}, Tap, strict=False
    )


def walked(*taps: Tap, until: float = 66) -> PatrolRound:
    found = PatrolRound(
        site_id="s", id="r", plan="p", route=ROUTE, seat="leader", opens_at=OPENS,
        closes_at=OPENS + timedelta(minutes=60), grace_s=300, due_at=OPENS,
    )  # fmt: skip
    stops = {stop.checkpoint: stop for stop in ROUTE.stops}
    for one in sorted(taps, key=lambda t: t.heard_at):
        if one.heard_at > found.window.ends_at:
            found, _ = due(found, one.heard_at)
        point = str(one.checkpoint_id)
        found, _ = prove(found, {point: [proof(one, stops[point])]}, one.heard_at)
    return due(found, OPENS + timedelta(minutes=until))[0]


@pytest.mark.parametrize(
    ("task", "more", "given"),
    [
        (SHUT, {"answers": {"shut": True}}, True),
        (SHUT, {"answers": {"shut": False}}, True),  # a finding, and an answer
        (SHUT, {"answers": {"shut": "yes"}}, False),
        (SHUT, {"answers": {"other": True}}, False),
        (GAUGE, {"answers": {"gauge": 0.1}}, True),
        (GAUGE, {"answers": {"gauge": 3}}, True),
        (GAUGE, {"answers": {"gauge": True}}, False),
        (GAUGE, {"answers": {"gauge": "0.1"}}, False),
        (LOOK, {"answers": {"look": "wet"}}, True),
        (LOOK, {"answers": {"look": "damp"}}, False),
        (SAID, {"answers": {"said": "all well"}}, True),
        (SAID, {"note": "all well"}, True),
        (SAID, {"note": "  "}, False),
        (SHOT, {"photos": ("0" * 64,)}, True),
        (SHOT, {"answers": {"shot": "x.jpg"}}, False),
    ],
)
def test_an_answer_is_one_that_fits_its_question(task: PatrolTask, more: dict[str, object], given: bool) -> None:
    assert (answered([task], tap(**more)) == (task.id,)) is given


@pytest.mark.parametrize(
    ("taps", "missing"),
    [
        ([tap()], {"C1": ("shut",)}),
        ([tap(answers={"may": True})], {"C1": ("shut",)}),
        ([tap(answers={"shut": False})], {}),
        ([tap(), tap(minutes=9, answers={"shut": True})], {}),  # said at the second look
        ([], {}),  # nobody was there: it is missed, which says enough
        ([tap(minutes=20, synced_at=90)], {"C1": ("shut",)}),  # explained: he was there all the same
        ([tap("C2")], {}),  # nothing is asked there
    ],
)
def test_what_had_to_be_answered_where_somebody_was(taps: list[Tap], missing: dict[str, tuple[str, ...]]) -> None:
    found = walked(*taps, until=100)
    worth = verdict(found, OPENS + timedelta(minutes=100))
    assert unanswered(found, worth) == missing
    assert (Odd.TASK_UNANSWERED in worth.odd) is bool(missing)
    assert (Odd.TASK_UNANSWERED.value in found.odd) is bool(missing)


def test_nothing_is_held_against_a_round_that_is_still_walked() -> None:
    assert verdict(walked(tap(), until=10), OPENS + timedelta(minutes=10)).odd == ()


def test_a_complete_round_says_at_once_what_was_left_out_and_a_later_answer_mends_it() -> None:
    done = walked(tap(), tap("C2", 9), until=10)
    assert (done.stand, done.result, done.odd) == (Stand.OVER, RoundState.COMPLETE, ("task_unanswered",))
    assert walked(tap(), tap("C2", 9), tap(minutes=11, answers={"shut": True}), until=12).odd == ()


def test_the_report_counts_it() -> None:
    made = report([walked(tap(), tap("C2", 9), until=70)], [], ZONE, OPENS + timedelta(hours=3))
    assert made.rows[0].odd == ("task_unanswered",)
    assert made.routes[0].odd == {"task_unanswered": 1}


def test_proofs_of_before_answers_were_kept_are_held_against_nobody() -> None:
    found = walked(tap(), until=100)
    old = {p: tuple(msgspec.structs.replace(x, answered=None) for x in some) for p, some in found.proofs.items()}
    assert verdict(msgspec.structs.replace(found, proofs=old), OPENS + timedelta(minutes=100)).odd == ()


@pytest.mark.parametrize("name", ["harbour-garden", "lakeside-office"])
def test_the_guards_of_the_packs_answer_what_is_asked_and_find_nothing(name: str) -> None:
    site = check(Path(__file__).parents[2] / "packs" / name)
    asked = [task for route in site.patrol_routes.values() for stop in route.stops for task in stop.tasks]
    assert asked
    answers = [(task, {task.id: fine(task, Random(1))}) for task in asked if task.kind is not TaskKind.PHOTO]
    for task, given in answers:
        assert answered([task], tap(answers=given))
        assert not findings([task], given)
