"""What people write into the logbook: the forms there are, an entry on one of them, and the correction of an entry."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api.bodies import CorrectionDraft, EntryCategories, EntryDraft, SiteId
from api.logbook_shapes import LogForms, WrittenEntry
from api.permits import Caller, needs
from api.phone_acts import Sent, done
from api.phone_bodies import EntrySaid
from api.problems import refusals
from api.reading import reads
from api.room import Room, reply, room_of
from ingest import writing
from ingest.scene import Desk
from logbook import entries, forms, tagging
from logbook.errors import NoSuchEntry
from store.db import Tx

router = APIRouter(prefix="/sites/{site}/logbook", tags=["logbook"])
EntryNumber = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/forms", response_model=LogForms, responses=refusals(404))
def log_forms(request: Request, site: SiteId, _: Annotated[Caller, needs("log.write")]) -> Response:
    """The forms that may be filled here (LOG-08)."""
    room = room_of(request)
    with room.store.read() as conn:
        found = forms.forms(room.register(conn, site))
    return reply({"forms": list(found.values())})


@router.post("/entries", response_model=WrittenEntry, responses=refusals(404, 409))
def write_entry(
    request: Request, site: SiteId, body: EntrySaid, sent: Sent, caller: Annotated[Caller, needs("log.write")]
) -> Response:
    """Write an entry (LOG-01, LOG-02, LOG-14)."""

    def act(tx: Tx, desk: Desk, at: datetime) -> dict[str, Any]:
        return {"n": writing.write(tx, desk.register, _draft(body), caller.person, at)}

    room = room_of(request)
    return _shown(room, site, done(room, site, caller, body.phone, sent, "entry", act)["n"])


@router.get("/entries/{n}", response_model=WrittenEntry, responses=refusals(404))
def log_entry(request: Request, site: SiteId, n: EntryNumber, _: Annotated[Caller, reads("entry")]) -> Response:
    """One entry, with what corrects it."""
    return _shown(room_of(request), site, n)


@router.post("/entries/{n}/corrections", response_model=WrittenEntry, responses=refusals(404, 409))
def correct_entry(
    request: Request, site: SiteId, n: EntryNumber, body: CorrectionDraft, caller: Annotated[Caller, needs("log.write")]
) -> Response:
    """Say what an entry should have said, and why (LOG-03). Answers with the entry and all its corrections."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        register = room.register(tx.conn, site)
        writing.correct(tx, register, n, _draft(body), body.reason, caller.person, caller.roles, room.now())
    return _shown(room, site, n)


@router.post("/entries/{n}/categories", response_model=WrittenEntry, responses=refusals(404, 409))
def tag_entry(
    request: Request, site: SiteId, n: EntryNumber, body: EntryCategories, caller: Annotated[Caller, needs("log.write")]
) -> Response:
    """Give an entry, or one of its files, these categories and no others (RPT-09): an entry that names its target."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        register = room.register(tx.conn, site)
        tagging.tag(tx, register, n, body.categories, body.attachment, caller.person, room.now())
    return _shown(room, site, n)


def _draft(body: EntryDraft) -> forms.Draft:
    files = tuple(forms.Attached(a.sha256, a.name) for a in body.attachments)
    return forms.Draft(body.fields, body.form, body.happened_at, body.zone, tuple(body.persons), body.alert, files)


def _shown(room: Room, site: str, n: int) -> Response:
    with room.store.read() as conn:
        found = entries.one(conn, site, n)
        if found is None:
            raise NoSuchEntry(field="n")
        more = {"corrections": entries.corrections(conn, site, [n]), "categories": tagging.of(conn, site, [n])}
        return reply({"entry": found, **more})
