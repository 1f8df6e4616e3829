"""Judging a story: what holds, what does not, and the laws of it. A story's own words fit it, and no other story (EMG-11)."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from simulators.scenario.fitting import is_quiet
from simulators.scenario.load import read_text
from simulators.scenario.model import AlertNow, Happening, Scenario, Snapshot, Story
from simulators.scenario.report import ascii_only, columns
from simulators.scenario.update import rewritten_text
from simulators.scenario.verdict import Verdict, check, clock_of, known_of
from simulators.scenario.words import told

HEAD = "start: 2026-03-01T22:00\nend: 23:30\nwhen:\n  - 22:04 B2-07 fire.alarm\nthen:\n"
SMOKE = ("B2-07", "fire.alarm")
LEAK = ("L-1", "water.leak")


def scenario(*lines: str) -> Scenario:
    return read_text(HEAD + "".join(f"  - {line}\n" for line in lines or ("nothing else",)), Path("night.yaml"))


NIGHT = scenario()
CLOCK = clock_of(NIGHT)


def happened(when: str, topic: str, about: tuple[str, ...], what: str, *who: str, **more: Any) -> Happening:
    return Happening(CLOCK.read(when).at, topic, about, what, who, more)


RAISED = happened("22:04", "alert", SMOKE, "raised", "wang", number=1)
CLIMBED = happened("22:04:30", "alert", SMOKE, "escalated", "chen", number=1, ring=1, rung=1)
MAIL = happened("22:04:30", "notice", SMOKE, "email", "chen", number=1, ring=1, rung=1)
SENT = happened("22:04:30.500", "notice", SMOKE, "sent", "chen", number=1, channel="email")
ACKED = happened("22:06:30.250", "alert", SMOKE, "acked", "wang", number=1)
CLEARED = happened("22:08", "alert", SMOKE, "cleared", number=1)
CLOSED = happened("22:10", "alert", SMOKE, "closed", "wang", number=1, disposition="false_alarm", cause="cooking")
IMPORTED = happened("22:00", "log", ("site",), "site.imported")
ALL = (IMPORTED, RAISED, CLIMBED, MAIL, SENT, ACKED, CLEARED, CLOSED)


def story(
    *happenings: Happening,
    snapshots: tuple[Snapshot, ...] = (),
    verifies: bool = True,
) -> Story:
    ordered = tuple(sorted(happenings, key=lambda h: h.at))
    return Story(ordered, snapshots, "00", verifies, len(ordered), 5400.0)


def snapshot(when: str, *alerts: AlertNow, seats: Mapping[str, str | None] | None = None, size: int = 0) -> Snapshot:
    return Snapshot(CLOCK.read(when).at, alerts, seats or {}, size)


def now(
    number: int, state: str, custody_by: str | None = None, about: tuple[str, str] = SMOKE, **more: Any
) -> AlertNow:
    usual: dict[str, Any] = {"holder": "wang", "ring": 1, "rung": 0, "repeats": 0, "disposition": None}
    return AlertNow(number, *about, state, custody_by, **(usual | more))


def why(line: str, told_: Story) -> str:
    (result,) = check(scenario(line), told_).results
    assert result.ok is (not result.why)
    return result.why


@pytest.mark.parametrize(
    "line",
    [
        "22:04 alert B2-07 fire.alarm raised to wang",
        "22:04 alert B2-07 raised",
        "22:04 alert raised to wang",
        "22:04 alert no.1 raised",
        "22:04:30 alert B2-07 escalated to chen rung=1",
        "22:04:30 notice B2-07 email to chen",
        "22:04:30 notice B2-07 sent",
        "22:04:30.500 notice B2-07 sent email to chen",
        "22:06:30 alert B2-07 acked by wang",
        "22:06:30.250 alert B2-07 acked by wang",
        "22:06:29±2s alert B2-07 acked by wang",
        "22:06:32±2s alert B2-07 acked by wang",
        "later alert B2-07 acked",
        "22:10 alert B2-07 closed false_alarm by wang cause=cooking",
        "22:00 log site.imported",
        "no alert L-1",
        "no notice to zhao",
        "22:04:31..22:06:30 no alert B2-07",
        "22:00..22:04 no alert",
        "22:00..22:04 nothing else",
        "end logbook verifies",
    ],
)
def test_a_line_that_holds_holds(line: str) -> None:
    assert why(line, story(*ALL)) == ""


@pytest.mark.parametrize(
    ("line", "because"),
    [
        ("22:05 alert B2-07 raised", "expected at 22:05:00, came at 22:04:00 (60 s early)"),
        ("22:06:31 alert B2-07 acked", "expected at 22:06:31, came at 22:06:30 (0.75 s early)"),
        ("22:06:30.100 alert B2-07 acked", "expected at 22:06:30.100, came at 22:06:30.250 (0.15 s late)"),
        ("22:06:27±2s alert B2-07 acked", "expected at 22:06:27, came at 22:06:30 (3.25 s late)"),
        ("23:20 alert B2-07 raised", "expected at 23:20:00, came at 22:04:00 (1:16:00 early)"),
        (
            "22:04 alert B2-07 raised to li",
            "nearest: 22:04:00 alert B2-07 fire.alarm raised to wang (wang, not li)",
        ),
        (
            "22:04:30 alert B2-07 escalated to chen rung=2",
            "nearest: 22:04:30 alert B2-07 fire.alarm escalated to chen rung=1 (rung was 1, not 2)",
        ),
        (
            "22:10 alert B2-07 closed confirmed",
            "nearest: 22:10:00 alert B2-07 fire.alarm closed false_alarm by wang (disposition was false_alarm, not confirmed)",
        ),
        ("22:04 alert L-1 raised", "nearest: 22:04:00 alert B2-07 fire.alarm raised to wang"),
        ("22:04 duty centre signed_on by li", "nothing like it happened"),
        ("no alert B2-07 closed", "it did happen: 22:10 alert B2-07 fire.alarm closed false_alarm by wang"),
        (
            "22:00..22:10:01 no alert B2-07",
            (
                "it did happen: 22:04 alert B2-07 fire.alarm raised to wang; "
                "22:04:30 alert B2-07 fire.alarm escalated to chen rung=1; "
                "22:06:30 alert B2-07 fire.alarm acked by wang; and 2 more"
            ),
        ),
        (
            "22:10..22:11 nothing else",
            "1 more happened: 22:10 alert B2-07 fire.alarm closed false_alarm by wang",
        ),
    ],
)
def test_a_line_that_does_not_hold_says_what_was(line: str, because: str) -> None:
    assert why(line, story(*ALL)) == because


def test_each_happening_serves_one_line_only() -> None:
    twice = scenario("22:04 alert B2-07 raised", "22:04 alert B2-07 fire.alarm raised")
    assert [r.why for r in check(twice, story(RAISED)).results] == [
        "",
        "it happened once only, and line 6 expects that too",
    ]
    assert check(twice, story(RAISED, RAISED)).passed


def test_a_vague_line_leaves_to_a_precise_one_what_that_needs() -> None:
    fault = happened("22:04", "alert", ("B2-07", "fire.fault"), "raised", "wang", number=2)
    lines = ("22:04 alert B2-07 raised", "22:04 alert raised", "22:04 alert B2-07 fire.alarm raised")
    leak = happened("22:04", "alert", LEAK, "raised", "wang", number=3)
    for order in ((RAISED, fault, leak), (leak, fault, RAISED), (fault, leak, RAISED)):
        assert check(scenario(*lines, "nothing else"), story(*order)).passed


def test_later_means_after_the_line_above_it() -> None:
    assert check(scenario("later alert B2-07 raised", "later alert B2-07 acked"), story(*ALL)).passed
    turned = check(scenario("later alert B2-07 acked", "later alert B2-07 raised"), story(*ALL))
    assert [r.why for r in turned.results] == ["", "it came at 22:04:00, before the line above"]
    after = check(scenario("22:06:30 alert B2-07 acked", "later alert B2-07 raised"), story(*ALL))
    assert not after.passed


def test_later_means_after_it_even_within_an_instant() -> None:
    again = msgspec.structs.replace(CLEARED, what="recurred")
    lines = ("later alert B2-07 recurred", "later alert B2-07 cleared")
    assert check(scenario(*lines), story(again, CLEARED)).passed
    assert not check(scenario(*lines), story(CLEARED, again)).passed


@pytest.mark.parametrize(("who", "holds"), [("chen, zhao", True), ("zhao and chen", True), ("chen", False)])
def test_who_is_named_is_everybody_who_was_called(who: str, holds: bool) -> None:
    both = msgspec.structs.replace(CLIMBED, who=("chen", "zhao"))
    assert check(scenario(f"22:04:30 alert B2-07 escalated to {who}"), story(both)).passed is holds
    assert not check(scenario("22:04:30 alert B2-07 escalated to chen, zhao"), story(CLIMBED)).passed


def test_a_later_line_takes_the_first_that_is_free() -> None:
    again = happened("22:20", "alert", SMOKE, "raised", "wang", number=2)
    lines = ("later alert B2-07 raised", "later alert B2-07 closed", "later alert B2-07 raised", "nothing else")
    others = (CLIMBED, MAIL, ACKED, CLEARED)
    named = [told(h, CLOCK) for h in others]
    assert not check(scenario(*lines), story(*ALL, again)).passed
    assert check(scenario(lines[0], *named, *lines[1:]), story(*ALL, again)).passed


@pytest.mark.parametrize(
    ("line", "because"),
    [
        ("22:08 alert B2-07 is acked by wang", ""),
        ("22:08 alert B2-07 is held by wang", ""),
        ("22:08 alert B2-07 is acked repeats=7", ""),
        ("22:08 alert B2-07 is raised", "it was acked, held by wang"),
        ("22:08 alert B2-07 is acked by li", "it was held by wang"),
        ("22:08 alert B2-07 is held by nobody", "it was held by wang"),
        ("22:08 alert B2-07 is acked repeats=8", "repeats was 7"),
        ("22:08 alert no.1 is closed confirmed", ""),
        ("22:08 alert no.1 is closed test", "disposition was confirmed"),
        ("22:08 alert L-1 is raised", "there was no such alert yet"),
        ("22:08 seat centre is held by wang", ""),
        ("22:08 seat centre is empty", "it was held by wang"),
        ("22:08 seat leader is held by nobody", ""),
        ("22:08 seat leader is held by chen", "it was held by nobody"),
        ("22:08 no open alerts", "1 open: B2-07 fire.alarm (acked)"),
        ("22:08 logbook has 12 lines", ""),
        ("22:08 logbook has 11 lines", "it had 12 lines"),
        ("22:09 no open alerts", "nobody looked then"),
        ("22:09 alert B2-07 is acked", "nobody looked then"),
        ("22:09 logbook has 12 lines", "nobody looked then"),
    ],
)
def test_how_things_stood_is_asked_of_the_moment(line: str, because: str) -> None:
    alerts = (now(1, "closed", disposition="confirmed"), now(2, "acked", "wang", repeats=7))
    looked = snapshot("22:08", *alerts, seats={"centre": "wang", "leader": None}, size=12)
    assert why(line, story(snapshots=(looked,))) == because


def test_a_logbook_that_does_not_verify_fails() -> None:
    assert why("end logbook verifies", story(verifies=False)) == "it does not verify"


def test_what_simply_arrived_need_not_be_named_but_what_failed_must() -> None:
    named = [told(h, CLOCK) for h in ALL if not is_quiet(h)]
    assert check(scenario(*named, "nothing else"), story(*ALL)).passed
    failed = msgspec.structs.replace(SENT, what="failed")
    assert not check(scenario(*named, "nothing else"), story(*ALL, failed)).passed


def test_a_refusal_is_about_the_words_of_whoever_tried() -> None:
    refused = happened("22:09", "refused", ("B2-07/fire.alarm",), "not_holder", "li")
    for line in ("refused B2-07 not_holder by li", "refused B2-07/fire.alarm not_holder", "refused not_holder"):
        assert why(f"22:09 {line}", story(refused)) == ""
    assert why("22:09 refused L-1 not_holder", story(refused))


def test_how_quickly_people_answered_comes_with_the_verdict() -> None:
    """TRN-06: the seconds from raise to answer, per person."""
    verdict = check(NIGHT, story(*ALL))
    assert [(r.person, r.alert, r.seconds) for r in verdict.responses] == [
        ("wang", "B2-07 fire.alarm", 150.25),
        ("chen", "B2-07 fire.alarm", None),
    ]


# -- the report


BROKEN = scenario(
    "22:04 alert B2-07 fire.alarm raised to wang",
    "22:04:20 alert B2-07 escalated to chen",
    "22:06:30 alert B2-07 acked by wang",
    "22:08 alert B2-07 is settling by wang",
    "nothing else",
)


def test_a_failure_is_told_side_by_side() -> None:
    looked = snapshot("22:08", now(1, "settling", "li"))
    seen = story(RAISED, CLIMBED, MAIL, ACKED, snapshots=(looked,))
    assert check(BROKEN, seen).report == (
        """\
