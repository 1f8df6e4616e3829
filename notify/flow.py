"""The notify role: what is owed to people goes out, and what became of it is written down.

Each lane (one mail server, one host, one service) has a few places of its own, so that a slow one delays only itself. A
notice is claimed only when there is a place for it: nothing waits in memory.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from alerts import store as alert_store
from core.clock import Clock, rfc3339
from notify import copies, letters, mail, services, store, webhook
from notify.delivery import Answered, Order, Outcome, refused
from notify.message import compose
from notify.settings import NotifySettings
from notify.store import Owed
from notify.threads import beside
from sites.register import Register
from store.db import Store

log = structlog.get_logger()

Registers = Callable[[Connection, str], Register | None]

_PATIENCE_S = 5.0


def run_notify(
    rows: Store, registers: Registers, settings: NotifySettings, now: Clock, stopping: threading.Event
) -> None:
    """Send until `stopping`, then let what is on its way arrive for a few seconds. Blocks: a thread of its own."""
    asyncio.run(_both(Notifier(rows, registers, settings, now), stopping))


async def _both(notifier: "Notifier", stopping: threading.Event) -> None:
    """Notices, and beside them letters and the copies of checkpoints; if one breaks down so does the role, and begins anew."""
    rows, settings, now = notifier.store, notifier.settings, notifier.now
    async with asyncio.TaskGroup() as group:
        beside_it = [
            group.create_task(copies.run(rows, settings, now, stopping)),
            group.create_task(letters.run(rows, notifier.registers, settings, now, stopping)),
        ]
        await notifier.run(stopping)
        for task in beside_it:
            task.cancel()  # what was on its way is sent again


class Notifier:
    """Everything on its way, by lane."""

    def __init__(self, rows: Store, registers: Registers, settings: NotifySettings, now: Clock) -> None:
        self.store = rows
        self.registers = registers
        self.settings = settings
        self.now = now
        self.lanes: Counter[str] = Counter()
        self.going: set[asyncio.Task[None]] = set()

    async def run(self, stopping: threading.Event) -> None:
        """Look, send, wait for a commit or `poll_s`, and again."""
        woken, loop = asyncio.Event(), asyncio.get_running_loop()
        self.store.on_commit(partial(_wake, loop, woken))
        while not stopping.is_set():
            woken.clear()
            for owed in await beside(self._take):
                self._start(owed, woken)
            await asyncio.sleep(self.settings.least_s)
            await _soon(woken, self.settings.poll_s)
        if self.going:
            _, late = await asyncio.wait(self.going, timeout=_PATIENCE_S)
            for task in late:
                task.cancel()

    def _take(self) -> list[Owed]:
        """Claim as many as there are places for; a plain look first, so that idling never writes."""
        at = self.now()
        with self.store.read() as conn:
            waiting = store.due(conn, at)
        places, lanes = self.settings.at_once - len(self.going), Counter(self.lanes)
        wanted: list[Owed] = []
        for owed in waiting:
            lane = lane_of(owed)
            if len(wanted) < places and lanes[lane] < self.settings.at_once_each:
                lanes[lane] += 1
                wanted.append(owed)
        return store.claim(self.store, wanted, at, self.settings.claim_s) if wanted else []

    def _start(self, owed: Owed, woken: asyncio.Event) -> None:
        lane = lane_of(owed)
        self.lanes[lane] += 1
        task = asyncio.create_task(self._deliver(owed), name=f"notice {owed.id}")
        self.going.add(task)

        def over(done: asyncio.Task[None]) -> None:
            self.going.discard(done)
            self.lanes[lane] -= 1
            woken.set()
            if not done.cancelled() and (wrong := done.exception()) is not None:
                log.error("notice.trouble", notice=owed.id, error=repr(wrong))  # claimed still: it comes again

        task.add_done_callback(over)

    async def _deliver(self, owed: Owed) -> None:
        try:
            outcome = await self._outcome(owed)
        except Answered:
            await beside(store.cancelled, self.store, owed, self.now())
            return
        await beside(self._tried, owed, outcome)
        log.info("notice.sent" if outcome.ok else "notice.not_sent", **_told(owed, outcome))

    def _tried(self, owed: Owed, outcome: Outcome) -> None:
        hastens = False
        if not outcome.ok:
            with self.store.read() as conn:
                register = self.registers(conn, owed.site_id)
            hastens = register is not None and register.policies.duty.reach is not None
        store.tried(self.store, owed, outcome, self.now(), self.settings.pauses_s, hastens=hastens)

    async def _outcome(self, owed: Owed) -> Outcome:
        """What the provider says, or that it said nothing in time."""
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                order = await beside(self._order, owed)
                return await self._send(owed, order)
        except TimeoutError:
            return Outcome(ok=False, code="timeout", body=f"no answer within {self.settings.timeout_s:g} s")

    def _order(self, owed: Owed) -> Order | None:
        """The message as the alert stands now; None when its site has no register any more."""
        with self.store.read() as conn:
            register = self.registers(conn, owed.site_id)
            alert = alert_store.get(conn, owed.site_id, owed.alert_id)
        if register is None:
            return None
        base = self.settings.public_url.rstrip("/")
        link = f"{base}/alerts/{alert.id}" if base else ""
        message = compose(alert, register, rung=owed.rung, person_id=owed.person_id, link=link)
        facts = {
            "site": owed.site_id,
            "person": owed.person_id,
            "alert": {
                "id": alert.id,
                "number": alert.number,
                "kind": alert.kind,
                "class": alert.klass,
                "priority": alert.priority,
                "subject": alert.subject,
                "zone": alert.zone_id,
                "state": alert.state,
                "heard_at": rfc3339(alert.heard_at),
            },
            "ring": owed.ring,
            "rung": owed.rung,
            "attempt": owed.attempts,
            "link": link,
        }
        return Order(owed.id, owed.target, message, facts)

    async def _send(self, owed: Owed, order: Order | None) -> Outcome:
        owing = partial(store.still_owed, self.store, owed)
        s = self.settings
        if order is None:
            return refused("no_register", "the site has no register")
        if owed.channel == "email":
            return await beside(mail.send, order, s, self.now(), owing)
        if owed.channel == "webhook":
            private = s.allow_private_targets
            return await webhook.send(order, s.webhook_secret, self.now(), owing, allow_private=private)
        if owed.channel == "apprise":
            return await services.send(order, s.timeout_s, owing, allow_private=s.allow_private_targets)
        return refused("unknown_channel", f"no channel {owed.channel!r}")


def lane_of(owed: Owed) -> str:
    """What a slow answer would have in common: the mail server, or the host (or service and token) of a URL."""
    if owed.channel == "email":
        return "email"
    scheme, _, rest = owed.target.partition("://")
    return f"{owed.channel} {scheme}://{rest.partition('/')[0].rpartition('@')[2]}"


def _told(owed: Owed, outcome: Outcome) -> dict[str, Any]:
    return {
        "site": owed.site_id,
        "notice": owed.id,
        "alert": owed.alert_id,
        "channel": owed.channel,
        "attempt": owed.attempts,
        "code": outcome.code,
    }


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event, _: Mapping[str, int]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(woken.set)


async def _soon(woken: asyncio.Event, poll_s: float) -> None:
    try:
        async with asyncio.timeout(poll_s):
            await woken.wait()
    except TimeoutError:
        return
