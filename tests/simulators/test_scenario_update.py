"""`--update`: the file says what happened, and everything else in it stays byte for byte."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.scenario.load import read_text
from simulators.scenario.model import AlertNow, Happening, Snapshot, Story
from simulators.scenario.update import rewritten, rewritten_text
from simulators.scenario.verdict import check, clock_of

FILE = Path("night.yaml")
HEAD = "# a night\nstart: 2026-03-01T22:00  # Sunday\nend: 23:30\n\nwhen:\n  - 22:04   B2-07 fire.alarm   # smoke\n\n"
SMOKE = ("B2-07", "fire.alarm")


def at(when: str) -> datetime:
    return clock_of(read_text(HEAD, FILE)).read(when).at


def happened(when: str, topic: str, about: tuple[str, ...], what: str, *who: str, **more: Any) -> Happening:
    return Happening(at(when), topic, about, what, who, more)


SEEN = (
    happened("22:00", "log", ("site",), "site.imported"),
    happened("22:04", "alert", SMOKE, "raised", "wang"),
    happened("22:05", "alert", SMOKE, "escalated", "chen", ring=1, rung=1),
    happened("22:05", "notice", SMOKE, "email", "chen"),
    happened("22:05", "notice", SMOKE, "sent", "chen", channel="email"),
    happened("22:06:10", "alert", SMOKE, "acked", "wang"),
)
STORY = Story(
    SEEN,
    (
        Snapshot(at("22:08"), (AlertNow(1, *SMOKE, "acked", "wang", "wang", 1, 1, 0, None),), {"centre": "wang"}, 5),
        Snapshot(at("23:30"), (), {}, 9),
    ),
    "00",
    True,
    1,
    5400.0,
)


def updated(text: str) -> str:
    made = rewritten_text(text, read_text(text, FILE), STORY)
    again = read_text(made, FILE)
    assert check(again, STORY).passed, check(again, STORY).report
    assert rewritten_text(made, again, STORY) == made
    return made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "then:\n  - 22:04 alert raised  # yes\n",
            "then:\n  - 22:04 alert raised  # yes\n",
            id="what holds is left alone",
        ),
        pytest.param(
            "then:\n  - 22:04:30 alert B2-07 escalated to chen\n",
            "then:\n  - 22:05 alert B2-07 fire.alarm escalated to chen rung=1\n",
            id="another time",
        ),
        pytest.param(
            "then:\n  - 22:06:10 alert B2-07 acked by li  # who?\n",
            "then:\n  - 22:06:10 alert B2-07 fire.alarm acked by wang\n",
            id="another person",
        ),
        pytest.param(
            "then:\n  # first\n  - 22:04 alert raised # yes\n\n  # the tap\n  - 22:05 tap C1\n  # last\n  - no notice to li\n# end\n",
            "then:\n  # first\n  - 22:04 alert raised # yes\n\n  # the tap\n  # last\n  - no notice to li\n# end\n",
            id="what never happened goes, comments stay",
        ),
        pytest.param(
            "then:\n  - no notice to chen\n  - no notice to li\n",
            "then:\n  - no notice to li\n",
            id="what did happen is not denied",
        ),
        pytest.param(
            "then:\n- 22:04 alert raised\n- nothing else\n",
            "then:\n- 22:04 alert raised\n- 22:05 alert B2-07 fire.alarm escalated to chen rung=1\n"
            "- 22:05 notice B2-07 fire.alarm email to chen\n- 22:06:10 alert B2-07 fire.alarm acked by wang\n"
            "- nothing else\n",
            id="what nobody named is named where nothing else may be",
        ),
        pytest.param(
            "then:\n  - 22:08 alert B2-07 is raised\n  - 22:08 seat centre is empty\n  - end logbook has 3 lines\n",
            "then:\n  - 22:08 alert B2-07 fire.alarm is acked by wang\n  - 22:08 seat centre is held by wang\n"
            "  - end logbook has 9 lines\n",
            id="states as they were",
        ),
        pytest.param(
            "then: [22:04 alert raised, 22:05 alert cleared]\nseed: 2\n",
            "then:\n  - 22:04 alert raised\nseed: 2\n",
            id="a list in brackets is written in lines",
        ),
        pytest.param(
            "then:\n  - '22:04 alert raised'\n  - >-\n    22:05 notice\n    email to chen\n  - 22:07 tap C1\n",
            "then:\n  - '22:04 alert raised'\n  - >-\n    22:05 notice\n    email to chen\n",
            id="quoted and folded lines stay as they are",
        ),
    ],
)  # fmt: skip
def test_only_what_does_not_hold_is_written_anew(old: str, new: str) -> None:
    assert updated(HEAD + old) == HEAD + new


WHOLE = """\
then:
  - 22:04 alert B2-07 fire.alarm raised to wang
  - 22:05 alert B2-07 fire.alarm escalated to chen rung=1
  - 22:05 notice B2-07 fire.alarm email to chen
  - 22:06:10 alert B2-07 fire.alarm acked by wang
  - nothing else
