"""What the consoles say of themselves: a console that cannot ring while someone relies on it is itself worth a line."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.clock import Clock

_FORGET: Final = timedelta(seconds=45)  # three reports missed
_SELDOM: Final = timedelta(seconds=14)  # a report comes every 15 s, a beat of a feed more often


class Consoles(Collector):
    """The last report of each console, by site and session."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], tuple[datetime, bool, bool]] = {}
        self._connected: dict[tuple[str, str], datetime] = {}

    def say(self, site_id: str, session: str, *, can_ring: bool, on_duty: bool) -> bool | None:
        """Keep a report. Returns whether the console can ring if that is news to someone on duty, else None."""
        at, key = self._now(), (site_id, session)
        with self._lock:
            before = self._last.get(key)
            self._last[key] = (at, can_ring, on_duty)
            self._last = {k: v for k, v in self._last.items() if at - v[0] <= _FORGET}
        if before is None or not before[2] or before[1] == can_ring:
            return None
        return can_ring

    def owes(self, site_id: str, person_id: str) -> bool:
        """Whether it is time to write down again that a page of this person is connected; it counts as done."""
        at, key = self._now(), (site_id, person_id)
        with self._lock:
            before = self._connected.get(key)
            if before is not None and timedelta() <= at - before < _SELDOM:
                return False
            self._connected[key] = at
        return True

    def collect(self) -> Iterator[Metric]:
        """Consoles heard within 45 s: those on duty, and those of them that can ring."""
        at = self._now()
        with self._lock:
            fresh = [
                (site, ring, duty) for (site, _), (heard, ring, duty) in self._last.items() if at - heard <= _FORGET
            ]
        on_duty = GaugeMetricFamily("watchroom_consoles_on_duty", "Consoles someone relies on", labels=["site"])
        ringing = GaugeMetricFamily("watchroom_consoles_can_ring", "Of those, consoles with sound", labels=["site"])
        for site in sorted({site for site, _, _ in fresh}):
            on_duty.add_metric([site], sum(duty for s, _, duty in fresh if s == site))
            ringing.add_metric([site], sum(duty and ring for s, ring, duty in fresh if s == site))
        yield on_duty
        yield ringing
