"""Letters about people's own duty, sent one after the other beside the notices of alerts, which never wait for them."""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from core.clock import Clock, rfc3339
from core.words import say
from duty import notice_store
from duty.notice_store import Letter
from duty.notices import NoticeKind
from notify import mail, services, webhook
from notify.delivery import Order, Outcome, refused
from notify.message import Message, one_line
from notify.settings import NotifySettings
from notify.threads import beside
from sites.register import Register
from store.db import Store

log = structlog.get_logger()
POLL_S: Final = 2.0
_LINES: Final = 20

Registers = Callable[[Connection, str], Register | None]


async def run(db: Store, registers: Registers, settings: NotifySettings, now: Clock, stopping: threading.Event) -> None:
    """Send what is owed until `stopping`."""
    while not stopping.is_set():
        for letter in await beside(notice_store.claim, db, now()):
            await deliver(db, registers, settings, now, letter)
            if stopping.is_set():
                return
        waited = 0.0
        while waited < POLL_S and not stopping.is_set():
            await asyncio.sleep(settings.poll_s)
            waited += max(settings.poll_s, 0.05)


async def deliver(db: Store, registers: Registers, settings: NotifySettings, now: Clock, letter: Letter) -> None:
    """One try, and what became of it."""
    try:
        async with asyncio.timeout(settings.timeout_s):
            outcome = await _send(db, registers, settings, now, letter)
    except TimeoutError:
        outcome = Outcome(ok=False, code="timeout", body=f"no answer within {settings.timeout_s:g} s")
    await beside(_tried, db, letter, outcome, now())
    said = "letter.sent" if outcome.ok else "letter.not_sent"
    log.info(said, site=letter.site_id, kind=letter.notice.kind, channel=letter.channel, code=outcome.code)


def _tried(db: Store, letter: Letter, outcome: Outcome, at: datetime) -> None:
    notice_store.tried(db, letter, ok=outcome.ok, again=outcome.again, code=outcome.code, at=at)


async def _send(db: Store, registers: Registers, s: NotifySettings, now: Clock, letter: Letter) -> Outcome:
    register = await beside(_register, db, registers, letter.site_id)
    if register is None:
        return refused("no_register", "the site has no register")
    order = order_of(letter, register, s.public_url)
    if letter.channel == "email":
        return await beside(mail.send, order, s, now(), _always)
    if letter.channel == "webhook":
        private = s.allow_private_targets
        return await webhook.send(order, s.webhook_secret, now(), _always, allow_private=private)
    if letter.channel == "apprise":
        return await services.send(order, s.timeout_s, _always, allow_private=s.allow_private_targets)
    return refused("unknown_channel", f"no channel {letter.channel!r}")


def _register(db: Store, registers: Registers, site_id: str) -> Register | None:
    with db.read() as conn:
        return registers(conn, site_id)


def order_of(letter: Letter, register: Register, public_url: str = "") -> Order:
    """The message in the person's own language; a program gets the same as data."""
    notice = letter.notice
    base = public_url.rstrip("/")
    link = f"{base}/my-shifts" if base else ""
    facts = {
        "site": letter.site_id,
        "person": notice.person_id,
        "duty": {"kind": notice.kind, "about": notice.about, "made_at": rfc3339(notice.made_at), **notice.data},
        "attempt": letter.attempts,
        "link": link,
    }
    return Order(letter.id, letter.target, compose(letter, register, link), facts)


def compose(letter: Letter, register: Register, link: str = "") -> Message:
    """Subject and text."""
    notice = letter.notice
    person = register.people.get(notice.person_id)
    language = person.language if person is not None else "zh-CN"
    site = register.name.en if language == "en" else register.name.zh
    told = _of_mode if notice.kind is NoticeKind.MODE else _of_roster
    head, lines = told(notice.data, register, language)
    lines += [say("told.link", language, link=link)] if link else []
    return Message(one_line(f"{site} {head}"), "\n".join(one_line(line) for line in [head, *lines]))


def _of_roster(data: dict[str, Any], register: Register, language: str) -> tuple[str, list[str]]:
    head = say("told.roster", language, month=data["month"], shifts=data["shifts"])
    lines = [say("told.why", language, why=data["why"])] if data["why"] else []
    for which in ("gained", "lost"):
        lines += [say(f"told.{which}", language, shift=_shift(s, register, language)) for s in data[which][:_LINES]]
        more = len(data[which]) - _LINES
        lines += [say("told.more", language, count=more)] if more > 0 else []
    if not data["gained"] and not data["lost"]:
        lines.append(say("told.same", language))
    return head, lines


def _of_mode(data: dict[str, Any], register: Register, language: str) -> tuple[str, list[str]]:
    state = say(f"mode_state.{data['state']}", language)
    head = say("told.mode", language, mode=say(f"mode.{data['mode']}", language), state=state)
    starts, ends = (None if data[f] is None else _wall(data[f], register) for f in ("starts_at", "ends_at"))
    until = say("told.mode_open", language) if ends is None else say("told.mode_until", language, at=ends)
    lines = [say("told.why", language, why=data["reason"])]
    if data["state"] in {"planned", "on"}:
        lines.append(say("told.mode_from", language, starts=starts, ends=until))
        lines += [say("told.mode_come", language)] if (data["mode"], data["state"]) == ("all_hands", "on") else []
    return head, lines


def _wall(at: str, register: Register) -> str:
    return f"{datetime.fromisoformat(at).astimezone(register.zone_info):%Y-%m-%d %H:%M}"


def _shift(shift: dict[str, Any], register: Register, language: str) -> str:
    seat = register.seats.get(shift["seat"])
    name = shift["seat"] if seat is None else seat.name.en if language == "en" else seat.name.zh
    starts, ends = (datetime.fromisoformat(shift[f]).astimezone(register.zone_info) for f in ("starts_at", "ends_at"))
    return f"{starts:%Y-%m-%d %H:%M}–{ends:%H:%M} {name}"


def _always() -> bool:
    """What has been told of one's duty is not taken back."""
    return True
