"""Looking at a running server's rows from outside: what it still owes at this instant, and when it next owes something.

A connection of our own that only reads. SQLite tells for nothing whether anybody else has committed since the last look.
"""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from alerts import store as alert_store
from alerts.tables import notice
from app.real.processes import until
from core.clock import seconds
from ingest import store as ingest_store
from ingest.sweep import next_due
from ingest.tables import reject
from notify.settings import NotifySettings
from store.db import Store

_CLAIM: Final = seconds(NotifySettings().claim_s)
_QUEUED: Final = select(notice.c.id, notice.c.attempts, notice.c.due_at).where(notice.c.state == "queued")


class Eye:
    """On the file of a store that a server writes. `moments` are the server's, on the conducted clock."""

    def __init__(self, file: Path, site: str) -> None:
        self.rows = Store(f"sqlite:///{file}")
        self._site = site
        self._watch = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
        self._version = 0
        self._dues_of = 0
        self._known_dues: tuple[datetime | None, datetime | None, Sequence[Any]] = (None, None, ())
        self._tries: dict[str, int] = {}  # of each notice that is still queued, when everything was last settled

    def until(self, seen: Callable[[], bool], what: Callable[[], str]) -> None:
        """Wait until `seen`, which looks at the rows and is asked again whenever somebody has committed. Raises Broken."""
        self._stirred()
        if not seen():
            until(lambda: self._stirred() and seen(), what)

    def _stirred(self) -> bool:
        """Whether anybody has committed since the last time this was asked."""
        version = self._commits()
        before, self._version = self._version, version
        return version != before

    def _commits(self) -> int:
        """A number that changes with every commit of somebody else."""
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def next_due(self) -> datetime | None:
        """When a sweep or the notifier next has something to do."""
        swept, notice_due, _ = self._dues()
        return min((at for at in (swept, notice_due) if at is not None), default=None)

    def owed(self, at: datetime) -> str:
        """What must still be done at `at`, in words; empty when nothing is."""
        swept, due, tried = self._dues()
        if swept is not None and swept <= at:
            return f"the sweep's work of {swept}"
        if due is not None and due <= at:
            return f"a notice due at {due}"
        # A claimed notice is due again when its claim ends; one that failed is due after a pause, none of which is as long.
        going = [n.id for n in tried if n.attempts > self._tries.get(n.id, 0) and n.due_at == at + _CLAIM]
        if going:
            return f"{len(going)} notices on their way"
        self._tries = {n.id: n.attempts for n in tried}
        return ""

    def _dues(self) -> tuple[datetime | None, datetime | None, Sequence[Any]]:
        """When the sweep and the notifier are next due, and the notices that wait; looked up once a commit."""
        version = self._commits()
        if version != self._dues_of:
            with self.rows.read() as conn:
                waiting = conn.execute(_QUEUED).all()
                self._known_dues = next_due(conn), alert_store.next_notice(conn), waiting
            self._dues_of = version
        return self._known_dues

    def missing(self, ids: Collection[str]) -> set[str]:
        """Which of these events have been neither kept nor rejected."""
        with self.rows.read() as conn:
            missing = set(ids) - ingest_store.known(conn, self._site, ids).keys()
            if missing:
                garbled = [bytes(raw) for raw in conn.scalars(select(reject.c.raw))]
                missing = {one for one in missing if not any(one.encode() in raw for raw in garbled)}
        return missing

    def rejects(self) -> int:
        """How many messages could not be understood so far."""
        with self.rows.read() as conn:
            return int(conn.execute(select(func.count()).select_from(reject)).scalar_one())

    def gateways(self) -> dict[str, dict[str, Any]]:
        """How each gateway stands."""
        with self.rows.read() as conn:
            return {state["gateway_id"]: state for state in ingest_store.gateway_states(conn, self._site)}

    def close(self) -> None:
        """Look no more."""
        self._watch.close()
        self.rows.close()
