"""Telemetry: the same port over SQLite, PostgreSQL and a real time-series server."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import func, select

from core.wire import Sample
from ingest.ports import free_port
from store.db import Store
from store.influx import InfluxTelemetry, flux, line
from store.tables import telemetry_point, telemetry_series
from store.telemetry import SqlTelemetry, Telemetry, point_at
from tests.servers import program

AT = datetime(2026, 3, 1, 14, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def sample(value: float, at: datetime = AT, device: str = "B2-07", metric: str = "temperature") -> Sample:
    return Sample(device, metric, value, at, "Cel")


def until(true: Callable[[], bool], patience: float = 10.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


# --- in a database


def test_points_come_back_in_order_within_their_span(store: Store) -> None:
    telemetry: Telemetry = SqlTelemetry(store)
    heard = AT + 10 * SECOND
    telemetry.write("harbour", [sample(float(i), AT + i * SECOND) for i in (3, 1, 2, 0)], heard)
    telemetry.write("tower", [sample(99.0)], heard)
    telemetry.write("harbour", [sample(50.0, metric="humidity")], heard)
    telemetry.write("harbour", [], heard)
    read = telemetry.read("harbour", "B2-07", "temperature", AT, AT + 3 * SECOND)
    assert read == [(AT + i * SECOND, float(i)) for i in range(3)]
    assert telemetry.read("harbour", "B2-07", "temperature", AT, heard, limit=1) == [(AT, 0.0)]
    assert telemetry.read("nowhere", "B2-07", "temperature", AT, heard) == []
    telemetry.close()


def test_the_same_point_twice_is_one_row(store: Store) -> None:
    """A redelivered message has another `heard_at`; its points have not."""
    telemetry = SqlTelemetry(store)
    for turn in range(3):
        telemetry.write("harbour", [sample(1.0), sample(2.0)], AT + turn * SECOND)
    assert telemetry.read("harbour", "B2-07", "temperature", AT, AT + SECOND) == [(AT, 2.0)]
    with store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(telemetry_point)) == 1
        assert conn.scalar(select(func.count()).select_from(telemetry_series)) == 1


def test_two_writers_that_meet_a_new_series_share_it(store: Store) -> None:
    one, two = SqlTelemetry(store), SqlTelemetry(store)
    one.write("harbour", [sample(1.0)], AT)
    two.write("harbour", [sample(2.0, AT + SECOND)], AT + SECOND)
    assert len(one.read("harbour", "B2-07", "temperature", AT, AT + 2 * SECOND)) == 2


def test_a_series_whose_first_write_was_rolled_back_is_made_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry = SqlTelemetry(store)
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr("store.bulk.upsert", lambda *_: 1 // 0)
        telemetry.write("harbour", [sample(1.0)], AT)
    telemetry.write("harbour", [sample(1.0)], AT)
    assert telemetry.read("harbour", "B2-07", "temperature", AT, AT + SECOND) == [(AT, 1.0)]


def test_trouble_below_loses_points_counted_and_nothing_else(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    telemetry = SqlTelemetry(store)
    with store.begin() as tx:
        tx.conn.exec_driver_sql("ALTER TABLE telemetry_point RENAME TO telemetry_hidden")
    telemetry.write("harbour", [sample(1.0), sample(2.0, AT + SECOND)], AT)
    assert telemetry.dropped == 2
    assert "telemetry.lost" in caplog.text
    with store.begin() as tx:
        tx.conn.exec_driver_sql("ALTER TABLE telemetry_hidden RENAME TO telemetry_point")
    telemetry.write("harbour", [sample(1.0)], AT)
    assert telemetry.read("harbour", "B2-07", "temperature", AT, AT + SECOND) == [(AT, 1.0)]


def test_trim_forgets_the_old(store: Store) -> None:
    telemetry = SqlTelemetry(store)
    telemetry.write("harbour", [sample(float(i), AT + i * SECOND) for i in range(10)], AT + 10 * SECOND)
    assert telemetry.trim(AT + 4 * SECOND) == 4
    assert telemetry.read("harbour", "B2-07", "temperature", AT, AT + 10 * SECOND)[0] == (AT + 4 * SECOND, 4.0)


def test_points_may_rest_in_a_file_of_their_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/telemetry.db"
    SqlTelemetry.in_file(url).write("harbour", [sample(1.0)], AT)
    again = SqlTelemetry.in_file(url)
    assert again.read("harbour", "B2-07", "temperature", AT, AT + SECOND) == [(AT, 1.0)]


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (AT - timedelta(days=30), AT - timedelta(days=30)),  # a backlog
        (AT + timedelta(seconds=59), AT + timedelta(seconds=59)),
        (AT + timedelta(days=9 * 365), AT),
        (datetime(1970, 1, 1, tzinfo=UTC), AT),
        (datetime(1, 1, 1, tzinfo=UTC), AT),
        (datetime(9999, 1, 1, tzinfo=UTC), AT),
    ],
)
def test_a_clock_plainly_wrong_is_not_believed(said: datetime, counts: datetime) -> None:
    assert point_at(sample(1.0, said), AT) == counts


# --- as line protocol


def test_a_point_is_one_line_with_exact_nanoseconds() -> None:
    assert line("harbour", sample(21.5), AT) == "temperature,site=harbour,device=B2-07 value=21.5 1772373600123456000"
    assert line("harbour", sample(1e-9), AT).split()[1] == "value=1e-09"


def test_what_would_end_a_tag_or_a_line_is_escaped() -> None:
    told = line("a b", sample(1.0, device="x,y=z\\\n"), AT)
    assert told.startswith("temperature,site=a\\ b,device=x\\,y\\=z\\\\\\n value=1.0 ")
    assert "\n" not in told


def test_names_in_a_query_stay_strings() -> None:
    told = flux("b", "s", 'x" or true or r.a == "${secret}', "m", AT, AT + SECOND, 5)
    assert r'r.device == "x\" or true or r.a == \"\${secret}"' in told


# --- to a real server


class Victoria:
    """A VictoriaMetrics of our own, which takes InfluxDB v2 writes; it has no Flux, so reading back is by MetricsQL."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        flags = ["-search.latencyOffset=0s", "-dedup.minScrapeInterval=1ms", "-retentionPeriod=100y"]
        self.child = subprocess.Popen(
            [
                program("victoria-metrics", "apt-get install victoria-metrics"),
                *flags,
                f"-storageDataPath={self.folder}",
                f"-httpListenAddr=127.0.0.1:{self.port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self.answers)

    def answers(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/health").status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self) -> None:
        if self.child is not None:
            self.child.terminate()
            self.child.wait(20)
            self.child = None

    def points(self, match: str) -> dict[str, dict[int, float]]:
        """{device: {milliseconds: value}} of every series that matches."""
        httpx2.get(f"{self.url}/internal/force_flush")
        told = httpx2.get(f"{self.url}/api/v1/export", params={"match[]": match}).text
        series = [json.loads(row) for row in told.splitlines()]
        return {s["metric"]["device"]: dict(zip(s["timestamps"], s["values"], strict=True)) for s in series}


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victoria]:
    server = Victoria(tmp_path_factory.mktemp("victoria"))
    server.start()
    yield server
    server.stop()


def influx(url: str, **options: float) -> InfluxTelemetry:
    return InfluxTelemetry(url, "no-token", "watchroom", "watchroom", every=0.05, **options)  # type: ignore[arg-type]


def test_points_arrive_at_a_real_server_and_are_read_back(victoria: Victoria) -> None:
    telemetry = influx(victoria.url)
    heard = AT + 3000 * SECOND
    telemetry.write("harbour", [sample(i / 4, AT + i * SECOND) for i in range(3000)], heard)
    telemetry.write("harbour", [sample(7.0, device="x,y=z w")], heard)
    telemetry.close()
    assert (telemetry.sent, telemetry.dropped, telemetry.waiting) == (3001, 0, 0)
    until(lambda: len(victoria.points('temperature_value{site="harbour"}').get("B2-07", {})) == 3000)
    got = victoria.points('temperature_value{site="harbour"}')
    ms = int(AT.timestamp() * 1000)
    assert got["B2-07"][ms + 2999_000] == 2999 / 4
    assert got["x,y=z w"] == {ms: 7.0}
    query = {"query": 'max_over_time(temperature_value{device="B2-07"}[2h])', "time": str(AT.timestamp() + 3600)}
    told = httpx2.get(f"{victoria.url}/api/v1/query", params=query).json()
    assert float(told["data"]["result"][0]["value"][1]) == 2999 / 4


def test_while_the_server_is_away_points_wait_and_then_arrive(tmp_path: Path) -> None:
    server = Victoria(tmp_path / "data")
    telemetry = influx(server.url)
    before = time.monotonic()
    for i in range(20):
        telemetry.write("harbour", [sample(float(i), AT + i * SECOND)], AT + 20 * SECOND)
    assert time.monotonic() - before < 0.5
    until(lambda: telemetry.failures > 0)
    server.start()
    try:
        until(lambda: telemetry.sent == 20)
        until(lambda: len(server.points("temperature_value").get("B2-07", {})) == 20)
        telemetry.close()
    finally:
        server.stop()
    assert telemetry.dropped == 0


def test_a_full_queue_drops_the_oldest_and_counts_them() -> None:
    telemetry = influx(f"http://127.0.0.1:{free_port()}", room=100)
    for i in range(50):
        telemetry.write("harbour", [sample(float(i * 10 + j)) for j in range(10)], AT)
        time.sleep(0.002)
    until(lambda: telemetry.waiting + telemetry.dropped == 500)
    assert telemetry.waiting == 100
    assert telemetry._lines[-1].split()[1] == "value=499.0"
    assert telemetry._lines[0].split()[1] == "value=400.0"
    telemetry.close()
    assert telemetry.dropped == 500


class Scripted(BaseHTTPRequestHandler):
    """Answers writes with the statuses it was given, and one query with InfluxDB 2's annotated CSV."""

    statuses: list[int]
    asked: list[tuple[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((self.path, body))
        if urlsplit(self.path).path == "/api/v2/query":
            self._answer(200, CSV)
        else:
            self._answer(self.statuses.pop(0) if self.statuses else 204, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


CSV = (
    b"#datatype,string,long,dateTime:RFC3339,double\r\n#group,false,false,false,false\r\n#default,_result,,,\r\n"
    b",result,table,_time,_value\r\n,,0,2026-03-01T14:00:00.123456Z,21.5\r\n,,0,2026-03-01T14:00:01Z,22\r\n\r\n"
)


@pytest.fixture
def scripted() -> Iterator[tuple[str, type[Scripted]]]:
    handler = type("Handler", (Scripted,), {"statuses": [], "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_batch_called_wrong_is_dropped_so_that_the_next_can_pass(scripted: tuple[str, type[Scripted]]) -> None:
    url, handler = scripted
    handler.statuses[:] = [400, 503, 429]
    telemetry = influx(url)
    telemetry.write("harbour", [sample(1.0)], AT)
    until(lambda: telemetry.dropped == 1)
    telemetry.write("harbour", [sample(2.0)], AT)
    until(lambda: telemetry.sent == 1)
    telemetry.close()
    bodies = [body.split()[1] for _, body in handler.asked]
    assert bodies == ["value=1.0", "value=2.0", "value=2.0", "value=2.0"]
    assert telemetry.failures == 3
    asked = parse_qs(urlsplit(handler.asked[0][0]).query)
    assert (asked["bucket"], asked["org"], asked["precision"]) == (["watchroom"], ["watchroom"], ["ns"])


def test_reading_asks_in_flux_and_understands_annotated_csv(scripted: tuple[str, type[Scripted]]) -> None:
    """No InfluxDB 2 is to be had here: the answer is one in its documented form, not one of its own."""
    url, handler = scripted
    telemetry = influx(url)
    got = telemetry.read("harbour", "B2-07", "temperature", AT, AT + 2 * SECOND, limit=7)
    telemetry.close()
    assert got == [(AT, 21.5), (datetime(2026, 3, 1, 14, 0, 1, tzinfo=UTC), 22.0)]
    told = json.loads(handler.asked[0][1])["query"]
    assert "limit(n: 7)" in told
    assert "2026-03-01T14:00:00.123456Z" in told
