"""What a tag's address opens on any phone: the point, and one press (see `api.tap_page`)."""

import secrets
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api import tap_page as pages
from api import tap_pass
from api.permits import Caller, needs
from api.room import Room, room_of
from api.sessions import hashed
from api.tap_page import Language, Read
from core.clock import instant, micros
from core.errors import NotFound, NotPermitted, Refusal, TooMany
from core.ids import derived
from core.words import say
from ingest import phone_taps
from ingest.phone_taps import Phone, Said
from patrol import claims, outbox_store, tag_store
from patrol.claims import Claim, Found, Qr, Sun
from patrol.flags import Flag, Tag, TagState
from sites.people import Words
from store.db import Tx

router = APIRouter(include_in_schema=False)
_PHONE: Final = "watchroom-phone"
_YEAR_S: Final = 365 * 86400
_LONGEST: Final = 200  # of a field of an address


async def form(request: Request) -> dict[str, str]:
    """The fields of a form; the last of a name counts, and no field is long."""
    text = (await request.body()).decode("ascii", errors="replace")
    try:
        return {name: value[:300] for name, value in parse_qsl(text, max_num_fields=20)}
    except ValueError:
        return {}


Form = Annotated[dict[str, str], Depends(form)]


@router.get("/t", dependencies=[needs("open")])
def tap_page_sun(request: Request, s: str = "", p: str = "", m: str = "") -> Response:
    """What a tag that proves itself opens."""
    return _look(request, Read(s[:_LONGEST], p[:_LONGEST], m[:_LONGEST]))


@router.get("/t/q/{code}", dependencies=[needs("open")])
def tap_page_code(request: Request, code: str, s: str = "") -> Response:
    """What a printed code opens."""
    return _look(request, Read(s[:_LONGEST], code=code[:_LONGEST]))


@router.post("/t", dependencies=[needs("open")])
def tap_page_press(request: Request, fields: Form) -> Response:
    """The guard's press."""
    room, read, language = room_of(request), _read(fields), _language(request, fields)
    here = _caller(room, request, read.site)
    if here is None:
        return _html(language, request, pages.sign_in(language, read), read)
    if isinstance(here, Refusal):
        return _html(language, request, pages.told(language, "not_permitted"), read, 403)
    return _pressed(room, request, read, here, fields.get("k", ""), language)


@router.post("/t/in", dependencies=[needs("open")])
async def tap_page_sign_in(request: Request, fields: Form) -> Response:
    """Who reads it: by PIN or password, for this page alone; then back to the same read."""
    room, read, language = room_of(request), _read(fields), _language(request, fields)
    address = request.client.host if request.client else "unknown"
    try:
        mine = await tap_pass.asked(room, fields.get("login", "")[:64], fields.get("word", "")[:256], address)
    except Refusal as wrong:
        code = "too_many" if isinstance(wrong, TooMany) else wrong.code
        return _html(language, request, pages.sign_in(language, read, code), read, wrong.status)
    answer = RedirectResponse(f"{read.path}&lang={language}", 303, pages.HEADERS)
    lasts = int(tap_pass.LASTS.total_seconds())
    _cookie(room, answer, tap_pass.COOKIE, tap_pass.given(room, mine), lasts)
    return answer


def _look(request: Request, read: Read) -> Response:
    room, language = room_of(request), _language(request, {})
    with room.store.read() as conn:
        register = room.desks.register(conn, read.site)
    if register is None:
        return _html(language, request, pages.told(language, "not_ours"), read, 404)
    with room.store.begin() as tx:
        found, tag = _found(room, tx, read)
        if found is not None and found.counter is not None:
            outbox_store.open_(tx, read.site, found.tag, found.counter, room.now())
    if found is None or tag is None:
        return _html(language, request, pages.told(language, "not_ours"), read, 404)
    here = _caller(room, request, read.site)
    if here is None:
        return _html(language, request, pages.sign_in(language, read), read)
    if isinstance(here, Refusal):
        return _html(
            language, request, pages.told(language, "not_permitted", say(f"error.{here.code}", language)), read, 403
        )
    place = register.checkpoints.get(tag.checkpoint_id)
    if tag.state is not TagState.ACTIVE or place is None:
        return _html(language, request, pages.told(language, "blocked"), read, 409)
    guard = register.people.get(here.person)
    names = {
        "site": _name(register.name, language),
        "point": _name(place.name, language),
        "guard": _name(guard.name, language) if guard else here.person,
    }
    key = pages.token(room.settings.secret, _session(room, request), read, micros(room.now()))
    return _html(language, request, pages.point(language, names, {**read.fields, "k": key, "lang": language}), read)


