"""A published roster comes back as it was, on both databases (DUTY-10, DUTY-15)."""

from datetime import UTC, datetime, timedelta

from duty import store as duty_store
from sites.duty_words import Dated
from store.db import Store

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
H = timedelta(hours=1)


def test_shifts_come_back_with_their_presence(store: Store) -> None:
    made = [
        Dated("desk/2026-01-05/a", "desk", "an", "a", AT + H, AT + 2 * H),
        Dated("desk/2026-01-05/b", "desk", "bo", "b", AT + H, AT + 3 * H, on_call=True),
    ]
    with store.begin() as tx:
        assert duty_store.publish(tx, "corner", made, AT) == 2
    with store.read() as conn:
        assert duty_store.shifts(conn, "corner", AT, AT + 9 * H) == made
