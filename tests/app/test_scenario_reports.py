"""What a run writes for CI servers and programs."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scenario_reports import CRASHED, FAILED, PASSED, UNREADABLE, Outcome, as_json, as_junit, exit_code
from simulators.scenario.responses import Response

AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
WENT = Outcome(
    "nights/calm.yaml", "A calm night", PASSED, 0.02, simulated_s=3600, events=7, timeline=("22:04 alert …",)
)
DID_NOT = Outcome(
    "nights/leak.yaml", "A leak", FAILED, 0.03, report="\n  22:04 alert L-1 raised to li\n  real: to wang"
)
BROKE = Outcome("other/loud.yaml", "", CRASHED, 0.01, report="Traceback\nKeyError: 'x'")
REFUSED = Outcome("other/typo.yaml", "", UNREADABLE, 0.0, report='other/typo.yaml:3: unknown word "alrt"')
ALL = [WENT, DID_NOT, BROKE, REFUSED]


def test_junit_has_a_suite_for_each_folder_and_a_case_for_each_file() -> None:
    root = ET.fromstring(as_junit(ALL, AT))
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "4", "1", "2")
    suites = {s.get("name"): s for s in root.findall("testsuite")}
    assert list(suites) == ["nights", "other"]
    cases = [(c.get("classname"), c.get("name"), c.get("file")) for c in suites["nights"].findall("testcase")]
    assert cases == [("nights", "calm", "nights/calm.yaml"), ("nights", "leak", "nights/leak.yaml")]
    assert float(root.get("time", "")) == pytest.approx(0.06)
    assert suites["nights"].get("timestamp") == "2026-03-01T14:00:00+00:00"


def test_a_failure_carries_the_whole_report_and_its_first_line_as_the_message() -> None:
    root = ET.fromstring(as_junit(ALL, AT))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "22:04 alert L-1 raised to li"
    assert failure.text == DID_NOT.report
    assert [e.text for e in root.iter("error")] == [BROKE.report, REFUSED.report]
    assert [e.text for e in root.iter("system-out")] == ["22:04 alert …"]


@given(st.text())
def test_whatever_a_scenario_says_the_xml_can_be_read(text: str) -> None:
    """Garbage is a scenario's daily bread, and XML cannot hold all of it."""
    made = as_junit([Outcome(f"x/{text}.yaml".replace("\0", ""), text, FAILED, 0.0, report=text, timeline=(text,))], AT)
    assert ET.fromstring(made).get("failures") == "1"


def test_json_has_verdict_timeline_figures_and_each_persons_responses() -> None:
    """TRN-06: response times per person."""
    responses = (
        Response("wang", "B2-07 fire.alarm", AT, AT),
        Response("chen", "B2-07 fire.alarm", AT, AT + timedelta(seconds=30), AT + timedelta(seconds=42), 42.0, 12.0),
    )
    outcome = Outcome("nights/x.yaml", "…", PASSED, 0.5, simulated_s=5400, responses=responses, timeline=("a", "b"))
    told = json.loads(as_json([outcome, DID_NOT], 0.5))
    assert told["figures"] | {"speed": 0} == {
        "scenarios": 2, "passed": 1, "failed": 1, "crashed": 0, "unreadable": 0,
        "events": 0, "simulated_s": 5400.0, "took_s": 0.5, "speed": 0,
    }  # fmt: skip
    assert told["figures"]["speed"] == 10800
    first = told["scenarios"][0]
    assert (first["name"], first["verdict"], first["timeline"]) == ("x", "passed", ["a", "b"])
    assert list(first["responses"]) == ["chen", "wang"]
    assert first["responses"]["chen"][0]["seconds"] == 42.0
    assert first["responses"]["chen"][0]["own_seconds"] == 12.0
    assert first["responses"]["wang"][0]["answered_at"] is None


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [([WENT], 0), ([WENT, DID_NOT], 1), ([BROKE], 1), ([REFUSED, WENT], 2), ([DID_NOT, REFUSED], 2)],
)
def test_the_exit_code_says_whether_to_look_at_the_night_or_at_the_file(outcomes: list[Outcome], code: int) -> None:
    assert exit_code(outcomes) == code
