"""Whoever a roster touches is told of it, and what it means for them (DUTY-03, DUTY-06, DUTY-14), on both databases."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from app.imports import import_site
from core.clock import rfc3339
from duty import notice_store
from duty import store as duty_store
from duty.notices import Notice
from duty.rosters import Edit
from sites.duty_words import Rota
from sites.fields import Words
from sites.pack import digest
from sites.register import Register
from sites.versions import Terms
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_rosters import MARCH, Desk
from tests.night import HARBOUR

HOUR = timedelta(hours=1)
SWAPPED = Edit("centre", date(2026, 3, 5), "day", "wang")  # was li's


@pytest.fixture
def desk(store: Store, clock: HandClock) -> Desk:
    return Desk(store, clock)


def inbox(desk: Desk, person: str) -> list[Notice]:
    with desk.db.read() as conn:
        return notice_store.inbox(conn, desk.night.site, person, 10)


def swapped_rota() -> Register:
    """The same site, where the centre's two change places for good."""
    rota = next(r for r in HARBOUR.rotas if r.seat == "centre")
    others = tuple(r for r in HARBOUR.rotas if r is not rota)
    return msgspec.structs.replace(
        HARBOUR, rotas=(*others, Rota("centre", rota.from_day, ({"day": "wang", "night": "li"},)))
    )


def bring(desk: Desk, register: Register, **terms: Any) -> None:
    night = desk.night
    import_site(night.db, night.desks, register, digest(register), desk.clock(), "zhao", terms=Terms(**terms))


def letters(desk: Desk, state: str = "queued") -> int:
    return desk.night.count("SELECT count(*) FROM duty_letter WHERE state = ?", state)


def test_all_who_stand_in_a_published_month_are_told_and_so_is_who_lost_it(desk: Desk) -> None:
    before = desk.stand()
    desk.published()
    (mine,) = inbox(desk, "wang")
    after = desk.stand()
    moved = {i for i in after if after[i] == "wang"} - {i for i in before if before[i] == "wang"}
    assert (mine.about, mine.data["version"], mine.data["shifts"]) == ("roster/2026-04", 1, 30)
    assert len(mine.data["gained"]) == len([i for i in moved if i in before]) + len(moved - before.keys())
    (chen,) = inbox(desk, "chen")  # the leader's seat is not in the roster: her rota's shifts of April are gone
    assert (chen.data["shifts"], chen.data["gained"]) == (0, [])
    assert chen.data["lost"]
    assert inbox(desk, "guard") == []
    assert letters(desk) == 3  # one address each
    line = next(e for e in desk.night.log() if e.act == "duty.told")
    assert (line.actor, line.subject, line.data["people"]) == ("chen", "roster/2026-04", ["chen", "li", "wang"])


def test_of_a_change_only_those_are_told_whom_it_touches(desk: Desk) -> None:
    desk.amend(SWAPPED)
    for person, gained, lost in (("wang", 1, 0), ("li", 0, 1)):
        (mine,) = inbox(desk, person)
        assert (len(mine.data["gained"]), len(mine.data["lost"]), mine.data["why"]) == (gained, lost, "swap")
    assert inbox(desk, "chen") == []


def test_a_change_that_changes_nothing_for_anybody_is_no_news(desk: Desk) -> None:
    desk.amend(SWAPPED)
    desk.amend(SWAPPED)
    assert len(inbox(desk, "wang")) == 1


def test_news_that_has_not_gone_out_is_replaced_by_later_news_and_stays_in_the_inbox(desk: Desk) -> None:
    desk.amend(SWAPPED)
    desk.clock.tick(1)
    desk.amend(Edit("centre", date(2026, 3, 5), "day", "li"))
    assert (letters(desk), letters(desk, "replaced")) == (2, 2)
    assert len(inbox(desk, "wang")) == 2


def test_a_new_version_of_the_site_that_moves_shifts_tells_whom_it_moves(desk: Desk) -> None:
    """SITE-06: what a pack changes in rotas that stand is a change of the roster like any other."""
    with desk.db.read() as conn:
        theirs = [
            s.shift.id for s in duty_store.standing(conn, desk.night.site, desk.clock()) if s.shift.person == "li"
        ]
    bring(desk, swapped_rota(), reason="李改上夜班")
    mine = inbox(desk, "wang")
    assert sum(len(n.data["gained"]) for n in mine) == len(theirs) > 30
    assert {(n.about, n.data["why"], n.data["version"]) for n in mine} <= {
        (f"roster/{month}", "李改上夜班", None) for month in ("2026-03", "2026-04")
    }
    assert (inbox(desk, "chen"), inbox(desk, "guard")) == ([], [])
    assert letters(desk) == len(mine) + len(inbox(desk, "li"))
    line = next(e for e in desk.night.log() if e.act == "duty.told")
    assert (line.actor, line.data["people"]) == ("zhao", ["li", "wang"])


def test_a_version_to_come_tells_nobody_before_it_stands(desk: Desk) -> None:
    bring(desk, swapped_rota(), reason="下周起", effective_from=desk.clock() + HOUR)
    assert inbox(desk, "wang") == []
    desk.clock.tick(3600)
    desk.night.sweeper.run()
    assert {n.data["why"] for n in inbox(desk, "wang")} == {"下周起"}
    assert all(s["starts_at"] > rfc3339(desk.clock()) for n in inbox(desk, "wang") for s in n.data["gained"])


def test_a_version_that_moves_no_shift_is_no_news_even_days_later(desk: Desk) -> None:
    desk.clock.tick(5 * 24 * 3600)  # by now the shifts reach further, which changes nothing for anybody
    bring(desk, msgspec.structs.replace(HARBOUR, name=Words("x", "x")))
    assert [inbox(desk, person) for person in ("chen", "li", "wang")] == [[], [], []]


def test_a_letter_is_claimed_once_tried_again_and_given_up_with_a_line(desk: Desk) -> None:
    desk.amend(SWAPPED)
    at = desk.clock()
    first, second = notice_store.claim(desk.db, at)
    assert notice_store.claim(desk.db, at) == []
    notice_store.tried(desk.db, first, ok=True, again=True, code="250", at=at)
    letter: Any = second
    for n, pause in enumerate((*notice_store.PAUSES, timedelta())):
        assert letter.attempts == n + 1
        notice_store.tried(desk.db, letter, ok=False, again=True, code="451", at=at)
        at += pause
        letter = next(iter(notice_store.claim(desk.db, at)), None)
    assert letter is None
    assert (letters(desk, "sent"), letters(desk, "failed")) == (1, 1)
    assert desk.night.log()[-1].act == "duty.not_told"
    assert "@" not in repr(desk.night.log()[-1].data)  # an address is nothing for a log that many may read


def test_what_is_read_is_read(desk: Desk) -> None:
    desk.amend(SWAPPED)
    with desk.db.begin([desk.night.site]) as tx:
        assert notice_store.unread(tx.conn, desk.night.site, "wang") == 1
        notice_store.read_all(tx, desk.night.site, "wang", desk.clock())
        assert notice_store.unread(tx.conn, desk.night.site, "wang") == 0
    assert MARCH in inbox(desk, "wang")[0].about
