"""What a hand-over says of equipment (EQP-01, EQP-02, HND-05): tests that are due, those that failed in this shift, and what is left
open of the checks that the shift began with.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from duty import equipment, equipment_store
from duty import store as duty_store
from duty.equipment import Standing
from duty.handover_packet import HandoverKind, Item
from duty.pre_shift import Wrong
from sites.register import Register


def items(
    conn: Connection, register: Register, seat: str, outgoing: str, since: datetime | None, opened: datetime
) -> list[Item]:
    """As it stands now, for a hand-over that was opened at `opened`. A test is of the seat whose holder's work it is."""
    return [*_tests(conn, register, outgoing, since, opened), *_checks(conn, register, seat, outgoing)]


def _tests(conn: Connection, register: Register, outgoing: str, since: datetime | None, opened: datetime) -> list[Item]:
    person = register.people.get(outgoing)
    roles = person.roles if person is not None else ()
    mine = [test for test in register.equipment_tests.values() if test.by in roles]
    if not mine:
        return []
    zone, last = register.zone_info, equipment_store.last(conn, register.site_id)
    today = opened.astimezone(zone).date()
    made = []
    for one in equipment.standings(mine, last, zone, opened):
        failed = one.last is not None and not one.last.passed and since is not None and one.last.at >= since
        if failed or one.due <= today:
            made.append(_item(one, failed=failed))
    return made


def _item(one: Standing, *, failed: bool) -> Item:
    told: dict[str, Any] = {"name": msgspec.to_builtins(one.test.name), "due": one.due.isoformat()}
    if failed and one.last is not None:
        told |= {"found": one.last.note, "by": one.last.by, "at": one.last.at}
    kind = HandoverKind.EQUIPMENT_FAILED if failed else HandoverKind.EQUIPMENT_DUE
    return Item(key=equipment.subject_of(one.test.id), kind=kind, data={**told, "overdue": one.overdue}, live=True)


def _checks(conn: Connection, register: Register, seat: str, outgoing: str) -> list[Item]:
    """Lines of the seat's list that nobody answered, or that are not in order."""
    asked, found = register.pre_checks.get(seat), duty_store.checks_of(conn, register.site_id, seat, outgoing)
    if asked is None or found is None:
        return []
    wrong = {w.id: w for w in (*(Wrong(line, "") for line in found.missing), *found.wrong)}
    return [
        Item(
            key=f"precheck/{line.id}",
            kind=HandoverKind.PRE_CHECK,
            data={"name": msgspec.to_builtins(line.name), "found": wrong[line.id].note},
            live=True,
        )
        for line in asked.items
        if line.id in wrong
    ]