def _pressed(room: Room, request: Request, read: Read, here: Caller, key: str, language: Language) -> Response:
    at = room.now()
    phone = request.cookies.get(_PHONE, "")
    phone = phone if phone.isalnum() and len(phone) <= 32 else secrets.token_hex(8)
    with room.store.begin([read.site]) as tx:
        desk = room.desk(tx.conn, read.site)
        ttl_s = desk.register.policies.patrol.page_ttl_s
        nonce = pages.pressed(room.settings.secret, _session(room, request), read, key, micros(at), ttl_s)
        if nonce is None:
            return _html(language, request, pages.told(language, "expired"), read, 409)
        event_id = derived(instant(int(key.partition(".")[0])), read.site, here.person, nonce)
        found, _ = _found(room, tx, read)
        opened: datetime | None = None
        if found is not None and found.counter is not None:
            opened = outbox_store.opened(tx.conn, read.site, found.tag, found.counter)
        raw = {"id": event_id, "kind": "patrol.tap", "said_at": at, "data": {"guard": here.person, "page": read.fields}}
        said = Said(id=event_id, said_at=at, claim=_claim(read), raw=msgspec.json.encode(raw))
        who = Phone(here.person, here.roles, f"page-{phone}")
        (made,) = phone_taps.sync(
            tx, desk, who, [said], room.ring, at, {event_id: opened} if opened is not None else {}
        )
    point = desk.register.checkpoints.get(made.checkpoint or "")
    clock = at.astimezone(desk.register.zone_info).strftime("%H:%M:%S")
    lines = [_name(point.name, language) if point else "", clock, *(say(f"tapflag.{f}", language) for f in made.flags)]
    good = made.outcome != "flagged" or not set(made.flags) - _MILD
    answer = _html(language, request, pages.told(language, made.outcome, *lines, good=good), read)
    _cookie(room, answer, _PHONE, phone, _YEAR_S)
    return answer


_MILD: Final = frozenset({Flag.OFF_DUTY.value, Flag.COUNTER_JUMP.value})


def _found(room: Room, tx: Tx, read: Read) -> tuple[Found | None, Tag | None]:
    """The read, if it is true and its tag is known here."""
    register = room.register(tx.conn, read.site)
    claim = _claim(read)
    reads = claims.named(claim, read.site, room.ring, tag_store.versions(tx.conn, read.site))
    tags = tag_store.some(tx.conn, read.site, claims.uids(claim, reads))
    found = claims.settled(claim, register, room.ring, reads, tags, ())
    return (None, None) if found.flags else (found, tags.get(found.tag))


def _claim(read: Read) -> Claim:
    return Qr(read.code) if read.code else Sun(read.picc_data, read.cmac)


def _read(fields: dict[str, str]) -> Read:
    return Read(*(fields.get(name, "")[:_LONGEST] for name in ("s", "p", "m", "c")))


def _caller(room: Room, request: Request, site: str) -> Caller | Refusal | None:
    try:
        return tap_pass.caller(room, request, site)
    except (NotFound, NotPermitted) as wrong:
        return wrong


def _session(room: Room, request: Request) -> str:
    """What a page is bound to: the cookie by which its reader is known."""
    return hashed(request.cookies.get(room.cookie, "") + "\x1f" + request.cookies.get(tap_pass.COOKIE, ""))


def _language(request: Request, fields: dict[str, str]) -> Language:
    """As the page says, else as the phone does."""
    wanted = fields.get("lang") or request.query_params.get("lang") or request.headers.get("accept-language", "zh")
    at = {name: wanted.casefold().find(name) for name in ("zh", "en")}
    return "en" if at["en"] >= 0 and not 0 <= at["zh"] < at["en"] else "zh-CN"


def _name(words: Words, language: Language) -> str:
    return words.zh if language == "zh-CN" else words.en


def _html(language: Language, request: Request, body: str, read: Read, status: int = 200) -> Response:
    other = f"{read.path}&lang={'en' if language == 'zh-CN' else 'zh-CN'}" if request.method == "GET" else ""
    return HTMLResponse(pages.page(language, "值班室 Watchroom", body, other), status, pages.HEADERS)


def _cookie(room: Room, answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name, value, max_age=seconds, path="/t", secure=room.settings.secure, httponly=True, samesite="lax"
    )