night.yaml: 3 of 5 expectations failed

    expected                                    │ what happened
  ──────────────────────────────────────────────┼─────────────────────────────────────────────────────────
  ✓ 22:04 alert B2-07 fire.alarm raised to wang │ 22:04:00 alert B2-07 fire.alarm raised to wang
  ✗ 22:04:20 alert B2-07 escalated to chen      │
    → line 7, missing: expected at 22:04:20, came at 22:04:30 (10 s late)
  +                                             │ 22:04:30 alert B2-07 fire.alarm escalated to chen rung=1
  +                                             │ 22:04:30 notice B2-07 fire.alarm email to chen
  ✓ 22:06:30 alert B2-07 acked by wang          │ 22:06:30 alert B2-07 fire.alarm acked by wang
  ✗ 22:08 alert B2-07 is settling by wang       │
    → line 9, wrong: it was held by li
  ✗ nothing else                                │
    → line 10, wrong: 2 more happened: 22:04:30 alert B2-07 fire.alarm escalated to chen rung=1; 22:04:30 notice B2-07
    fire.alarm email to chen
"""
    )


def test_what_is_far_from_a_failure_is_left_out() -> None:
    beats = [happened(f"22:{10 + n}", "tap", ("C1",), "tap", "guard") for n in range(40)]
    lines = [told(h, CLOCK) for h in beats]
    report = check(scenario(*lines[:20], "22:30 tap C2", *lines[20:]), story(*beats)).report
    assert report.count("\n") < 20
    assert report.count("more lines, nothing wrong with them") == 2
    assert "✗ 22:30 tap C2" in report


def test_a_report_degrades_to_ascii() -> None:
    report = check(BROKEN, story(RAISED)).report
    assert ascii_only(report).isascii()
    assert "x 22:04:20 alert B2-07 escalated to chen" in ascii_only(report)


def test_a_passing_story_has_no_report() -> None:
    verdict = check(scenario("22:04 alert B2-07 raised"), story(RAISED))
    assert (verdict.passed, verdict.report) == (True, "")


# -- laws

PERSON = st.sampled_from(["wang", "li", "chen"])
TAKEN = st.integers(0, 5_400_000 - 1)
SOME = st.lists(
    st.builds(
        lambda ms, h, who: msgspec.structs.replace(h, at=NIGHT.start + timedelta(milliseconds=ms), who=(who,)),
        TAKEN,
        st.sampled_from([
            RAISED, CLIMBED, MAIL, ACKED, CLOSED,
            msgspec.structs.replace(RAISED, about=LEAK),
            happened("22:00", "tap", ("C1",), "tap"),
            happened("22:00", "duty", ("centre",), "signed_on"),
            happened("22:00", "refused", ("L-1",), "not_holder"),
        ]),
        PERSON,
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


def own_words(happenings: list[Happening], *, precise: bool = False) -> Scenario:
    known = known_of(NIGHT)
    ordered = sorted(happenings, key=lambda h: h.at)
    lines = [told(h, CLOCK, known) for h in ordered]
    if precise:
        lines = [
            f"{CLOCK.tell(h.at, precise=True)} {line.split(' ', 1)[1]}" for h, line in zip(ordered, lines, strict=True)
        ]
    return scenario(*lines, "nothing else")


@settings(deadline=None)  # a busy machine is no fault
@given(SOME)
def test_a_story_told_in_its_own_words_passes(happenings: list[Happening]) -> None:
    assert check(own_words(happenings), story(*happenings)).passed


@settings(deadline=None)  # a busy machine is no fault
@given(SOME, st.data())
def test_a_story_without_one_of_its_happenings_fails(happenings: list[Happening], data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, len(happenings) - 1))
    rest = [h for n, h in enumerate(happenings) if n != gone]
    verdict = check(own_words(happenings), story(*rest))
    assert not verdict.passed
    assert sum(not r.ok for r in verdict.results) == 1


@settings(deadline=None)  # a busy machine is no fault
@given(SOME, st.data())
def test_a_story_with_one_happening_more_fails(happenings: list[Happening], data: st.DataObject) -> None:
    more = data.draw(SOME)[0]
    verdict = check(own_words(happenings), story(*happenings, more))
    assert [r.expect.form for r in verdict.results if not r.ok] == ["nothing_else"]
    assert len(verdict.unexpected) == 1


@settings(deadline=None)  # a busy machine is no fault
@given(SOME, st.data(), st.integers(1_000, 600_000), st.booleans())
def test_a_story_with_one_happening_moved_fails(
    happenings: list[Happening], data: st.DataObject, by: int, early: bool
) -> None:
    n = data.draw(st.integers(0, len(happenings) - 1))
    before = happenings[n]
    moved = msgspec.structs.replace(before, at=before.at + timedelta(milliseconds=-by if early else by))
    assume(moved.at >= NIGHT.start)
    assume(moved.at.replace(microsecond=0) != before.at.replace(microsecond=0))
    verdict = check(own_words(happenings), story(*happenings[:n], moved, *happenings[n + 1 :]))
    assert not verdict.passed


@settings(deadline=None)  # a busy machine is no fault
@given(SOME, st.data())
def test_a_story_of_another_person_fails(happenings: list[Happening], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(happenings) - 1))
    other = msgspec.structs.replace(happenings[n], who=("zhao",))
    assert not check(own_words(happenings), story(*happenings[:n], other, *happenings[n + 1 :])).passed


@settings(deadline=None)  # a busy machine is no fault
@given(SOME, st.randoms())
def test_the_order_of_equal_instants_does_not_matter(happenings: list[Happening], chance: Any) -> None:
    shuffled = list(happenings)
    chance.shuffle(shuffled)
    assert check(own_words(happenings), story(*shuffled)).passed


@given(SOME, SOME)
@example([RAISED], [CLIMBED, CLIMBED])
@settings(max_examples=60, deadline=None)
def test_a_report_is_never_too_wide_and_names_every_failure(expected: list[Happening], seen: list[Happening]) -> None:
    verdict: Verdict = check(own_words(expected), story(*seen))
    assert bool(verdict.report) is not verdict.passed
    assert all(columns(line) <= 120 for line in verdict.report.splitlines())
    assert verdict.report.count("  → line") == sum(not r.ok for r in verdict.results)


# -- updating


@given(SOME, SOME)
@settings(max_examples=60, deadline=None)
def test_an_updated_file_passes_and_is_left_alone_the_second_time(
    expected: list[Happening], seen: list[Happening]
) -> None:
    known = known_of(NIGHT)
    lines = [told(h, CLOCK, known) for h in sorted(expected, key=lambda h: h.at)]
    text = HEAD + "".join(f"  - {line}  # as it was\n" for line in lines) + "  - nothing else\n# the end\n"
    made = rewritten_text(text, read_text(text, Path("night.yaml")), story(*seen))
    again = read_text(made, Path("night.yaml"))
    assert check(again, story(*seen)).passed, made
    assert rewritten_text(made, again, story(*seen)) == made
    assert made.startswith(HEAD) and made.endswith("# the end\n")
