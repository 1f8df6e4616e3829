"""Equipment: the tests that come again, how each stands, and what they found (EQP-02)."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.bodies import SiteId
from api.equipment_bodies import EquipmentFound
from api.equipment_shapes import EquipmentStanding, EquipmentTests
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from core.wire import NAME
from duty import equipment_acts

router = APIRouter(prefix="/sites/{site}/equipment/tests", tags=["equipment"])
_ID = Annotated[str, Path(pattern=NAME)]


@router.get("", response_model=EquipmentTests, responses=refusals(404))
def equipment_tests(request: Request, site: SiteId, _: Annotated[Caller, needs("equipment.see")]) -> Response:
    """The site's tests with their last results, what is due first first. One is overdue from the midnight after its day."""
    room = room_of(request)
    with room.store.read() as conn:
        return reply({"items": equipment_acts.listed(conn, room.register(conn, site), room.now())})


@router.post("/{id}/result", response_model=EquipmentStanding, responses=refusals(404))
def equipment_result(
    request: Request,
    site: SiteId,
    id: _ID,  # noqa: A002
    body: EquipmentFound,
    caller: Annotated[Caller, needs("equipment.test")],
) -> Response:
    """Record what a test found, now. A failure says what; the next one is due after either."""
    room = room_of(request)
    at = room.now()
    with room.store.begin([site]) as tx:
        register = room.register(tx.conn, site)
        made = equipment_acts.record(tx, register, id, passed=body.passed, note=body.note, by=caller.person, at=at)
    return reply(made)
