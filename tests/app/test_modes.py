"""The ways to run it, as a person would: demo, up, and one process a role (SITE-01, IOT-07, ROLE-02)."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.settings import Settings
from ingest.credentials import gateway_password
from ingest.ports import free_port
from tests.app.running import ROOT, Page, Running, alive
from tests.servers import Mosquitto

PACK = "packs/lakeside-office"
SITE = "lakeside-office"


SignIn = Callable[[str, str, str], Page]


@pytest.fixture
def sign_in() -> Iterator[SignIn]:
    """Pages that are closed when the test ends."""
    with ExitStack() as leaving:

        def opened(url: str, login: str, password: str) -> Page:
            page = Page(url, login, password)
            leaving.callback(page.client.close)
            return page

        yield opened


def say(port: int, device: str, kind: str) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as door:
        door.sendall(json.dumps({"device": device, "kind": kind}).encode() + b"\n")
        assert json.loads(door.makefile().readline())["ok"]


def trigger(data: Path, site: str, device: str, kind: str) -> None:
    """Through the running demo's own gateway, as `watchroom sim trigger` does."""
    estate = json.loads((data / "estate" / site / "estate.json").read_text())
    say(estate["gateways"][estate["devices"][device]], device, kind)


def test_the_demo_goes_from_sensor_to_signed_off_alert_and_ctrl_c_leaves_nothing(
    tmp_path: Path, sign_in: SignIn
) -> None:
    demo = Running(tmp_path / "log", "demo", "--no-story", "--port", "0", "--data", str(tmp_path / "demo"))
    try:
        url = demo.await_text(r"open\s+(http://\S+)")
        page = sign_in(url, "chumin", "demo")
        site = "/sites/harbour-garden"
        page.until(f"{site}/snapshot", lambda s: all(g["state"] == "online" for g in s["gateways"]))
        trigger(tmp_path / "demo", "harbour-garden", "B2-07", "fire.alarm")
        snapshot = page.until(f"{site}/snapshot", lambda s: s["alerts"])
        (alert,) = snapshot["alerts"]
        assert (alert["kind"], alert["subject"], alert["state"]) == ("fire.alarm", "B2-07", "raised")
        one = f"{site}/alerts/{alert['id']}"
        holder = alert["holder_id"].replace("-", "")
        if holder != "chumin":
            assert page.post(f"{one}/ack")["outcome"] == "witness"
        responsible = sign_in(url, holder, "demo")
        assert responsible.post(f"{one}/ack")["outcome"] == "custody"
        trigger(tmp_path / "demo", "harbour-garden", "B2-07", "fire.restore")
        page.until(one, lambda a: a["alert"]["clear_said"])
        responsible.post(f"{one}/reset")
        closed = responsible.post(f"{one}/dispose", disposition="false_alarm", cause="cooking", note="厨房油烟")[
            "alert"
        ]
        assert (closed["state"], closed["closed_by"]) == ("closed", alert["holder_id"])
        assert page.get(f"{site}/logbook/verify")["ok"]
        story = [line["act"] for line in page.get(one)["history"]]
        assert story[0] == "alert.raise"
        assert story[-1] == "alert.dispose"
        family = demo.family()
        assert len(family) >= 4  # a broker and gateways
    finally:
        demo.stop(signal.SIGINT)
    time.sleep(0.5)
    assert not [pid for pid in family if alive(pid)]


def test_up_prints_a_one_time_password_once_and_admits_the_gateways_of_an_imported_site(
    tmp_path: Path, sign_in: SignIn
) -> None:
    data, port, broker = tmp_path / "data", free_port(), free_port()
    env = {"WATCHROOM_DATA": str(data), "WATCHROOM_PORT": str(port), "WATCHROOM_BROKER_PORT": str(broker)}
    server = Running(tmp_path / "log", "up", **env)
    gateway = None
    try:
        word = server.await_text(r"one-time password (\S+)")
        url = server.await_text(r"open (http://\S+)")
        imported = Running(tmp_path / "import.log", "site", "import", PACK, **env)
        assert imported.child.wait(60) == 0, imported.text()
        assert Running(tmp_path / "again.log", "site", "import", PACK, **env).child.wait(60) == 0
        admin = sign_in(url, "admin", word)
        assert admin.me["must_change"]
        assert admin.client.get(f"{admin.base}/sites/{SITE}/snapshot").status_code == 403
        admin.post("/session/password", old=word, new="a much better one")
        secret = gateway_password((data / "keys" / "secret").read_bytes().strip(), SITE, "gw-main", 1)
        intake = free_port()
        words = ["gateway", "run", "--site", SITE, "--id", "gw-main", "--broker", f"mqtt://127.0.0.1:{broker}"]
        words += ["--spool", str(tmp_path / "spool"), "--intake", str(intake), "--password-env", "GW"]
        gateway = Running(tmp_path / "gateway.log", *words, GW=secret)
        gateway.await_text("listens on")
        device = next(iter(admin.get(f"/sites/{SITE}/register")["devices"]))
        say(intake, device, "device.tamper")
        admin.until(f"/sites/{SITE}/snapshot", lambda s: any(a["kind"] == "device.tamper" for a in s["alerts"]))
        roles = admin.get("/health/roles")
        assert all(r["ok"] for r in (roles["roles"] if isinstance(roles, dict) else roles)), roles
        assert oct((data / "watchroom.db").stat().st_mode)[-3:] == "600"
    finally:
        if gateway is not None:
            gateway.stop()
        assert server.stop() == 0
    again = Running(tmp_path / "log2", "up", **env)
    try:
        again.await_text(r"open http")
        assert "one-time password" not in again.text()
    finally:
        again.stop()


