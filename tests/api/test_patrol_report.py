"""The patrol report through HTTP: figures as documented, and a workbook that says the same (PAT-07)."""

import re
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from api.patrol_pages import Days, Pages
from sites.patrol_words import Choice, PatrolTask, TaskKind
from sites.register import Words
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped
from tests.api.test_rounds import _sweep, walked

__all__ = ["walked"]


def texts(data: bytes) -> str:
    """Every text of a workbook."""
    with zipfile.ZipFile(BytesIO(data)) as book:
        return book.read("xl/sharedStrings.xml").decode()


@pytest.mark.parametrize(("language", "title"), [("en", "Facility inspection record"), ("zh-CN", "设施设备巡查记录表")])
async def test_missed_rounds_are_in_the_figures_and_on_the_form(walked: House, language: str, title: str) -> None:
    first = walked.clock().date() - timedelta(days=1)
    walked.clock.tick(5 * 3600)
    _sweep(walked)
    params = {"first": first.isoformat(), "days": "4"}
    async with walked.client("chen") as chen:
        made = shaped("patrol_report", await chen.get(f"{SITE}/patrol/report", params=params))
        (route,) = made["routes"]
        assert (route["route"], route["completion"], route["punctuality"]) == ("house", 0, None)
        assert route["missed"] == route["rounds"] == len(made["rows"]) > 2
        assert route["to_come"] > 10
        book = await chen.get(f"{SITE}/patrol/report.xlsx", params={**params, "language": language})
        assert book.status_code == 200
        assert book.headers["content-disposition"].startswith('attachment; filename="patrol-')
        assert title in texts(book.content)
        pages = await chen.get(f"{SITE}/patrol/report.pdf", params={**params, "language": language})
        assert (pages.status_code, pages.headers["content-type"]) == (200, "application/pdf")
        assert pages.content.startswith(b"%PDF-")
        none = await chen.get(f"{SITE}/patrol/report.xlsx", params={**params, "route": "elsewhere"})
        assert not re.search("全楼", texts(none.content))
        too_many = await chen.get(f"{SITE}/patrol/report", params={**params, "days": "32"})
        assert too_many.status_code == 422


async def test_a_guard_does_not_read_the_report(walked: House) -> None:
    async with walked.client("wang") as wang:
        answer = await wang.get(f"{SITE}/patrol/report", params={"first": "2026-03-01"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Patrol report: violations", "Reported by a person", "C1", "Stop", "Dissuade", "its time ran out")),
        ("zh-CN", ("巡逻报表：违规行为", "人员上报", "C1", "制止", "劝阻", "逾期未处置")),
    ],
)
async def test_the_files_tell_violations(walked: House, language: str, words: tuple[str, ...]) -> None:
    """PAT-13: where, when, what, by whom, and what became of it; on a route's own report, only those of that route."""
    params = {"first": (walked.clock().date() - timedelta(days=1)).isoformat(), "days": "4", "language": language}
    async with walked.client("chen") as chen:
        made = await chen.post(f"{SITE}/violations", json={"checkpoint": "C1", "note": "=HYPERLINK(1)"})
        assert made.status_code == 200
        walked.clock.tick(31 * 60)
        _sweep(walked)
        told = shaped("patrol_report", await chen.get(f"{SITE}/patrol/report", params=params))
        (one,) = told["violations"]
        assert (one["route"], one["fresh"], one["step"]) == (None, True, "stop")
        assert {g["person"]: g["violations"] for g in told["guards"]}["chen"] == 1
        book = await chen.get(f"{SITE}/patrol/report.xlsx", params=params)
        found = texts(book.content)
        assert [word for word in (*words, "=HYPERLINK(1)") if word not in found] == []
        pages = await chen.get(f"{SITE}/patrol/report.pdf", params=params)
        assert (pages.status_code, pages.content[:5]) == (200, b"%PDF-")
        mine = await chen.get(f"{SITE}/patrol/report.xlsx", params={**params, "route": "house"})
        assert "HYPERLINK" not in texts(mine.content)


def test_the_form_says_what_was_answered_in_words_and_marks_what_must_be_heard_of() -> None:
    """PAT-03: a choice by its name, a reading with its unit."""
    good, broken = Choice("good", Words("完好", "Good")), Choice("broken", Words("损坏", "Broken"))
    tasks = (
        PatrolTask("swing", Words("秋千", "Swing"), TaskKind.CHOICE, choices=(good, broken), bad=("broken",)),
        PatrolTask("pressure", Words("水压", "Pressure"), TaskKind.READING, unit="MPa", least=0.2, most=0.8),
        PatrolTask("lamp", Words("灯", "Lamp")),
    )

    class Told(Pages):
        def sheet(self, *_: object) -> None:
            raise AssertionError

    given = {"swing": "broken", "pressure": 0.5, "lamp": True, "gone": "?"}
    day = datetime(2026, 3, 1, tzinfo=UTC)
    words = {
        name: Told(staffed(MINE), Days(day.date(), 1), day, name).answers(tasks, given) for name in ("en", "zh-CN")
    }
    assert words["en"] == "! Swing: Broken; Pressure: 0.5 MPa; Lamp: yes; gone: ?"
    assert words["zh-CN"] == "【异常】秋千: 损坏; 水压: 0.5 MPa; 灯: 是; gone: ?"
