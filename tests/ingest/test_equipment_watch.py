"""An overdue test of equipment is an alert where the site asks for that (EQP-02), on both databases."""

from datetime import UTC, date, datetime

import msgspec

from app.imports import import_site
from duty import equipment_acts, equipment_store
from ingest import equipment_watch
from sites.equipment_words import EquipmentTest
from sites.pack import digest
from sites.register import Register
from store.db import Store
from tests.conftest import HandClock
from tests.night import HARBOUR, Night, by_id, words


def again(name: str, since: date, *, alert: bool = True) -> EquipmentTest:
    return EquipmentTest(id=name, name=words(name), devices=("B2-07",), every_days=7, since=since, alert=alert)


def equipped(*tests: EquipmentTest) -> Register:
    return msgspec.structs.replace(HARBOUR, equipment_tests=by_id(tests))


def ringing(night: Night) -> list[tuple[str, str]]:
    night.sweeper.run()
    mine = [a for a in night.open() if a.kind == equipment_watch.DUE]
    return sorted((a.subject, str(a.state)) for a in mine)


def record(night: Night, test: str, *, passed: bool = True, note: str = "") -> None:
    with night.db.begin([night.site]) as tx:
        register = night.desks.register(tx.conn, night.site)
        assert register is not None
        equipment_acts.record(tx, register, test, passed=passed, note=note, by="wang", at=night.clock())


def next_look(night: Night) -> datetime | None:
    with night.db.read() as conn:
        return equipment_store.next_due(conn)


def test_it_rings_from_midnight_until_a_result(store: Store, clock: HandClock) -> None:
    """Due on 2 March, so overdue when that day ends in Shanghai; a failure is a result, too."""
    night = Night(store, clock, equipped(again("pump", date(2026, 2, 23))))
    midnight = datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert ringing(night) == []
    assert next_look(night) == midnight
    clock.set(midnight.replace(hour=15, minute=59, second=59))
    assert ringing(night) == []
    clock.set(midnight)
    assert ringing(night) == [("equipment/pump", "raised")]
    alert = night.alert(equipment_watch.DUE)
    assert alert.zone_id == "b7", "where its first device stands"
    assert next_look(night) is None
    clock.tick(3600)
    record(night, "pump", passed=False, note="does not start")
    assert ringing(night) == [("equipment/pump", "cleared")]
    assert next_look(night) == datetime(2026, 3, 10, 16, tzinfo=UTC)


def test_each_rings_for_itself_and_only_where_it_is_asked_for(store: Store, clock: HandClock) -> None:
    old = date(2026, 2, 1)
    night = Night(store, clock, equipped(again("a", old), again("b", old), again("c", old, alert=False)))
    assert ringing(night) == [("equipment/a", "raised"), ("equipment/b", "raised")]
    record(night, "b")
    assert ringing(night) == [("equipment/a", "raised"), ("equipment/b", "cleared")]
    night.restart()
    assert ringing(night) == [("equipment/a", "raised"), ("equipment/b", "cleared")]


def test_what_the_pack_no_longer_asks_for_is_over(store: Store, clock: HandClock) -> None:
    old = date(2026, 2, 1)
    night = Night(store, clock, equipped(again("a", old), again("b", old)))
    assert len(ringing(night)) == 2
    clock.tick(60)
    register = equipped(again("b", old, alert=False))
    import_site(store, night.desks, register, digest(register), clock(), "system")
    assert ringing(night) == [("equipment/a", "cleared"), ("equipment/b", "cleared")]
    assert next_look(night) is None


def test_nothing_is_looked_for_where_nothing_may_ring(store: Store, clock: HandClock) -> None:
    night = Night(store, clock, HARBOUR)
    assert ringing(night) == []
    assert next_look(night) is None
