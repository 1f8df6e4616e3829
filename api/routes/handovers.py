"""Handing a seat over: the outgoing person prepares and signs, the incoming one goes through it and signs."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import structs
from pydantic import AwareDatetime

from api import passkeys
from api.again import once_more, signer
from api.bodies import (
    UUID,
    AboutItem,
    AddItem,
    ConfirmItems,
    DisputeItem,
    EditItem,
    ExplainItem,
    LetGo,
    Limit,
    OfSeat,
    OverrideHandover,
    ResolveItem,
    Seen,
    Signature,
    SiteId,
    TagItem,
    ToSign,
    WithReason,
)
from api.duty_shapes import Seats
from api.handover_shapes import Handovers, HandoverSheet, ReachablePeople, TaggedItems
from api.permits import Caller, needs
from api.problems import refusals
from api.room import Room, reply, room_of
from api.signing_shapes import PasskeyAsked
from core.errors import Stale
from core.ids import fresh
from duty import handover_signatures as signatures
from duty import handover_store, handovers, relief
from duty import store as duty_store
from duty.handover_errors import NotOutgoing
from duty.handover_packet import COUNTED, HandoverKind, Item, blocking
from duty.handovers import Handover, Stepped
from ingest import acts, handover, packet
from ingest.seats import held_now
from store.db import Tx

router = APIRouter(prefix="/sites/{site}", tags=["handovers"])
HandoverId = Annotated[str, Path(pattern=UUID)]
Takes = Annotated[Caller, needs("handover.take")]


@router.get("/handovers", response_model=Handovers, responses=refusals(404))
def handover_list(
    request: Request,
    site: SiteId,
    _: Annotated[Caller, needs("handover.see")],
    before: Annotated[AwareDatetime | None, Query()] = None,
    limit: Limit = 50,
) -> Response:
    """Hand-overs, newest first, as they were last saved."""
    with room_of(request).store.read() as conn:
        found = handover_store.newest(conn, site, limit, before)
    return reply({"items": found, "next": found[-1].opened_at if len(found) == limit else None})


@router.get("/handovers/tagged", response_model=TaggedItems, responses=refusals(404))
def handover_tagged(request: Request, site: SiteId, _: Annotated[Caller, needs("handover.see")]) -> Response:
    """What hand-overs said about the site's own rules, of the newest 200 (HND-18)."""
    with room_of(request).store.read() as conn:
        found = handover_store.tagged(conn, site)
    return reply({"items": [{"handover": h.id, "seat": h.seat, "opened_at": h.opened_at, "item": i} for h, i in found]})


@router.get("/handovers/{which}", response_model=HandoverSheet, responses=refusals(404))
def handover_sheet(
    request: Request, site: SiteId, which: HandoverId, _: Annotated[Caller, needs("handover.see")]
) -> Response:
    """One hand-over with what is true now, and its equipment acceptance record (HND-05, HND-17)."""
    return _sheet(room_of(request), site, which)


