"""The patrol report: figures of some days, and the record form 《设施设备巡查记录表》 as a workbook (PAT-07)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.bodies import Name, SiteId
from api.patrol_pages import Asked, Days
from api.patrol_print import printed
from api.patrol_report_shapes import PatrolReport
from api.patrol_workbook import workbook
from api.permits import Caller, needs
from api.problems import refusals
from api.room import reply, room_of
from core.words import LANGUAGES
from patrol import round_store, violation_rows, violation_store
from patrol import store as tap_store
from sites.register import Register

router = APIRouter(prefix="/sites/{site}/patrol", tags=["patrol"])
MAX_DAYS: Final = 31
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF: Final = "application/pdf"
_REPORT = Annotated[Caller, needs("patrol.report")]
_First = Annotated[date, Query(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
_Days = Annotated[int, Query(ge=1, le=MAX_DAYS)]


@router.get("/report", response_model=PatrolReport, responses=refusals(404))
def patrol_report(request: Request, site: SiteId, _: _REPORT, first: _First, days: _Days = 1) -> Response:
    """What was walked on these days of the site: completion, punctuality and what was odd, per route and guard (PAT-07)."""
    figures = _asked(request, site, first, days, None).figures(room_of(request).now())
    violations = [{**row.violation.shown, "route": row.route, "fresh": row.fresh} for row in figures.violations]
    told = {"routes": figures.routes, "guards": figures.guards, "rows": figures.rows, "violations": violations}
    return reply({"first": first, "days": days, **told})


@router.get(
    "/report.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}, **refusals(404)},
)
def patrol_report_file(
    request: Request,
    site: SiteId,
    _: _REPORT,
    first: _First,
    days: _Days = 1,
    route: Name | None = None,
    language: Annotated[str, Query(pattern=f"^({'|'.join(LANGUAGES)})$")] = LANGUAGES[0],
) -> Response:
    """The same with the record form, a line for every point of every round, as a workbook."""
    data = workbook(_asked(request, site, first, days, route), Days(first, days), room_of(request).now(), language)
    return _file(data, XLSX, f"patrol-{site}-{first.isoformat()}-{days}d.xlsx")


@router.get(
    "/report.pdf",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}, **refusals(404)},
)
def patrol_report_pages(
    request: Request,
    site: SiteId,
    _: _REPORT,
    first: _First,
    days: _Days = 1,
    route: Name | None = None,
    language: Annotated[str, Query(pattern=f"^({'|'.join(LANGUAGES)})$")] = LANGUAGES[0],
) -> Response:
    """The same as pages to sign and keep."""
    data = printed(_asked(request, site, first, days, route), Days(first, days), room_of(request).now(), language)
    return _file(data, PDF, f"patrol-{site}-{first.isoformat()}-{days}d.pdf")


def _file(data: bytes, kind: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}
    return Response(data, media_type=kind, headers=headers)


def _asked(request: Request, site: str, first: date, days: int, route: str | None) -> Asked:
    """A round belongs to the day on which it opens, and its taps to it: no round is counted on two days. A violation belongs
    to every day on which it was open.
    """
    room = room_of(request)
    with room.store.read() as conn:
        register = room.register(conn, site)
        begins, ends = _span(register, first, days)
        found = round_store.between(conn, site, begins, ends, limit=20_000)
        taps = tap_store.between(conn, site, begins, ends)
        open_then = violation_store.between(conn, site, begins, ends)
    mine = [r for r in found if r.opens_at >= begins and (route is None or r.route.id == route)]
    violations = violation_rows.rows(open_then, found, register.patrol_routes, begins)
    return Asked(register, mine, taps, [v for v in violations if route is None or v.route == route])


def _span(register: Register, first: date, days: int) -> tuple[datetime, datetime]:
    """From the first midnight on the site's wall to the last."""
    begins, ends = (datetime.combine(day, time(0), register.zone_info) for day in (first, first + timedelta(days=days)))
    return begins.astimezone(UTC), ends.astimezone(UTC)
