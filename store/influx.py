"""Telemetry to a time-series server that speaks InfluxDB's v2 write API: InfluxDB 2, VictoriaMetrics and their kin.

`write` only queues. One thread sends what waits, as line-protocol text (seven times as fast as the client's own Point
objects), and tries again while the server is away; when the queue is full the oldest points are dropped and counted.
A batch that the server calls wrong is dropped and counted too: sending it again would block those behind it.
"""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from core.clock import micros, rfc3339
from core.wire import Sample
from store.telemetry import point_at

log = logging.getLogger(__name__)

_ESCAPES: Final = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\n", "\r": "\\r", "\\": "\\\\"})
_WRONG: Final = frozenset({400, 404, 413, 422})  # the batch or the bucket is wrong: the same batch will be again


class InfluxTelemetry:
    """A queue, a thread, and an InfluxDB v2 client."""

    def __init__(
        self,
        url: str,
        token: str,
        org: str,
        bucket: str,
        *,
        batch: int = 5_000,
        every: float = 1.0,
        room: int = 200_000,
        timeout: float = 5.0,
    ) -> None:
        self._client: Any = InfluxDBClient(url=url, token=token, org=org, timeout=int(timeout * 1000))
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)
        self._bucket, self._batch, self._every, self._room = bucket, batch, every, room
        self._lines: deque[str] = deque()
        self._change = threading.Condition()
        self._ending = False
        self.sent = self.dropped = self.failures = 0
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._thread.start()

    def write(self, site_id: str, samples: Sequence[Sample], heard_at: datetime) -> None:
        """Queue `samples`; never waits for the server and never fails with it."""
        new = [line(site_id, s, point_at(s, heard_at)) for s in samples]
        with self._change:
            self._lines.extend(new)
            while len(self._lines) > self._room:
                self._lines.popleft()
                self.dropped += 1
            if len(self._lines) >= self._batch:
                self._change.notify()

    def read(
        self, site_id: str, device_id: str, metric: str, start: datetime, end: datetime, limit: int = 10_000
    ) -> list[tuple[datetime, float]]:
        """The first `limit` points with start <= at < end, oldest first. Asks in Flux, which InfluxDB 2 understands."""
        tables = self._client.query_api().query(
            flux(self._bucket, site_id, device_id, metric, start, end, limit), org=self._client.org
        )
        return [(record.get_time(), float(record.get_value())) for table in tables for record in table.records]

    @property
    def waiting(self) -> int:
        """How many points are not sent yet."""
        return len(self._lines)

    def close(self) -> None:
        """Send what waits, once, and stop."""
        with self._change:
            self._ending = True
            self._change.notify()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        pause, enough = self._every, self._batch
        while not self._ended(pause, enough):
            if self._send_waiting():
                pause, enough = self._every, self._batch
            else:  # while the server is away a full batch is no reason to hurry
                pause, enough = min(pause * 2, 30.0), self._room + 1
        self._send_waiting()
        self.dropped += len(self._lines)

    def _ended(self, pause: float, enough: int) -> bool:
        """Wait for `enough` points or at most `pause` seconds; True when asked to end."""
        with self._change:
            self._change.wait_for(lambda: self._ending or len(self._lines) >= enough, pause)
            return self._ending

    def _send_waiting(self) -> bool:
        """Send batch after batch; False when the server is away and the rest must wait."""
        while True:
            with self._change:
                lines = [self._lines.popleft() for _ in range(min(self._batch, len(self._lines)))]
            if not lines:
                return True
            if not self._send(lines):
                self._put_back(lines)
                return False

    def _put_back(self, lines: Sequence[str]) -> None:
        with self._change:
            lost = max(0, len(self._lines) + len(lines) - self._room)
            self.dropped += lost
            self._lines.extendleft(reversed(lines[lost:]))

    def _send(self, lines: Sequence[str]) -> bool:
        """True when this batch is done with: taken by the server, or refused for good."""
        try:
            self._writer.write(bucket=self._bucket, record="\n".join(lines))
        except ApiException as refusal:
            self.failures += 1
            if refusal.status not in _WRONG:
                log.warning("telemetry.away status=%s", refusal.status)
                return False
            self.dropped += len(lines)
            log.warning("telemetry.refused status=%s points=%d body=%.200s", refusal.status, len(lines), refusal.body)
        except Exception as trouble:  # noqa: BLE001 - top of a supervised loop: any trouble of the network is "away"
            self.failures += 1
            log.warning("telemetry.away error=%s", trouble)
            return False
        else:
            self.sent += len(lines)
        return True


def line(site_id: str, sample: Sample, at: datetime) -> str:
    """One point in line protocol: the metric is the measurement; tags site and device; field value; nanoseconds."""
    tags = f"site={_escaped(site_id)},device={_escaped(sample.device)}"
    return f"{_escaped(sample.metric)},{tags} value={sample.value!r} {micros(at) * 1000}"


def flux(bucket: str, site_id: str, device_id: str, metric: str, start: datetime, end: datetime, limit: int) -> str:
    """The query for one series; every name is a quoted string, whatever is in it."""
    return (
        f"from(bucket: {_quoted(bucket)}) |> range(start: {rfc3339(start)}, stop: {rfc3339(end)})"
        f' |> filter(fn: (r) => r._measurement == {_quoted(metric)} and r._field == "value"'
        f" and r.site == {_quoted(site_id)} and r.device == {_quoted(device_id)})"
        f' |> group() |> sort(columns: ["_time"]) |> limit(n: {int(limit)})'
    )


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${") + '"'