def test_a_signal_during_the_start_ends_the_server_and_is_not_lost(tmp_path: Path) -> None:
    env = {"WATCHROOM_DATA": str(tmp_path / "data"), "WATCHROOM_BROKER_PORT": str(free_port())}
    for turn in range(3):
        server = Running(tmp_path / f"log{turn}", "up", "--port", "0", **env)
        server.await_text(r"open http", patience=30, every=0.002)
        assert server.stop() == 0


STRUCK = """
import signal, threading, time
from types import SimpleNamespace
from app.roles import Roles
from app.serve import wait

def struck(stopping):
    time.sleep(1)  # the main thread has begun to wait
    signal.pthread_kill(threading.get_ident(), signal.{name})
    stopping.wait()

roles = Roles()
roles.add("struck", struck)
wait(SimpleNamespace(roles=roles, close=roles.stop))
print("closed in good order", roles.all["struck"].state)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_a_process_of_roles_whichever_thread_it_strikes(name: str) -> None:
    """The system chooses the thread, and seldom another than the main one; here it always is."""
    command = [sys.executable, "-c", STRUCK.format(name=name)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout == "closed in good order stopped\n"


def test_a_taken_port_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        server = Running(tmp_path / "log", "up", "--port", port, WATCHROOM_DATA=str(tmp_path / "d"))
        assert server.child.wait(30) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in server.text()
    assert "Traceback" not in server.text()


@pytest.mark.timeout(180)
def test_one_process_a_role_on_postgresql_and_a_broker_of_ones_own(
    postgres_url: str, tmp_path: Path, sign_in: SignIn
) -> None:
    """What docker-compose.yml runs, without the containers: real users and rights in Mosquitto, four processes."""
    from tests.servers import program

    door, own_door, port = free_port(), free_port(), free_port()
    (tmp_path / "secret").write_text("3b1c9e5d7f20a4868d1e5b7c92f4a6083b1c9e5d7f20a486")
    # the fixture's schema has no revision; a deployment begins with nothing
    url = postgres_url
    env = {
        "WATCHROOM_STORE": url,
        "WATCHROOM_DATA": str(tmp_path / "data"),
        "WATCHROOM_SECRET_FILE": str(tmp_path / "secret"),
        "WATCHROOM_BROKER": f"mqtt://127.0.0.1:{own_door}",
        "WATCHROOM_PORT": str(port),
    }
    _empty(url)
    imported = Running(tmp_path / "import.log", "site", "import", PACK, **env)
    assert imported.child.wait(60) == 0, imported.text()
    folder = tmp_path / "mosquitto"
    words = ["broker", "config", "--mosquitto", str(folder), "--port", str(door), "--server-port", str(own_door)]
    made = Running(tmp_path / "config.log", *words, "--run-as", "root", **env)
    assert made.child.wait(60) == 0, made.text()
    broker = Mosquitto(tmp_path / "unused")
    broker.port, broker.config = door, folder / "mosquitto.conf"
    command = [program("mosquitto", "apt-get install mosquitto", "/usr/sbin"), "-c", str(broker.config)]
    broker.command = lambda: command  # type: ignore[method-assign]
    processes: list[Running] = []
    try:
        # before the broker: nothing leans on the order of starting
        processes += [Running(tmp_path / f"{n}.log", "role", n, **env) for n in ("api", "ingest", "sweep", "notify")]
        broker.start()
        word = processes[0].await_text(r"one-time password (\S+)")
        page = sign_in(processes[0].await_text(r"open (http://\S+)"), "admin", word)
        page.post("/session/password", old=word, new="a much better one")
        secret = gateway_password((tmp_path / "secret").read_bytes(), SITE, "gw-main", 1)
        intake = free_port()
        words = ["gateway", "run", "--site", SITE, "--id", "gw-main", "--broker", f"mqtt://127.0.0.1:{door}"]
        words += ["--spool", str(tmp_path / "spool"), "--intake", str(intake), "--password-env", "GW"]
        processes.append(Running(tmp_path / "gateway.log", *words, GW=secret))
        processes[-1].await_text("listens on")
        device = next(iter(page.get(f"/sites/{SITE}/register")["devices"]))
        say(intake, device, "fire.alarm")
        seen = page.until(f"/sites/{SITE}/snapshot", lambda s: any(a["kind"] == "fire.alarm" for a in s["alerts"]))
        (alert,) = [a for a in seen["alerts"] if a["kind"] == "fire.alarm"]
        before = alert["rung"]
        page.until(f"/sites/{SITE}/alerts/{alert['id']}", lambda a: a["alert"]["rung"] > before, patience=60)
    finally:
        with ExitStack() as leaving:  # each, whatever becomes of another
            leaving.callback(broker.stop)
            for process in reversed(processes):
                leaving.callback(process.stop)


def _empty(url: str) -> None:
    from sqlalchemy import text

    from store.db import Store

    db = Store(url)
    with db.begin() as tx:
        tx.conn.execute(text("DROP SCHEMA public CASCADE"))
        tx.conn.execute(text("CREATE SCHEMA public"))
    db.close()


def test_the_roles_of_many_processes_refuse_sqlite(tmp_path: Path) -> None:
    server = Running(tmp_path / "log", "role", "ingest", WATCHROOM_DATA=str(tmp_path))
    assert server.child.wait(30) == 2
    assert "WATCHROOM_STORE" in server.text()


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())
