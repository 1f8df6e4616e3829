"""The patrol report through HTTP: figures as documented, and a workbook that says the same (PAT-07)."""

import re
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest

from tests.api.conftest import House
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
