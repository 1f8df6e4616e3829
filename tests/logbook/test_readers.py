"""Who read the log, on both databases (LOG-05)."""

from datetime import UTC, datetime, timedelta

from logbook.readers import note, readers
from store.db import Store

AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
M = timedelta(minutes=1)


def test_a_person_is_put_down_once_in_ten_minutes_for_each_page(store: Store) -> None:
    for minutes, who, page in [
        (0, "wang", "page"),
        (1, "wang", "page"),
        (2, "wang", "search"),
        (9, "li", "page"),
        (10, "wang", "page"),
    ]:
        note(store, "harbour", who, page, AT + minutes * M)
    note(store, "elsewhere", "wang", "page", AT)
    with store.read() as conn:
        found, more = readers(conn, "harbour")
    assert [(r.who, r.page, r.at) for r in found] == [
        ("wang", "page", AT + 10 * M),
        ("wang", "search", AT + 2 * M),
        ("wang", "page", AT),
        ("li", "page", AT + 9 * M),
    ]
    assert more is None


def test_pages_join_without_gap_or_twin(store: Store) -> None:
    for n in range(7):
        note(store, "harbour", f"p{n % 3}", "page" if n % 2 else "day", AT + n * M)
    with store.read() as conn:
        whole, _ = readers(conn, "harbour")
        parts, before = [], None
        while True:
            some, before = readers(conn, "harbour", before, 2)
            parts += some
            if before is None:
                break
    assert parts == whole
    assert len({(r.who, r.page) for r in whole}) == len(whole) == 6
