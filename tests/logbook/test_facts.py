"""What a line's data says in words, for print: names, local times and spans; no id, no code, no name of a field."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from logbook import printing
from logbook.facts import names_of
from tests.night import HARBOUR

ROUND = "019ca9ce-5e40-73e5-b7ca-08c1e59f98a7"
DAY: dict[str, Any] = {"code": "too_few", "starts_at": "2026-03-02T00:00:00Z", "need": 2, "have": 1, "post": "centre"}


def row(language: str, act: str, subject: str, data: dict[str, Any]) -> str:
    said = printing.Said(1, datetime(2026, 3, 1, 14, tzinfo=UTC), act, "system", subject, data)
    return printing._row(said, names_of(HARBOUR, language), ZoneInfo(HARBOUR.time_zone), language)[-1]


@pytest.mark.parametrize(
    ("act", "subject", "data", "zh", "en"),
    [
        (
            *("away.return", f"away/{ROUND}", {"seat": "centre", "person": "wang", "away_s": 840, "overdue_s": 0}),
            *("席位 Centre; 人员 wang; 离岗时长 14 分钟", "seat Centre; person wang; away for 14 min"),
        ),
        (
            *("patrol.settle", f"round/{ROUND}", {"plan": "n", "points": {"C9": "late"}, "result": "partial"}),
            *("点位 C9 迟到; 结果 未完成", "points C9 Late; result Partial"),
        ),
        (
            *("duty.sign_on", "seat/centre", {"seat": "centre", "late_s": 120, "handover": ROUND}),
            *("Centre; 迟到 2 分钟", "Centre; late by 2 min"),
        ),
        (
            *("patrol.suspend", f"round/{ROUND}", {"route": "loop", "reason": "typhoon"}),
            *("typhoon; 路线 loop", "typhoon; route loop"),
        ),
        (
            *("request.approve", f"request/{ROUND}"),
            {"kind": "swap", "shifts": [["centre", "2026-03-06", "night", "wang", None]], "rosters": [ROUND]},
            *("类型 换班; 班次 Centre 2026-03-06 Night wang → —", "kind Swap; shifts Centre 2026-03-06 Night wang → —"),
        ),
    ],
)
def test_a_line_is_printed_in_words(act: str, subject: str, data: dict[str, Any], zh: str, en: str) -> None:
    assert row("zh-CN", act, subject, data) == zh
    assert row("en", act, subject, data) == en


def test_an_alert_is_printed_with_its_place_and_what_it_came_with() -> None:
    data = {"number": 7, "kind": "duty.short", "subject": "B2-07", "event": ROUND, "seat": "centre", "data": DAY}
    assert row("en", "alert.raise", f"alert/{ROUND}", data) == (
        "#7; A post is short of people or certificates; Smoke; seat in charge Centre; what is missing too few people; "
        "starts 2026-03-02 08:00:00; need 2; have 1; post Centre"
    )
    assert "缺口 人数不足; 开始 2026-03-02 08:00:00; 需要人数 2" in row("zh-CN", "alert.raise", f"alert/{ROUND}", data)
