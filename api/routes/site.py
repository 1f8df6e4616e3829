"""A site as it stands: its register, its floor plans, and the snapshot from which a page begins."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from alerts import store as alert_store
from api.bodies import PlanId, SiteId
from api.permits import Caller, needs
from api.problems import refusals
from api.register_shapes import Register
from api.room import reply, room_of
from api.site_shapes import Snapshot
from core.errors import NotFound
from duty import handover_store
from ingest import packet, seats
from ingest import store as event_store
from logbook import checkpoints, entries
from patrol import store as tap_store
from sites.register import Register as Standing
from sites.register import plain
from store import outbox

router = APIRouter(prefix="/sites/{site}", tags=["site"])


@router.get("/register", response_model=Register, responses=refusals(404))
def register(request: Request, site: SiteId, caller: Annotated[Caller, needs("site.see")]) -> Response:
    """Everything that stands at the site. Telephone numbers, logins and addresses are for supervisors and above."""
    room = room_of(request)
    with room.store.read() as conn:
        return reply(shown(room.register(conn, site), contacts=caller.may("contact.see")))


def shown(standing: Standing, *, contacts: bool) -> dict[str, Any]:
    """A register as the pages may see it."""
    made = plain(standing)
    for plan in made["plans"].values():
        del plan["svg"]
    if not contacts:
        for person in made["people"].values():
            person |= {"login": "", "phone": "", "contacts": []}
        for external in made["externals"]:
            external["contacts"] = []
        made["policies"]["duty"]["offsite"] = []
    return made


@router.get(
    "/plans/{plan}.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **refusals(404)},
)
def plan_svg(request: Request, site: SiteId, plan: PlanId, _: Annotated[Caller, needs("site.see")]) -> Response:
    """A floor plan's drawing. It may draw, and nothing else."""
    room = room_of(request)
    with room.store.read() as conn:
        found = room.register(conn, site).plans.get(plan)
    if found is None:
        raise NotFound
    headers = {
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
        "cache-control": "private, max-age=300",
    }
    return Response(found.svg, media_type="image/svg+xml", headers=headers)


@router.get("/snapshot", response_model=Snapshot, responses=refusals(404))
def snapshot(request: Request, site: SiteId, _: Annotated[Caller, needs("site.see")]) -> Response:
    """The site now, and the `seq` after which the live feed continues it: one reading of one moment."""
    room = room_of(request)
    with room.store.read() as conn:
        return reply(picture(conn, room.register(conn, site), room.now()))


def picture(conn: Connection, register: Standing, at: datetime) -> dict[str, Any]:
    """Everything a page shows of a site at once."""
    site = register.site_id
    # The position first: what is committed meanwhile is then told twice rather than never.
    seq = outbox.span(conn, site)[1]
    return {
        "seq": seq,
        "at": at,
        "alerts": alert_store.open_alerts(conn, site),
        "conditions": alert_store.active_conditions(conn, site),
        "devices": event_store.device_states(conn, site),
        "gateways": [without(g, "due_at") for g in event_store.gateway_states(conn, site)],
        "duty": seats.seat_states(conn, register, at),
        "handovers": [packet.brief(h) for h in handover_store.live(conn, site)],
        "log": log_head(conn, site),
        "events": event_store.events(conn, site, limit=50),
        "taps": tap_store.newest(conn, site, 50),
        "quiet_since": alert_store.last_closed_at(conn, site),
    }


def log_head(conn: Connection, site: str) -> dict[str, Any]:
    """Where a logbook stands, and up to where it is sworn to."""
    head, mark = entries.head(conn, site), checkpoints.latest(conn, site)
    return {
        "size": head.size,
        "chain": head.chain,
        "checkpoint": None if mark is None else {"size": mark.size, "at": mark.at},
    }


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """A row less what the page has no use for."""
    return {k: v for k, v in row.items() if k not in names}
