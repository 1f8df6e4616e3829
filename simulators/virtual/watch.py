"""Who would be silent next, as far as was heard: the rows' own rule, kept in memory between two commits.

Life signs are most of what a site says, and nothing follows from them but that nobody is missed. A server that knows until
when nobody can be missed need not commit each by itself.
"""

import heapq
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from alerts import store as alert_store
from core.clock import instant, micros
from ingest import store
from simulators.virtual.broker import Sign
from sites.register import Register

_OFFLINE: Final = frozenset({"device.offline", "gateway.offline"})


class Watch:
    """Loaded from the rows after anything that may have changed more than when somebody was heard."""

    def __init__(self, conn: Connection, register: Register) -> None:
        site = register.site_id
        self._register = register
        self._spans: dict[str, int] = {}
        self._silent_at: dict[str, int] = {}
        self._missed = {c["subject"] for c in alert_store.active_conditions(conn, site) if c["name"] in _OFFLINE}
        self.gap_at = store.next_gap(conn)
        self.looks_at: datetime | None = None  # before this a pass of the sweep looks at nobody's silence
        looks_at: list[int] = []
        for device, heard, due in store.supervised(conn, site):
            looks_at.append(due)
            span = register.devices[device].supervision_s * 1_000_000 if device in register.devices else 0
            self._spans[device], self._silent_at[device] = span, max(due, heard + span)
        looks_at += self._gateways(conn, register)
        if looks_at:
            self.looks_at = instant(min(looks_at))
        self._heap = [(at, key) for key, at in self._silent_at.items()]
        heapq.heapify(self._heap)

    def _gateways(self, conn: Connection, register: Register) -> list[int]:
        looks_at: list[int] = []
        for row in store.gateway_states(conn, register.site_id):
            key = f"gateway/{row['gateway_id']}"
            known = register.gateways.get(row["gateway_id"])
            if known is None or row["state"] != "online" or row["due_at"] is None:
                self._missed.add(key)  # whatever it says is more than that it still lives
                if row["due_at"] is not None:
                    self._silent_at[key] = micros(row["due_at"])
                    looks_at.append(micros(row["due_at"]))
                continue
            looks_at.append(micros(row["due_at"]))
            self._spans[key] = known.supervision_s * 1_000_000
            self._silent_at[key] = max(micros(row["due_at"]), micros(row["heard_at"]) + self._spans[key])
        return looks_at

    def hears(self, sign: Sign, at: datetime) -> bool:
        """Note a life sign that is still to be committed. False: more follows from it than that nobody is missed."""
        gateway = f"gateway/{sign.gateway}"
        if gateway in self._missed or self.gap_at is not None or (sign.device in self._missed):
            return False
        at_us = micros(at)
        if sign.status or sign.device is not None:  # samples do not count
            self._note(gateway, at_us)
        if sign.device is not None:
            self._note(sign.device, at_us)
        return True

    def next(self) -> datetime | None:
        """The earliest moment at which somebody who says nothing more has been silent too long."""
        heap = self._heap
        while heap:
            at, key = heap[0]
            now = self._silent_at[key]
            if now == at:
                return instant(at)
            heapq.heapreplace(heap, (now, key))
        return None

    def _note(self, key: str, at_us: int) -> None:
        span = self._spans.get(key)
        if span:
            self._silent_at[key] = max(self._silent_at[key], at_us + span)
