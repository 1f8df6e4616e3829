"""What the path remembers of a site between two batches: its conditions, which every batch asks for and hardly anybody
else moves.

The memory is good exactly as long as the site's head stands where the remembered batch left it: whoever moves a
condition takes the head and moves it (`tests/ingest/test_memory.py` watches over that). So there is nothing to expire
and nobody to tell.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from sqlalchemy import Connection

from alerts import store as alert_store
from alerts.rules import Cond
from ingest.rules import OFFLINE, Changes
from ingest.scene import Scene
from store.db import Head

MOST: Final = 20_000  # conditions

Pair = tuple[str, str]
Place = tuple[int, int, int, bytes]


def place(head: Head) -> Place:
    """Where a head stands."""
    return head.seq, head.alert_no, head.log_size, head.log_chain


class Memory:
    """The conditions of one site, as the last batch left them."""

    def __init__(self) -> None:
        self._place: Place | None = None
        self._known: dict[Pair, Cond | None] = {}  # None: looked for, and not there
        self._silent: set[Pair] = set()

    def conditions(
        self, conn: Connection, site_id: str, head: Head, pairs: AbstractSet[Pair], subjects: AbstractSet[str]
    ) -> dict[Pair, Cond]:
        """As `alerts.store.conditions` would find them in the transaction that holds `head`."""
        known = self._known
        if self._place != place(head) or len(known) > MOST:
            self._place = None
            return alert_store.conditions(conn, site_id, pairs, subjects)
        found = {pair: cond for pair in (*pairs, *self._silent) if (cond := known.get(pair)) is not None}
        missing = pairs - known.keys()
        if missing or subjects:
            found |= alert_store.conditions(conn, site_id, missing, subjects, silent=False)
        return found

    def keep(self, head: Head, scene: Scene, changes: Changes) -> None:
        """A batch is committed: what it asked for and found, and how it left what it moved."""
        found, moved = scene.conditions, changes.conditions
        if self._place is None:
            self._known, self._silent = {}, {p for p, cond in found.items() if p[1] == OFFLINE and cond.active}
        known = self._known
        known.update(dict.fromkeys(scene.asked - known.keys()))
        known.update(found)
        known.update(moved)
        for _, after in changes.stepped.values():
            if (after.subject, after.kind) not in moved:  # its condition was told by the alert's own row
                known.pop((after.subject, after.kind), None)
        for pair, cond in moved.items():
            if pair[1] == OFFLINE:
                (self._silent.add if cond.active else self._silent.discard)(pair)
        self._place = place(head)
