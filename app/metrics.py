"""What the path counts, as Prometheus reads it: collected when asked, so that the hot path only adds to plain numbers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from app.house import House


class PathMetrics(Collector):
    """Counters of ingest and sweep, and how the roles fare."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment."""
        flow, deliveries, sweep = self._house.flow, self._house.deliveries, self._house.sweep.counts
        if flow is not None and deliveries is not None:
            counts = flow.counts
            yield _counter("watchroom_events", "Events stored", counts.events)
            yield _counter("watchroom_duplicates", "Deliveries that had been handled before", counts.duplicates)
            yield _counter("watchroom_alerts_raised", "Alerts raised", counts.raised + sweep.raised)
            rejects = CounterMetricFamily("watchroom_rejects", "Messages kept as rejects", labels=["why"])
            for why, n in counts.rejects.items():
                rejects.add_metric([why], n)
            yield rejects
            yield _counter("watchroom_batches", "Batches committed", deliveries.counters.batches)
            yield _counter(
                "watchroom_reconnects", "Connections to the broker made anew", deliveries.counters.reconnects
            )
            yield GaugeMetricFamily(
                "watchroom_broker_connected", "1 while connected", value=float(deliveries.connected)
            )
        yield _counter("watchroom_rungs", "Rungs that fired by the clock", sweep.rungs)
        yield GaugeMetricFamily(
            "watchroom_rung_late_seconds_max", "The latest that a due moment was met", value=sweep.worst_late_s
        )
        up = GaugeMetricFamily("watchroom_role_up", "1 while the role runs", labels=["role"])
        for role in self._house.role_states():
            up.add_metric([role.name], float(role.ok))
        yield up


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=value)
