"""Two notify processes on one store, for nights that are hunted: both look, both claim, and what each claimed it sends.

Claims, retries, cancellations and their logbook lines are the product's own; only the channel is made up: it takes
everything, unless it is told to fail.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from alerts import store as alert_store
from core.clock import seconds
from notify import store as notices
from notify.delivery import Outcome
from notify.message import compose
from notify.settings import NotifySettings
from notify.store import Owed
from sites.register import Register
from store.db import Store

Registers = Callable[..., Register | None]
Tell = Callable[[str, int, bool], None]  # a notice, which try it was, and whether the channel took it

SETTINGS: Final = NotifySettings()
_TAKEN: Final = Outcome(ok=True, code="250")
_NOT_NOW: Final = Outcome(ok=False, code="451", body="try again later")


def send_twice_looked(store: Store, registers: Registers, at: datetime, failing: frozenset[str], tell: Tell) -> int:
    """Send what is owed at `at`. Returns how many looks found something."""
    looked = []
    for _ in ("one", "the other"):
        with store.read() as conn:
            looked.append(notices.due(conn, at))
    claimed = [owed for seen in looked for owed in notices.claim(store, seen, at, SETTINGS.claim_s)]
    wanted = [(owed, notices.still_owed(store, owed)) for owed in claimed]  # both ask before either has sent
    for owed, still in wanted:
        if still:
            _send(store, registers, owed, at, failing, tell)
        else:
            notices.cancelled(store, owed, at)
    return sum(len(seen) for seen in looked)


def _send(store: Store, registers: Registers, owed: Owed, at: datetime, failing: frozenset[str], tell: Tell) -> None:
    with store.read() as conn:
        register = registers(conn, owed.site_id)
        alert = alert_store.get(conn, owed.site_id, owed.alert_id)
    if register is not None:
        compose(alert, register, rung=owed.rung, person_id=owed.person_id, link="")
    works = owed.channel not in failing
    tell(owed.id, owed.attempts, works)
    if works:
        notices.sent(store, owed, _TAKEN, at)
    elif owed.attempts <= len(SETTINGS.pauses_s):
        notices.later(store, owed, _NOT_NOW, at + seconds(SETTINGS.pauses_s[owed.attempts - 1]))
    else:
        notices.failed(store, owed, _NOT_NOW, at)
