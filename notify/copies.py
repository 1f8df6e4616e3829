"""Sending copies of checkpoints to where the site keeps them, one after the other beside the notices, which never wait."""

import asyncio
import threading
from typing import Final

import structlog

from core.clock import Clock, rfc3339
from core.ids import derived
from logbook import copies
from logbook.copies import Owed
from notify import mail, services, webhook
from notify.delivery import Order, Outcome, refused
from notify.message import Message
from notify.settings import NotifySettings
from notify.threads import beside
from store.db import Store

log = structlog.get_logger()
POLL_S: Final = 5.0


async def run(db: Store, settings: NotifySettings, now: Clock, stopping: threading.Event) -> None:
    """Send what is owed until `stopping`, looking every `POLL_S`, or as often as notices are looked for if that is seldomer."""
    while not stopping.is_set():
        for owed in await beside(copies.claim, db, now()):
            await _deliver(db, settings, now, owed)
            if stopping.is_set():
                return
        waited = 0.0
        while waited < POLL_S and not stopping.is_set():
            await asyncio.sleep(settings.poll_s)
            waited += max(settings.poll_s, 0.05)


async def _deliver(db: Store, settings: NotifySettings, now: Clock, owed: Owed) -> None:
    try:
        async with asyncio.timeout(settings.timeout_s):
            outcome = await _send(owed, settings, now)
    except TimeoutError:
        outcome = Outcome(ok=False, code="timeout", body=f"no answer within {settings.timeout_s:g} s")
    told = {"ok": outcome.ok, "again": outcome.again, "code": outcome.code}
    await beside(_tried, db, owed, told, now)
    said = "checkpoint.copied" if outcome.ok else "checkpoint.not_copied"
    log.info(said, site=owed.site_id, size=owed.size, channel=owed.channel, code=outcome.code)


def _tried(db: Store, owed: Owed, told: dict[str, object], now: Clock) -> None:
    copies.tried(db, owed, ok=bool(told["ok"]), again=bool(told["again"]), code=str(told["code"]), at=now())


async def _send(owed: Owed, s: NotifySettings, now: Clock) -> Outcome:
    order = order_of(owed)
    if owed.channel == "email":
        return await beside(mail.send, order, s, now(), _always)
    if owed.channel == "webhook":
        private = s.allow_private_targets
        return await webhook.send(order, s.webhook_secret, now(), _always, allow_private=private)
    if owed.channel == "apprise":
        return await services.send(order, s.timeout_s, _always, allow_private=s.allow_private_targets)
    return refused("unknown_channel", f"no channel {owed.channel!r}")


def order_of(owed: Owed) -> Order:
    """The message: the signed note as it is, for whoever keeps it to give to `watchroom logbook verify --checkpoint`."""
    subject = f"值班日志封存点 Logbook checkpoint: {owed.site_id} {owed.size}"
    text = f"请妥善保存，日后可用于核对日志。Keep this: the log can be checked against it.\n\n{owed.note}"
    facts = {"site": owed.site_id, "size": owed.size, "made_at": rfc3339(owed.made_at), "checkpoint": owed.note}
    name = derived(owed.made_at, "checkpoint", owed.site_id, str(owed.size), owed.channel, owed.target)
    return Order(name, owed.target, Message(subject, text), facts)


def _always() -> bool:
    """Nobody's answer makes a checkpoint less worth keeping."""
    return True