@router.post("/handovers", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_open(request: Request, site: SiteId, body: OfSeat, caller: Takes) -> Response:
    """Begin to hand over the seat that I hold."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        made = handover.begin(tx, room.desk(tx.conn, site), body.seat, caller.person, room.now())
    return _sheet(room, site, made.id)


@router.post("/handovers/{which}/edit", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_edit(request: Request, site: SiteId, which: HandoverId, body: EditItem, caller: Takes) -> Response:
    """Count, check or explain an item (HND-06, HND-15)."""
    said = body.model_dump(exclude={"version", "key"})
    return _act(request, site, which, body, handovers.edit, body.key, by=caller.person, **said)


@router.post("/handovers/{which}/add", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_add(request: Request, site: SiteId, which: HandoverId, body: AddItem, caller: Takes) -> Response:
    """Write something more into it; after the first signature, what the incoming person found (HND-10)."""
    key = f"free/{fresh(room_of(request).now())}"
    item = Item(key=key, kind=HandoverKind(body.kind), text=body.text, explanation=body.explanation)
    return _act(request, site, which, body, handovers.add, item, by=caller.person)


@router.post("/handovers/{which}/remove", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_remove(request: Request, site: SiteId, which: HandoverId, body: AboutItem, caller: Takes) -> Response:
    """Take out what was written freely (HND-05)."""
    return _act(request, site, which, body, handovers.remove, body.key, by=caller.person)


@router.post("/handovers/{which}/explain", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_explain(request: Request, site: SiteId, which: HandoverId, body: ExplainItem, caller: Takes) -> Response:
    """Answer what was found or is disputed."""
    return _act(request, site, which, body, handovers.explain, body.key, body.explanation, by=caller.person)


@router.post("/handovers/{which}/challenge", response_model=PasskeyAsked, responses=refusals(404, 409))
def handover_challenge(request: Request, site: SiteId, which: HandoverId, body: ToSign, caller: Takes) -> Response:
    """What a passkey of mine is to sign: the digest of the act, of me, and of everything on the sheet as it is now."""
    room = room_of(request)
    place = passkeys.place_of(room, request)
    with room.store.read() as conn:
        h = packet.current(conn, room.register(conn, site), handover_store.get(conn, site, which))
        if h.version != body.version:
            raise Stale(handover_id=which, version=h.version)
        digest = signatures.digest(h, body.act, caller.person)
        options = passkeys.request_for(conn, caller.signed.account.id, place, digest)
    return reply({"digest": digest, "options": options})


@router.post("/handovers/{which}/offer", response_model=HandoverSheet, responses=refusals(404, 409))
async def handover_offer(request: Request, site: SiteId, which: HandoverId, body: Signature, caller: Takes) -> Response:
    """Sign as the outgoing person (HND-03)."""
    proof = await signer(room_of(request), request, caller, body)
    return await to_thread.run_sync(_offer, room_of(request), site, which, body.version, caller.person, proof)


@router.post("/handovers/{which}/withdraw", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_withdraw(request: Request, site: SiteId, which: HandoverId, body: Seen, caller: Takes) -> Response:
    """Take the outgoing signature back."""
    return _act(request, site, which, body, handovers.withdraw, by=caller.person)


@router.post("/handovers/{which}/confirm", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_confirm(request: Request, site: SiteId, which: HandoverId, body: ConfirmItems, caller: Takes) -> Response:
    """Confirm items as the incoming person (HND-09)."""
    act = partial(_confirm_all, follow_up=body.follow_up)
    return _act(request, site, which, body, act, body.keys, body.comment, by=caller.person)


@router.post("/handovers/{which}/dispute", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_dispute(request: Request, site: SiteId, which: HandoverId, body: DisputeItem, caller: Takes) -> Response:
    """Dispute an item as the incoming person (HND-11)."""
    return _act(request, site, which, body, handovers.dispute, body.key, body.comment, by=caller.person)


@router.post("/handovers/{which}/tag", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_tag(request: Request, site: SiteId, which: HandoverId, body: TagItem, caller: Takes) -> Response:
    """Mark an item: the site's rules should be looked at for it (HND-18)."""
    return _act(request, site, which, body, handovers.tag, body.key, body.words, by=caller.person)


@router.post("/handovers/{which}/resolve", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_resolve(
    request: Request,
    site: SiteId,
    which: HandoverId,
    body: ResolveItem,
    caller: Annotated[Caller, needs("handover.resolve")],
) -> Response:
    """Decide a disputed item (HND-11)."""
    return _act(request, site, which, body, handovers.resolve, body.key, body.reason, by=caller.person)


@router.post("/handovers/{which}/lift", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_lift(
    request: Request,
    site: SiteId,
    which: HandoverId,
    body: WithReason,
    caller: Annotated[Caller, needs("handover.override")],
) -> Response:
    """Let it pass in spite of unfinished work (HND-08)."""
    _overrider(room_of(request), site, caller)
    return _act(request, site, which, body, handovers.lift, body.reason, by=caller.person)


@router.post("/handovers/{which}/sign", response_model=HandoverSheet, responses=refusals(404, 409))
async def handover_sign(request: Request, site: SiteId, which: HandoverId, body: Signature, caller: Takes) -> Response:
    """Sign as the incoming person: the seat is mine (HND-03)."""
    proof = await signer(room_of(request), request, caller, body)
    return await to_thread.run_sync(_sign, room_of(request), site, which, body.version, caller.person, proof)


@router.post("/handovers/{which}/override", response_model=HandoverSheet, responses=refusals(404, 409))
async def handover_override(
    request: Request,
    site: SiteId,
    which: HandoverId,
    body: OverrideHandover,
    caller: Annotated[Caller, needs("handover.override")],
) -> Response:
    """Have the seat change hands without the signatures that are missing."""
    await to_thread.run_sync(_overrider, room_of(request), site, caller)
    await once_more(room_of(request), caller, body.password)
    return await to_thread.run_sync(_override, room_of(request), site, which, body, caller.person)


@router.post("/handovers/{which}/cancel", response_model=HandoverSheet, responses=refusals(404, 409))
def handover_cancel(request: Request, site: SiteId, which: HandoverId, body: WithReason, caller: Takes) -> Response:
    """End it without the seat changing hands: its maker, or a supervisor."""

    def cancel(h: Handover, *, by: str, at: Any) -> Stepped:
        if by != h.outgoing and not caller.may("handover.resolve"):
            raise NotOutgoing(outgoing=h.outgoing)
        return handovers.cancel(h, body.reason, by=by, at=at)

    return _act(request, site, which, body, cancel, by=caller.person, ends=True)


@router.get("/duty/reachable", response_model=ReachablePeople, responses=refusals(404))
def duty_reachable(request: Request, site: SiteId, caller: Annotated[Caller, needs("handover.see")]) -> Response:
    """Who left a seat not long ago, and how to reach them (HND-13)."""
    room, at = room_of(request), room_of(request).now()
    with room.store.read() as conn:
        register = room.register(conn, site)
        hours = register.policies.duty.contact_after_h
        held, _, _ = held_now(conn, register, at)
        found = relief.reachable(duty_store.attended(conn, site, at - timedelta(hours=hours)), hours, at)
    told = caller.may("contact.see") or any(h.person == caller.person_id for h in held.values() if h.person is not None)
    people = register.people
    return reply(
        {
            "items": [
                structs.asdict(r) | {"phone": people[r.person].phone if told and r.person in people else None}
                for r in found
            ]
        }
    )


@router.post("/duty/let-go", response_model=Seats, responses=refusals(404, 409))
async def duty_let_go(
    request: Request, site: SiteId, body: LetGo, caller: Annotated[Caller, needs("handover.override")]
) -> Response:
    """Let somebody leave a seat without handing it over."""
    await to_thread.run_sync(_overrider, room_of(request), site, caller)
    await once_more(room_of(request), caller, body.password)
    return await to_thread.run_sync(_let_go, room_of(request), site, body, caller.person)


def _act(
    request: Request,
    site: str,
    which: str,
    body: Seen,
    act: Callable[..., Stepped],
    *rest: Any,
    by: str,
    ends: bool = False,
    **more: Any,
) -> Response:
    """One act on the version that the caller looked at."""
    room = room_of(request)
    with room.store.begin([site]) as tx:
        desk, at = room.desk(tx.conn, site), room.now()
        handover.change(tx, desk, which, body.version, at, lambda h: act(h, *rest, by=by, at=at, **more), ends=ends)
    return _sheet(room, site, which)


def _offer(
    room: Room, site: str, which: str, version: int, person: str, proof: Callable[[Tx], signatures.Proof]
) -> Response:
    with room.store.begin([site]) as tx:
        handover.offer(tx, room.desk(tx.conn, site), which, version, person, room.now(), proof(tx))
    return _sheet(room, site, which)


def _confirm_all(h: Handover, keys: list[str], comment: str, **more: Any) -> Stepped:
    said = []
    for key in dict.fromkeys(keys):
        h, lines = handovers.confirm(h, key, comment, **more)
        said += lines
    return h, said


def _sign(
    room: Room, site: str, which: str, version: int, person: str, proof: Callable[[Tx], signatures.Proof]
) -> Response:
    with room.store.begin([site]) as tx:
        handover.sign(tx, room.desk(tx.conn, site), which, version, person, room.now(), room.log_key, proof(tx))
    return _sheet(room, site, which)


def _override(room: Room, site: str, which: str, body: OverrideHandover, by: str) -> Response:
    with room.store.begin([site]) as tx:
        desk = room.desk(tx.conn, site)
        handover.override(tx, desk, which, body.version, body.incoming, body.reason, by, room.now(), room.log_key)
    return _sheet(room, site, which)


def _overrider(room: Room, site: str, caller: Caller) -> None:
    """Whether the site lets the caller stand above a hand-over (ROLE-07)."""
    with room.store.read() as conn:
        handover.overrider(room.register(conn, site), caller.roles)


def _let_go(room: Room, site: str, body: LetGo, by: str) -> Response:
    with room.store.begin([site]) as tx:
        shown = acts.let_go(tx, room.desk(tx.conn, site), body.seat, body.person, by, body.reason, room.now())
    return reply({"seats": shown})


def _sheet(room: Room, site: str, which: str) -> Response:
    """Read in one moment: saved or not, what is open now is on it."""
    with room.store.read() as conn:
        register = room.register(conn, site)
        h = packet.current(conn, register, handover_store.get(conn, site, which))
    lead = register.policies.duty.outgoing_prep_min
    stuck = blocking(h.items, register.policies.duty.handover_block) if h.live and h.lifted_by is None else []
    return reply(
        {
            "handover": h,
            "overtime_s": h.overtime_s(room.now()),
            "prepare_by": h.planned_end - timedelta(minutes=lead) if lead and h.planned_end is not None else None,
            "blocking": [i.key for i in stuck],
            "equipment": [i for i in h.items if i.kind in COUNTED or i.kind is HandoverKind.CHECK],
        }
    )
