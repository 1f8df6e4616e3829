"""What goes up next: live first, urgent before the rest, one device's words never out of order, nothing twice, nothing left."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from core.wire import MAX_BATCH, MAX_BYTES
from gateway.fact import HISTORY_MARK
from gateway.order import HISTORY_AFTER_US, Order, Parcel, Tier, Waiting

NOW = 10 * HISTORY_AFTER_US


def row(
    n: int, device: str = "d", *, urgent: bool = False, kept_at: int = NOW, size: int = 200, boot: str = "b"
) -> Waiting:
    return Waiting(n, boot, n, device, urgent, kept_at, size)


def all_of(order: Order) -> list[Parcel]:
    parcels = []
    while parcel := order.take(Tier.LIVE, NOW) or order.take(Tier.URGENT, NOW) or order.take(Tier.BACKLOG, NOW):
        parcels.append(parcel)
    return parcels


def numbers(parcels: list[Parcel]) -> list[int]:
    return [r.n for p in parcels for r in p.rows]


def test_live_events_go_one_by_one() -> None:
    order = Order()
    order.add([row(1, "a"), row(2, "b")])
    assert [numbers([p]) for p in all_of(order)] == [[1], [2]]


def test_a_live_event_overtakes_the_backlog_and_takes_its_own_device_along() -> None:
    order = Order()
    order.add((row(n, f"d{n % 5}") for n in range(1, 1001)), Tier.BACKLOG)
    order.add([row(1001, "d3", urgent=True), row(1002, "new", urgent=True)])
    own = numbers([p for p in [order.take(Tier.LIVE, NOW) for _ in range(5)] if p is not None])
    assert own == [*range(3, 1001, 5), 1001, 1002]
    assert sorted(own + numbers(all_of(order))) == list(range(1, 1003))


def test_after_a_restart_devices_with_an_alarm_go_first() -> None:
    order = Order()
    order.add([row(1, "quiet"), row(2, "loud"), row(3, "quiet"), row(4, "loud", urgent=True), row(5, "quiet")])
    all_of(order)
    order.restart()
    assert numbers(all_of(order)) == [2, 4, 1, 3, 5]


def test_only_what_no_receipt_covers_is_sent_again() -> None:
    order = Order()
    order.add([row(n, f"d{n}") for n in range(1, 6)] + [row(6, "x", boot="later")])
    all_of(order)
    assert order.covered("b", 3) == 3
    assert order.covered("unknown", 99) == 0
    order.restart()
    assert numbers(all_of(order)) == [4, 5, 6]
    assert len(order) == 3


def test_old_words_are_history_but_the_last_word_of_a_device_is_news() -> None:
    order = Order()
    old = NOW - HISTORY_AFTER_US - 1
    order.last_words([("settled", 9)])
    order.add(
        [row(1, "a", kept_at=old), row(2, "a", kept_at=old), row(3, "b", kept_at=old), row(4, "settled", kept_at=old)]
    )
    order.add([row(10, "a", kept_at=NOW)])
    order.restart()
    (parcel,) = all_of(order)
    assert parcel.history == {1, 2, 4}


def test_a_probe_repeats_the_oldest_without_touching_the_order() -> None:
    order = Order()
    order.add(row(n) for n in range(1, 400))
    all_of(order)
    probe = order.probe(NOW)
    assert probe is not None
    assert numbers([probe])[0] == 1
    assert all_of(order) == []


Step = st.one_of(
    st.tuples(
        st.just("live"), st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(50, 9000)), max_size=40)
    ),
    st.tuples(st.just("take"), st.integers(1, 10)),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("covered"), st.floats(0, 1)),
)


@settings(deadline=None)
@given(st.lists(Step, max_size=30))
def test_laws_of_the_order(steps: list[tuple[str, object]]) -> None:
    """Each pass: fits the wire, keeps each device's order, sends nothing twice; in the end nothing is left unsent."""
    order = Order()
    made = through = 0
    sent: dict[str, list[int]] = defaultdict(list)

    def check(parcel: Parcel) -> None:
        assert 1 <= len(parcel.rows) <= MAX_BATCH
        assert len(parcel.rows) == 1 or sum(r.size + len(HISTORY_MARK) + 1 for r in parcel.rows) + 1 <= MAX_BYTES
        for r in parcel.rows:
            assert not sent[r.device] or sent[r.device][-1] < r.n
            sent[r.device].append(r.n)

    for what, how in steps:
        if what == "live":
            assert isinstance(how, list)
            order.add(row(made + i, f"d{d}", urgent=u, size=s) for i, (d, u, s) in enumerate(how, 1))
            made += len(how)
        elif what == "take":
            assert isinstance(how, int)
            for _ in range(how):
                parcel = order.take(Tier.LIVE, NOW) or order.take(Tier.URGENT, NOW) or order.take(Tier.BACKLOG, NOW)
                if parcel is not None:
                    check(parcel)
        elif what == "restart":
            order.restart()
            sent.clear()
        else:
            assert isinstance(how, float)
            through = max(through, int(how * made))
            order.covered("b", through)
    order.restart()
    sent.clear()
    for parcel in all_of(order):
        check(parcel)
    assert sorted(n for ns in sent.values() for n in ns) == list(range(through + 1, made + 1))
