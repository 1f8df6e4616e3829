"""People record what a test of equipment found (EQP-02). In an open transaction of the site."""

from datetime import datetime

from sqlalchemy import Connection

from duty import equipment, equipment_store
from duty.equipment import Standing
from duty.errors import NoSuchTest
from logbook import entries
from sites.register import Register
from store.db import Tx


def listed(conn: Connection, register: Register, at: datetime) -> list[Standing]:
    """Every test of the site, what is due first first."""
    found = equipment_store.last(conn, register.site_id)
    return equipment.standings(register.equipment_tests.values(), found, register.zone_info, at)


def record(tx: Tx, register: Register, test: str, *, passed: bool, note: str, by: str, at: datetime) -> Standing:
    """Store a result and write it into the log; the watch looks at once. Raises `NoSuchTest`, `WordsOwed`."""
    known = register.equipment_tests.get(test)
    if known is None:
        raise NoSuchTest(field="id")
    made, line = equipment.recorded(known, passed=passed, note=note, by=by, at=at)
    equipment_store.insert(tx, register.site_id, made)
    equipment_store.put(tx, register.site_id, equipment_store.Look(register.version, at))
    entries.append(tx, register.site_id, [line])
    return equipment.standing(known, made, register.zone_info, at)
