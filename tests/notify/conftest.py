"""A mail server and a web server that write down what they get and answer as told, and a watch that is owed notices."""

import base64
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec
import pytest

from alerts import store as alert_store
from alerts.climb import Notice
from alerts.rules import Act, Alert, step
from core.ids import fresh
from logbook import entries
from notify.flow import run_notify
from notify.settings import NotifySettings
from store.db import Store
from tests.alerts.test_rules import an_alert
from tests.night import HARBOUR

SITE = "harbour"


def now() -> datetime:
    return datetime.now(UTC)


class Got(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: datetime


class Reply(NamedTuple):
    """What to answer, after how long."""

    status: int = 200
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()
    after_s: float = 0.0


class HttpSink:
    """Answers with `replies` in turn, the last one for ever."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.replies = [Reply()]
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                sink.got.append(Got(self.path, {k.lower(): v for k, v in self.headers.items()}, body, now()))
                reply = sink.replies[min(len(sink.got), len(sink.replies)) - 1]
                sink.closing.wait(reply.after_s)
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.closing = threading.Event()
        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


class Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that gave up is what some tests are about."""


@dataclass
class Mail:
    """One message as it came over the wire."""

    sender: str
    to: list[str]
    raw: bytes
    login: str | None
    tls: bool
    at: datetime

    @property
    def said(self) -> EmailMessage:
        made = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(made, EmailMessage)
        return made


@dataclass
class SmtpSink:
    """A mail server of a few words. `answers` overrides the reply to a verb, `delays` waits before it."""

    answers: dict[str, str] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    got: list[Mail] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    sink.serve(self)
                finally:
                    self.connection.close()

        self.closing = threading.Event()
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=True)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self, link: Any) -> None:
        """One connection, from the greeting to QUIT."""
        sender, to, login, secure = "", [], None, False

        def reply(verb: str, text: str) -> None:
            self.closing.wait(self.delays.get(verb, 0))
            link.wfile.write(self.answers.get(verb, text).encode() + b"\r\n")

        reply("GREETING", "220 sink")
        while line := link.rfile.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            if verb.upper() == "EHLO":
                features = [*self.features, *(["STARTTLS"] if self.tls and not secure else []), "8BITMIME"]
                link.wfile.write("".join(f"250-{f}\r\n" for f in ["sink", *features]).encode() + b"250 HELP\r\n")
            elif verb.upper() == "STARTTLS" and self.tls:
                reply("STARTTLS", "220 go on")
                link.connection = self.tls.wrap_socket(link.connection, server_side=True, do_handshake_on_connect=False)
                link.connection.do_handshake()
                link.rfile, link.wfile = link.connection.makefile("rb"), link.connection.makefile("wb", 0)
                secure = True
            elif verb.upper() == "AUTH":
                login = base64.b64decode(rest.split()[-1]).decode().replace("\0", ":")
                reply("AUTH", "235 welcome")
            elif verb.upper() == "DATA":
                reply("DATA", "354 go on")
                raw = b""
                while (part := link.rfile.readline()) not in {b".\r\n", b""}:
                    raw += part[1:] if part.startswith(b".") else part
                self.got.append(Mail(sender, to, raw, login, secure, now()))
                reply("END", "250 queued as 42")
            elif verb.upper() == "QUIT":
                reply("QUIT", "221 bye")
                return
            else:
                sender = rest if verb.upper() == "MAIL" else sender
                to = [*to, rest] if verb.upper() == "RCPT" else to
                reply(verb.upper(), "250 ok")

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def http() -> Iterator[HttpSink]:
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture
def other_http() -> Iterator[HttpSink]:
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    sink = SmtpSink()
    yield sink
    sink.close()


class Watch:
    """Alerts that ring and the notices they owe, without the path that makes them."""

    def __init__(self, store: Store, **settings: Any) -> None:
        self.store = store
        self.register = HARBOUR
        base: dict[str, Any] = {
            "public_url": "https://watch.example",
            "webhook_secret": "s3cret",
            "allow_private_targets": True,
            "timeout_s": 1.0,
            "claim_s": 2.0,
            "pauses_s": (0.05, 0.05, 0.05, 0.05, 0.05),
        }
        self.settings = NotifySettings(**base | settings)
        self.number = 0

    def ring(self, **more: Any) -> Alert:
        self.number += 1
        alert = an_alert(site_id=SITE, id=fresh(now()), number=self.number, zone_id="b7", heard_at=now(), **more)
        with self.store.begin([SITE]) as tx:
            alert_store.insert(tx, [alert])
        return alert

    def owe(self, alert: Alert, channel: str, target: str, person: str = "chen", *, rung: int = 1) -> str:
        owed = Notice(fresh(now()), alert.id, alert.ring, rung, person, channel, target, now() - timedelta(seconds=1))
        with self.store.begin([SITE]) as tx:
            alert_store.insert_notices(tx, SITE, [owed])
            entries.append(tx, SITE, [])
        return owed.id

    def ack(self, alert: Alert, *, cancel: bool = True) -> datetime:
        """Answer as the acts do; `cancel=False` leaves the rows alone, as if that had been forgotten."""
        at = now()
        with self.store.begin([SITE]) as tx:
            after, line = step(alert, Act.ACK, at=at, by="wang")
            alert_store.save(tx, [(alert, after)])
            entries.append(tx, SITE, [line])
            if cancel:
                alert_store.cancel_notices(tx, SITE, alert.id, at)
        return now()

    def change(self, alert: Alert, **more: Any) -> None:
        with self.store.begin([SITE]) as tx:
            after = msgspec.structs.replace(alert, version=alert.version + 1, **more)
            alert_store.save(tx, [(alert, after)])

    def row(self, alert: Alert, notice_id: str | None = None) -> dict[str, Any]:
        with self.store.read() as conn:
            rows = alert_store.notices(conn, SITE, alert.id)
        return next(r for r in rows if notice_id in {None, r["id"]})

    def log(self, alert: Alert) -> list[entries.Entry]:
        with self.store.read() as conn:
            found = entries.history(conn, SITE, f"alert/{alert.id}")
        return [entry for entry in found if entry.act.startswith("notice.")]

    @contextmanager
    def notifying(self) -> Iterator[None]:
        """The role runs meanwhile."""
        stopping = threading.Event()
        args = (self.store, lambda _conn, _site: self.register, self.settings, now, stopping)
        thread = threading.Thread(target=run_notify, args=args, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join(10)
            assert not thread.is_alive()


def until(true: Callable[[], object], seconds: float = 8.0) -> None:
    """Wait for it; fail when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def watch(store: Store) -> Watch:
    return Watch(store)


@pytest.fixture
def quick(sqlite_url: str) -> Iterator[Watch]:
    """On one database: for what has nothing to do with it."""
    store = Store(sqlite_url)
    yield Watch(store)
    store.close()
