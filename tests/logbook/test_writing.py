"""What people write: entries on forms, and corrections of them, on both databases (LOG-01…03, 08, 11…14)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.errors import Invalid, Refusal
from logbook import acts, entries
from logbook.audit import verify_store
from logbook.errors import (
    FieldOwed,
    FieldWrong,
    IsCorrection,
    NoSuchEntry,
    NoSuchForm,
    NotWritten,
    NotYet,
    NotYours,
    TooLongAgo,
)
from logbook.forms import Draft, forms, written
from logbook.rules import Line
from sites.duty_words import Choice, FieldType, Form, FormField
from sites.register import Role
from store.db import Store
from tests.night import HARBOUR, words

AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
VISITORS = Form(
    "visitors",
    words("来访登记表"),
    (
        FormField("name", words("姓名"), required=True),
        FormField("people", words("人数"), FieldType.NUMBER),
        FormField("why", words("事由"), FieldType.CHOICE, choices=(Choice("delivery", words("送货")),)),
        FormField("host", words("接待人"), FieldType.PERSON),
        FormField("left", words("离开时间"), FieldType.TIME),
        FormField("badge", words("已还证"), FieldType.BOOL),
    ),
)
SITE = msgspec.structs.replace(HARBOUR, forms={"visitors": VISITORS})
FULL = {"name": "张三", "people": 2, "why": "delivery", "host": "wang", "left": "21:40", "badge": True}


def draft(**more: Any) -> Draft:
    return Draft(**({"form": "visitors", "fields": FULL} | more))


def test_an_entry_keeps_the_names_that_things_had_when_it_was_written() -> None:
    """LOG-14: times, persons and place are concrete, and stay readable when the register has changed."""
    said = written(SITE, draft(zone="b7", persons=("wang", "li", "wang"), happened_at=AT), "wang", AT)
    assert said["form"]["name"]["zh"] == "来访登记表"
    assert said["zone"] == {"id": "b7", "name": {"zh": "B floor 7", "en": "B floor 7"}}
    assert [p["id"] for p in said["persons"]] == ["wang", "li"]
    assert {f["id"]: f["value"] for f in said["fields"]} == FULL
    assert {f["id"]: f["said"]["zh"] for f in said["fields"] if "said" in f} == {"why": "送货", "host": "wang"}


@pytest.mark.parametrize(
    ("field", "value", "refusal"),
    [
        ("name", "", FieldOwed),
        ("name", " \n", FieldOwed),
        ("name", None, FieldOwed),
        ("name", 7, FieldWrong),
        ("name", "x" * 4001, FieldWrong),
        ("name", "bell\a", FieldWrong),
        ("people", "2", FieldWrong),
        ("people", True, FieldWrong),
        ("people", float("nan"), FieldWrong),
        ("people", 2**60, FieldWrong),
        ("why", "送货", FieldWrong),
        ("why", ["delivery"], FieldWrong),
        ("host", "nobody", FieldWrong),
        ("host", ["wang"], FieldWrong),
        ("left", "25:00", FieldWrong),
        ("left", "2026-03-01T21:40:00", FieldWrong),
        ("badge", 1, FieldWrong),
        ("plate", "粤B", FieldWrong),
    ],
)
def test_a_wrong_answer_is_refused_by_its_field(field: str, value: Any, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as told:
        written(SITE, draft(fields=FULL | {field: value}), "wang", AT)
    assert told.value.field == f"fields.{field}"


@pytest.mark.parametrize(
    ("more", "refusal", "field"),
    [
        ({"form": "poem"}, NoSuchForm, "form"),
        ({"zone": "attic"}, FieldWrong, "zone"),
        ({"persons": ("ghost",)}, FieldWrong, "persons"),
        ({"happened_at": AT + timedelta(minutes=2)}, NotYet, "happened_at"),
        ({"happened_at": AT - timedelta(days=367)}, TooLongAgo, "happened_at"),
        ({"happened_at": AT.replace(tzinfo=None)}, FieldWrong, "happened_at"),
        ({"form": "opening", "fields": {"weather": "晴", "plan": "巡查"}}, FieldOwed, "fields.cautions"),
        ({"form": "closing", "fields": {}}, FieldOwed, "fields.results"),
    ],
)
def test_what_is_not_concrete_is_refused(more: dict[str, Any], refusal: type[Refusal], field: str) -> None:
    with pytest.raises(refusal) as told:
        written(SITE, draft(**more), "wang", AT)
    assert told.value.field == field


@pytest.mark.parametrize(("ago", "late"), [(0, False), (120, False), (121, True)])
def test_an_entry_more_than_two_hours_after_the_event_says_so(ago: int, late: bool) -> None:
    said = written(SITE, draft(happened_at=AT - timedelta(minutes=ago)), "wang", AT)
    assert said["late"] is late


def test_a_clock_a_little_ahead_is_no_future() -> None:
    assert written(SITE, draft(happened_at=AT + timedelta(seconds=30)), "wang", AT)["happened_at"].startswith(
        "2026-03-01T14:00:00.0"
    )


def test_a_sites_form_takes_the_place_of_the_houses() -> None:
    own = msgspec.structs.replace(VISITORS, id="note")
    assert forms(msgspec.structs.replace(SITE, forms={"note": own}))["note"] is own
    assert set(forms(HARBOUR)) == {"note", "opening", "closing", "status"}


def test_entries_and_corrections_are_chained_like_any_other(store: Store) -> None:
    """LOG-03: the corrected entry stays; what corrects it is found with it."""
    with store.begin([SITE.site_id]) as tx:
        n = acts.write(tx, SITE, draft(zone="b7"), "wang", AT)
        acts.write(tx, SITE, Draft({"text": "楼道灯已修"}, alert="a1"), "li", AT)
        fixed = acts.correct(tx, SITE, n, draft(fields=FULL | {"people": 3}), "数错了", "wang", [Role.OPERATOR], AT)
        acts.correct(tx, SITE, n, draft(fields=FULL | {"people": 4}), "again", "chen", [Role.SUPERVISOR], AT)
    with store.read() as conn:
        first = entries.one(conn, SITE.site_id, n)
        assert first is not None
        assert (first.act, first.subject) == ("log.written", "zone/b7")
        found = entries.corrections(conn, SITE.site_id, [n, n + 1])
        assert [(e.n, e.data["corrects"], e.data["reason"]) for e in found] == [
            (fixed, n, "数错了"),
            (fixed + 1, n, "again"),
        ]
        assert [e.n for e in entries.history(conn, SITE.site_id, "alert/a1")] == [n + 1]
        assert entries.one(conn, SITE.site_id, 99) is None
        assert verify_store(conn, SITE.site_id).ok


def test_what_may_not_be_corrected(store: Store) -> None:
    with store.begin([SITE.site_id]) as tx:
        n = acts.write(tx, SITE, draft(), "wang", AT)
        fixed = acts.correct(tx, SITE, n, draft(), "r", "wang", [Role.OPERATOR], AT)
        entries.append(tx, SITE.site_id, [Line(AT, "duty.gap", "system", "seat/centre", {})])
        size = tx.heads[SITE.site_id].log_size
        for number, more, refusal in [
            (99, {}, NoSuchEntry),
            (fixed, {}, IsCorrection),
            (size, {}, NotWritten),
            (n, {"by": "li"}, NotYours),
            (n, {"reason": "  "}, Invalid),
            (n, {"draft": Draft({"text": "t"})}, Invalid),
        ]:
            asked: dict[str, Any] = {"draft": draft(), "reason": "r", "by": "wang", "roles": [Role.OPERATOR], "at": AT}
            with pytest.raises(refusal):
                acts.correct(tx, SITE, number, **(asked | more))
        assert tx.heads[SITE.site_id].log_size == size
