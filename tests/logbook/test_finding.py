"""Finding what people wrote, in both languages and on both databases (LOG-07, RPT-07)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from logbook import acts, entries, finding
from logbook.finding import Asked, find, reindex
from logbook.forms import Draft
from logbook.rules import Line
from logbook.tables import log_text
from logbook.wording import Phrase, phrases, words
from sites.register import Role
from store.db import Store
from tests.logbook.test_writing import AT, FULL, SITE

HERE = SITE.site_id
TEXTS = [
    "二号消防泵房漏水，已关阀门",
    "Pump room B2-07 flooded; valve closed",
    "大堂ＬＥＤ灯坏",
    "巡查正常",
    "Café 访客投诉噪声 café",
    "业主张三丰来电",
]


@pytest.fixture
def shelf(store: Store) -> Iterator[Store]:
    """A handful of entries, some by the system, one corrected, another site beside."""
    with store.begin(["elsewhere", HERE]) as tx:
        for i, text in enumerate(TEXTS):
            entries.append(tx, HERE, [Line(AT, "alert.note", "system", "site", {"text": text})])
            acts.write(tx, SITE, Draft({"text": text}, zone="b7"), "wang" if i % 2 else "li", AT + timedelta(hours=i))
        acts.write(tx, SITE, Draft(FULL, form="visitors"), "li", AT)
        acts.correct(tx, SITE, 2, Draft({"text": "三号消防泵房"}), "写错", "chen", [Role.SUPERVISOR], AT)
        entries.append(tx, HERE, [Line(AT, "duty.sign_on", "chen", "seat/centre", {"seat": "centre"})])
        entries.append(tx, "elsewhere", [Line(AT, "alert.note", "wang", "site", {"text": TEXTS[0]})])
    yield store


def found(store: Store, **asked: Any) -> list[int]:
    with store.read() as conn:
        return find(conn, HERE, Asked(**asked), 50)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("漏水", [2]),
        ("水", [2]),
        ("门", [2]),
        ("消防泵房", [14, 2]),
        ("泵房 漏水", [2]),
        ("漏 阀门", [2]),
        ("泵房漏", [2]),
        ("房泵", []),
        ("pump", [4]),
        ("PUM", [4]),
        ("ump", []),
        ("b2-07", [4]),
        ("B2 07", [4]),
        ("07-b2", []),
        ("led灯", [6]),
        ("LED", [6]),
        ("café", [10]),
        ("噪声", [10]),
        ("张三", [13, 12]),
        ("张三丰", [12]),
        ("三丰", [12]),
        ("来访登记表", [13]),
        ("送货", [13]),
        ("写错", [14]),
        ("B floor", [12, 10, 8, 6, 4, 2]),
        ("，。!", []),
        ('x" OR rowid:1 *', []),
        ("'; DROP TABLE log_text", []),
        ("无此词", []),
        ("%", []),
    ],
)
def test_words_of_either_language_are_found_as_they_are_written(shelf: Store, text: str, numbers: list[int]) -> None:
    assert found(shelf, text=text) == numbers


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, [15, 14, 13, 12, 10, 8, 6, 4, 2]),
        ({"person": "wang"}, [12, 8, 4]),
        ({"person": "wang", "text": "正常"}, [8]),
        ({"act": "log.corrected"}, [14]),
        ({"act": "duty.sign_on"}, [15]),
        ({"form": "visitors"}, [13]),
        ({"subject": "log/2"}, [14]),
        ({"subject": "zone/b7", "before": 8}, [6, 4, 2]),
        ({"since": AT + timedelta(hours=4)}, [12, 10]),
        ({"until": AT + timedelta(hours=1), "text": "泵房"}, [14, 2]),
        ({"since": AT + timedelta(hours=1), "until": AT + timedelta(hours=3)}, [6, 4]),
        ({"since": AT + timedelta(hours=1), "person": "wang", "before": 12}, [8, 4]),
        ({"since": AT + timedelta(days=1)}, []),
        ({"person": "nobody"}, []),
    ],
)
def test_filters_narrow_what_is_found(shelf: Store, asked: dict[str, Any], numbers: list[int]) -> None:
    assert found(shelf, **asked) == numbers


def test_another_site_finds_its_own_and_one_without_entries_nothing(shelf: Store) -> None:
    with shelf.read() as conn:
        assert find(conn, "elsewhere", Asked("漏水"), 50) == [1]
        assert find(conn, "nowhere", Asked("漏水"), 50) == []


def test_pages_join_without_gap_or_twin(shelf: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "NEAR", 3)  # the newest on their own, the rest by the index
    pages, before = [], None
    with shelf.read() as conn:
        while page := find(conn, HERE, Asked("floor", before=before), 2):
            pages.append(page)
            before = page[-1]
    assert pages == [[12, 10], [8, 6], [4, 2]]


def test_the_index_can_always_be_made_anew(shelf: Store) -> None:
    """Derived data: lost, half there or stale, it comes back the same; and what is written meanwhile is in it."""
    asked = [Asked(), Asked("泵房"), Asked(person="wang"), Asked("张三", form="visitors")]
    with shelf.read() as conn:
        before = [find(conn, HERE, a, 50) for a in asked]
    with shelf.begin() as tx:
        tx.conn.execute(delete(log_text).where(log_text.c.n > 4))
    steps = reindex(shelf, HERE, page=4)
    assert next(steps) == 4
    with shelf.begin([HERE]) as tx:
        late = acts.write(tx, SITE, Draft({"text": "泵房复查"}), "li", AT + timedelta(days=1))
    assert list(steps)[-1] == 15
    with shelf.read() as conn:
        assert [[n for n in find(conn, HERE, a, 50) if n != late] for a in asked] == before
        assert find(conn, HERE, Asked("泵房"), 50)[0] == late
        assert find(conn, "elsewhere", Asked("漏水"), 50) == [1]


def test_a_change_that_fails_leaves_nothing_to_find(store: Store) -> None:
    with pytest.raises(RuntimeError), store.begin([HERE]) as tx:
        acts.write(tx, SITE, Draft({"text": "漏水"}), "wang", AT)
        raise RuntimeError
    assert found(store, text="漏水") == []
    with store.begin([HERE]) as tx:
        acts.write(tx, SITE, Draft({"text": "漏水"}), "wang", AT)
    assert found(store, text="漏水") == [1]


def _stands(phrase: Phrase, said: list[str]) -> bool:
    spread = f" {' '.join(said)} "
    return f" {' '.join(phrase.words)}{'' if phrase.open_end else ' '}" in spread


@given(st.text("消防泵房水a1 ", max_size=12), st.text("消防泵房水", min_size=1, max_size=4))
def test_a_chinese_word_is_found_exactly_where_it_stands(text: str, piece: str) -> None:
    (phrase,) = phrases(piece)
    assert _stands(phrase, words(text)) == (piece in text)


def test_a_stale_index_keeps_nothing_out_of_the_log(shelf: Store) -> None:
    """A row that is there already, as after a restored backup of one table: the entry is written, reindexing mends it."""
    with shelf.begin() as tx:
        row = {"site_id": HERE, "n": 16, "at": 0, "act": "a", "actor": "p", "subject": "s", "form": "", "words": "x"}
        tx.conn.execute(log_text.insert().values(row))
    with shelf.begin([HERE]) as tx:
        assert acts.write(tx, SITE, Draft({"text": "泵房复查"}), "li", AT) == 16
    assert 16 not in found(shelf, text="复查")
    assert list(reindex(shelf, HERE))[-1] == 16
    assert found(shelf, text="复查") == [16]
