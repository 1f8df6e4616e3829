"""What a run is worth to others: JUnit XML for CI servers, one JSON object for programs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from simulators.scenario.responses import Response

PASSED, FAILED = "passed", "failed"
CRASHED, UNREADABLE = "crashed", "unreadable"  # the product broke; the file is refused
VERDICTS = (PASSED, FAILED, CRASHED, UNREADABLE)
# What XML 1.0 cannot hold, not even escaped; a scenario may well send it as garbage.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Outcome(msgspec.Struct, frozen=True):
    """What came of one file. `report` says what is wrong, in the words that the terminal shows too."""

    file: str
    about: str
    verdict: str
    took_s: float
    report: str = ""
    simulated_s: float = 0.0
    events: int = 0
    expectations: int = 0
    log_head: str = ""
    timeline: tuple[str, ...] = ()
    responses: tuple[Response, ...] = ()
    rewritten: str = ""  # what `--update` changed in the file, as a diff

    @property
    def name(self) -> str:
        """The file's name is the story's name."""
        return Path(self.file).stem


def figures(outcomes: Sequence[Outcome], took_s: float) -> dict[str, Any]:
    """How many of each, and how fast."""
    simulated = sum(o.simulated_s for o in outcomes)
    return {
        "scenarios": len(outcomes),
        **{verdict: sum(o.verdict == verdict for o in outcomes) for verdict in VERDICTS},
        "events": sum(o.events for o in outcomes),
        "simulated_s": round(simulated, 3),
        "took_s": round(took_s, 3),
        "speed": round(simulated / took_s) if took_s else 0,
    }


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """0: everything went as written; 1: something did not; 2: something cannot be read."""
    verdicts = {o.verdict for o in outcomes}
    return 2 if UNREADABLE in verdicts else 1 if verdicts - {PASSED} else 0


def as_json(outcomes: Sequence[Outcome], took_s: float) -> bytes:
    """One object: the figures, then each scenario with its verdict, timeline and people's response times."""
    told = {"figures": figures(outcomes, took_s), "scenarios": [_plain(o) for o in outcomes]}
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def _plain(outcome: Outcome) -> Mapping[str, Any]:
    made: dict[str, Any] = {"name": outcome.name, **msgspec.to_builtins(outcome)}
    made["responses"] = {
        person: [{k: v for k, v in one.items() if k != "person"} for one in theirs]
        for person, theirs in groupby(
            sorted(made["responses"], key=lambda r: (r["person"], r["raised_at"])), lambda r: r["person"]
        )
    }
    return made


def as_junit(outcomes: Iterable[Outcome], at: datetime) -> bytes:
    """JUnit XML as Jenkins, GitLab and the GitHub actions read it: a suite for each folder, a case for each file."""
    root = ET.Element("testsuites", name="watchroom scenarios")
    folders = groupby(outcomes, key=lambda o: str(Path(o.file).parent))
    suites = [_suite(root, folder, list(inside), at) for folder, inside in folders]
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(s.get(count, "0")) for s in suites)))
    root.set("time", f"{sum(float(s.get('time', '0')) for s in suites):.3f}")
    for element in root.iter():
        element.attrib = {name: _clean(value) for name, value in element.attrib.items()}
        element.text = element.text and _clean(element.text)
    ET.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode").encode() + b"\n"


def _suite(root: ET.Element, folder: str, inside: list[Outcome], at: datetime) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=folder, timestamp=at.isoformat(timespec="seconds"))
    suite.set("tests", str(len(inside)))
    suite.set("failures", str(sum(o.verdict == FAILED for o in inside)))
    suite.set("errors", str(sum(o.verdict in {CRASHED, UNREADABLE} for o in inside)))
    suite.set("skipped", "0")
    suite.set("time", f"{sum(o.took_s for o in inside):.3f}")
    for outcome in inside:
        _case(suite, folder, outcome)
    return suite


def _case(suite: ET.Element, folder: str, outcome: Outcome) -> None:
    classname = ".".join(part for part in Path(folder).parts if part not in {"/", "..", "."}) or "scenarios"
    case = ET.SubElement(suite, "testcase", classname=classname, name=outcome.name, file=outcome.file)
    case.set("time", f"{outcome.took_s:.3f}")
    if outcome.verdict != PASSED:
        what = "failure" if outcome.verdict == FAILED else "error"
        first = next((line for line in outcome.report.splitlines() if line.strip()), outcome.verdict)
        wrong = ET.SubElement(case, what, message=first.strip(), type=f"scenario.{outcome.verdict}")
        wrong.text = outcome.report
    if outcome.timeline:
        ET.SubElement(case, "system-out").text = "\n".join(outcome.timeline)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