"""


@pytest.mark.parametrize("then", ["", "then: []\n", "then:\n"])
def test_a_file_that_expects_nothing_gets_the_whole_story(then: str) -> None:
    assert updated(HEAD + then) == HEAD + WHOLE


def test_a_file_without_a_last_line_end_keeps_its_lines_apart() -> None:
    assert updated(HEAD.rstrip()) == HEAD.rstrip() + "\n" + WHOLE
    assert updated(HEAD + "then:\n  - nothing else") == HEAD + WHOLE


def test_windows_line_ends_stay() -> None:
    made = updated((HEAD + "then:\n  - nothing else\n").replace("\n", "\r\n"))
    assert made == (HEAD + WHOLE).replace("\n", "\r\n")


def test_the_rest_of_the_file_may_stand_behind() -> None:
    tail = "\n# and the site\ngiven:\n  signed_on: {centre: wang}\n"
    assert updated(HEAD + "then:\n  - nothing else\n" + tail) == HEAD + WHOLE + tail


def test_an_end_that_new_lines_would_put_off_is_written_down() -> None:
    bare = HEAD.replace("end: 23:30\n", "")
    made = rewritten_text(bare, read_text(bare, FILE), Story(SEEN[:2], (), "00", True, 1, 840.0))
    assert read_text(made, FILE).end == read_text(bare, FILE).end
    late = (SEEN[1], happened("22:13", "alert", SMOKE, "escalated", "chen"))
    made = rewritten_text(bare, read_text(bare, FILE), Story(late, (), "00", True, 1, 840.0))
    assert "start: 2026-03-01T22:00  # Sunday\nend: 22:14\n" in made
    assert read_text(made, FILE).end == read_text(bare, FILE).end


def test_a_bare_clock_time_whose_line_above_goes_keeps_its_day() -> None:
    text = HEAD.replace("end: 23:30\n", "end: +2d 12:00\n") + "then:\n  - +1d 09:00 tap C1\n  - 11:00 alert raised\n"
    scenario = read_text(text, FILE)
    story = Story((happened("+1d 11:00", "alert", SMOKE, "raised", "wang"),), (), "00", True, 1, 0.0)
    made = rewritten_text(text, scenario, story)
    assert made.endswith("then:\n  - +1d 11:00 alert raised\n")
    assert check(read_text(made, FILE), story).passed


def test_a_line_that_yaml_would_misread_is_quoted() -> None:
    story = Story((happened("22:04", "alert", ("re: #3", "fire.alarm"), "raised", "it's"),), (), "00", True, 1, 0.0)
    made = rewritten_text(HEAD, read_text(HEAD, FILE), story)
    assert "  - '22:04 alert \"re: #3\" fire.alarm raised to \"it''s\"'\n" in made
    assert check(read_text(made, FILE), story).passed


def test_a_file_is_read_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "night.yaml"
    path.write_bytes((HEAD + "then:\n  - nothing else\n").replace("\n", "\r\n").encode())
    assert rewritten(path, read_text(HEAD + "then:\n  - nothing else\n", path), STORY).count("\r\n") == 13
