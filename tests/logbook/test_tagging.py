"""Categories of what is kept (RPT-09), on both databases: given by an entry of their own, found exactly."""

from datetime import timedelta

import msgspec
import pytest

from ingest import writing
from logbook import acts, entries, finding, tagging
from logbook.errors import NoSuchCategory, NoSuchEntry, NotAttached, NotTagged
from logbook.files import Kept
from logbook.finding import Asked
from logbook.forms import Attached, Draft
from logbook.tagging import Tag
from sites.duty_words import Choice
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, words

SHA = "a" * 64
LISTED: Register = msgspec.structs.replace(
    HARBOUR, categories={name: Choice(name, words(name)) for name in ("works", "complaint")}
)


@pytest.fixture
def night(store: Store, clock: HandClock) -> Night:
    return Night(store, clock, LISTED)


def write(night: Night, text: str, by: str = "wang", *, file: bool = False) -> int:
    night.clock.tick(60)
    with night.db.begin([night.site]) as tx:
        files = ()
        if file:
            acts.upload(tx, night.site, Kept(SHA, 3, "application/pdf"), by, night.clock())
            files = (Attached(SHA, "a.pdf"),)
        return writing.write(tx, LISTED, Draft({"text": text}, attachments=files), by, night.clock())


def tag(night: Night, n: int, *categories: str, attachment: str | None = None) -> None:
    with night.db.begin([night.site]) as tx:
        tagging.tag(tx, LISTED, n, categories, attachment, "chen", night.clock())


def found(night: Night, category: str, asked: Asked = Asked(), limit: int = 50) -> list[int]:  # noqa: B008 - a value
    with night.db.read() as conn:
        return tagging.find(conn, night.site, category, asked, limit)


def test_a_query_finds_exactly_what_has_the_category(night: Night) -> None:
    one, two, three = (write(night, text) for text in ("水泵检修", "住户投诉", "外墙施工"))
    tag(night, one, "works")
    tag(night, three, "works", "complaint")
    assert (found(night, "works"), found(night, "complaint"), found(night, "legal")) == ([three, one], [three], [])
    tag(night, three, "complaint")  # the newest one holds
    tag(night, two, "complaint")
    assert (found(night, "works"), found(night, "complaint")) == ([one], [three, two])
    assert found(night, "complaint", limit=1) == [three]
    assert found(night, "complaint", Asked(before=three)) == [two]
    assert found(night, "complaint", Asked(person="li")) == []
    assert found(night, "complaint", Asked(text="投诉")) == [two]
    assert found(night, "complaint", Asked(form="note", person="wang")) == [three, two]
    assert found(night, "complaint", Asked(since=night.clock() + timedelta(seconds=1))) == []


def test_it_is_an_entry_of_its_own_and_said_once(night: Night) -> None:
    n = write(night, "外墙施工")
    with night.db.read() as conn:
        before = entries.one(conn, night.site, n)
    tag(night, n, "complaint", "works")
    tag(night, n, "works", "complaint")
    told = [e for e in night.log() if e.act == tagging.TAGGED]
    assert [(e.actor, e.subject, [c["id"] for c in e.data["categories"]]) for e in told] == [
        ("chen", f"log/{n}", ["works", "complaint"])
    ]
    with night.db.read() as conn:
        assert entries.one(conn, night.site, n) == before, "the target stays as it was"
        assert finding.find(conn, night.site, Asked(act=tagging.TAGGED), 5) == [told[0].n]
    with pytest.raises(NotTagged):
        tag(night, told[0].n, "works")


def test_a_file_that_hangs_on_an_entry_has_its_own(night: Night) -> None:
    n, bare = write(night, "合同", file=True), write(night, "记事")
    tag(night, n, "works", attachment=SHA)
    with night.db.read() as conn:
        assert tagging.of(conn, night.site, [n, bare]) == [Tag(n, SHA, "works")]
    assert found(night, "works") == [n]
    tag(night, n, attachment=SHA)
    assert found(night, "works") == []
    with pytest.raises(NotAttached):
        tag(night, bare, "works", attachment=SHA)


def test_only_what_the_site_lists_and_only_what_is_there(night: Night) -> None:
    n = write(night, "记事")
    with pytest.raises(NoSuchCategory):
        tag(night, n, "legal")
    with pytest.raises(NoSuchEntry):
        tag(night, 10_000, "works")
