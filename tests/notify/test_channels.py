"""E-mail, webhooks and services: what is on the wire, what counts as delivered, and where nothing may go (ESC-08, faults §6.3)."""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notify import mail, services, webhook
from notify.addresses import NotPublic, is_public, resolve
from notify.delivery import Answered, Order, Outcome
from notify.message import Message
from notify.settings import NotifySettings
from tests.notify.conftest import HttpSink, Reply, SmtpSink

AT = datetime(2026, 3, 1, 14, tzinfo=UTC)
SECRET = "s3cret"


def order(target: str, subject: str = "【一级】火灾报警", text: str = "B2-07\n请到现场") -> Order:
    return Order("0195-notice", target, Message(subject, text), {"site": "harbour"})


async def hook(target: str, *, private: bool = True, owed: bool = True, secret: str = SECRET) -> Outcome:
    async with asyncio.timeout(5):
        return await webhook.send(order(target), secret, AT, lambda: owed, allow_private=private)


# -- webhooks


async def test_a_webhook_is_signed_over_time_and_body(http: HttpSink) -> None:
    answer = await hook(http.url("/a?b=c"))
    (got,) = http.got
    assert (answer.ok, answer.code, answer.body) == (True, "200", "ok")
    stamp = got.headers["x-watchroom-timestamp"]
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert got.headers["x-watchroom-signature"] == f"v1={expected}"
    assert stamp == str(int(AT.timestamp()))
    assert got.headers["idempotency-key"] == "0195-notice"
    assert got.path == "/a?b=c"
    said = json.loads(got.body)
    assert (said["id"], said["subject"], said["site"]) == ("0195-notice", "【一级】火灾报警", "harbour")


@pytest.mark.parametrize("status", [199 + 102, 302, 307, 308])
async def test_a_redirect_into_the_network_is_not_followed(http: HttpSink, other_http: HttpSink, status: int) -> None:
    http.replies = [Reply(status, b"", (("location", other_http.url("/inside")),))]
    answer = await hook(http.url())
    assert (answer.ok, answer.code) == (False, str(status))
    assert "redirects are not followed" in answer.body
    assert other_http.got == []


INSIDE = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://[::1]/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://user:pw@127.0.0.1/",
    "https://224.0.0.1/",
]


@pytest.mark.parametrize("target", INSIDE)
async def test_a_target_inside_the_network_is_refused(target: str) -> None:
    """SSRF, however it is spelled."""
    answer = await hook(target, private=False)
    assert (answer.ok, answer.code, answer.again) == (False, "private_target", False)


def test_addresses_out_there_are_public() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
    assert is_public("::ffff:8.8.8.8")


Found = list[tuple[object, ...]]


def answers(*addresses: str) -> Callable[..., Found]:
    """A name server that gives each of these once, and then nothing."""
    left = list(addresses)

    def look(host: str, port: int, **_: object) -> Found:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    return look


async def test_a_name_that_moves_inside_after_the_look_gains_nothing(
    http: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: one look, and the connection goes to the address that was looked at, in the name's own name."""
    monkeypatch.setattr("notify.addresses.socket.getaddrinfo", answers("127.0.0.1"))
    answer = await hook(f"http://hook.example:{http.port}/x")
    assert answer.ok  # a second look would have found nothing
    assert http.got[0].headers["host"] == f"hook.example:{http.port}"
    monkeypatch.setattr("notify.addresses.socket.getaddrinfo", answers("127.0.0.1", "93.184.216.34"))
    assert (await hook("http://hook.example/x", private=False)).code == "private_target"


async def test_a_name_with_one_address_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 80)) for a in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr("notify.addresses.socket.getaddrinfo", lambda *_a, **_k: both)
    with pytest.raises(NotPublic, match=r"10\.0\.0\.1"):
        await resolve("hook.example", 80, allow_private=False)


async def test_a_webhook_that_is_no_longer_owed_is_held_back_after_connecting(http: HttpSink) -> None:
    with pytest.raises(Answered):
        await hook(http.url(), owed=False)
    assert http.got == []


async def test_what_a_server_says_is_kept_but_not_all_of_it(http: HttpSink) -> None:
    http.replies = [Reply(400, b"\x00\xff" + b"x" * 1_000_000)]
    answer = await hook(http.url())
    assert (answer.ok, answer.code, len(answer.body) <= 2048) == (False, "400", True)
    assert answer.body.startswith("\ufffd\ufffdxxx")


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    answer = await hook(f"http://127.0.0.1:{port}/")
    assert (answer.ok, answer.code, answer.again) == (False, "ConnectError", True)
    assert (await hook("http://no-such-host.invalid/")).code == "not_resolved"


@pytest.mark.parametrize(
    "target", ["ftp://example.org/", "example.org", "", "http://", "file:///etc/passwd", "http://[::1"]
)
async def test_a_target_that_is_no_web_address_is_refused(target: str) -> None:
    answer = await hook(target)
    assert (answer.ok, answer.code, answer.again) == (False, "bad_target", False)


async def test_a_webhook_cannot_go_unsigned(http: HttpSink) -> None:
    assert (await hook(http.url(), secret="")).code == "not_set_up"
    assert http.got == []


@pytest.mark.parametrize(
    "target",
    ["https://oapi.dingtalk.com/robot/send?access_token=x", "https://open.feishu.cn/open-apis/bot/v2/hook/x"],
)
async def test_a_robot_given_as_a_webhook_is_refused_with_the_reason(target: str) -> None:
    answer = await hook(target, private=False)
    assert (answer.code, answer.again) == ("robot_unsupported", False)
    assert "drops a message" in answer.body


# -- e-mail


def post(
    sink: SmtpSink, target: str = "chen@example.org", *, owed: bool = True, subject: str | None = None, **more: object
) -> Outcome:
    made = order(target) if subject is None else order(target, subject)
    settings = NotifySettings(smtp_host="127.0.0.1", smtp_port=sink.port, timeout_s=2.0)
    return mail.send(made, msgspec.structs.replace(settings, **more), AT, lambda: owed)


def test_an_e_mail_says_it_in_both_scripts_and_the_servers_word_is_kept(smtp: SmtpSink) -> None:
    answer = post(smtp, smtp_from="值班室 <watch@example.org>")
    assert (answer.ok, answer.code, answer.body) == (True, "250", "queued as 42")
    (got,) = smtp.got
    assert (got.sender, got.to) == ("FROM:<watch@example.org>", ["TO:<chen@example.org>"])
    said = got.said
    assert said["subject"] == "【一级】火灾报警"
    assert said["message-id"] == "<0195-notice@watchroom>"
    assert said["x-watchroom-notice"] == "0195-notice"
    assert said["to"] == "chen@example.org"
    assert said.get_content().splitlines() == ["B2-07", "请到现场"]


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("RCPT", "550 no such user"),
        ("MAIL", "451 later"),
        ("END", "554 spam"),
        ("DATA", "552 full"),
        ("GREETING", "421 busy"),
    ],
)
def test_only_the_mail_servers_yes_is_a_yes(smtp: SmtpSink, verb: str, said: str) -> None:
    smtp.answers = {verb: said}
    answer = post(smtp)
    code, _, words = said.partition(" ")
    assert (answer.ok, answer.code, answer.body) == (False, code, words)


def test_a_quit_that_goes_wrong_does_not_undo_a_delivery(smtp: SmtpSink) -> None:
    """Else the same mail would go out six times."""
    smtp.answers = {"QUIT": "500 what"}
    assert post(smtp).ok


def test_a_mail_server_that_stalls_is_left(smtp: SmtpSink) -> None:
    smtp.delays = {"END": 30}
    answer = post(smtp, timeout_s=0.5)
    assert (answer.ok, answer.again) == (False, True)


def test_a_mail_server_that_drips_is_left_too() -> None:
    """One byte now and then: no single wait is ever too long."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            link, _ = server.accept()
            with link:
                link.sendall(b"220 sink\r\n")
                while not done.wait(0.1):
                    try:
                        link.sendall(b"2")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()
        settings = NotifySettings(smtp_host="127.0.0.1", smtp_port=server.getsockname()[1], timeout_s=0.6)
        answer = mail.send(order("chen@example.org"), settings, AT, lambda: True)
        done.set()
    assert not answer.ok


def test_a_mail_that_is_no_longer_owed_stops_before_its_text(smtp: SmtpSink) -> None:
    with pytest.raises(Answered):
        post(smtp, owed=False)
    assert smtp.got == []


@pytest.mark.parametrize(
    "target",
    [
        "a@example.org\r\nBcc: evil@example.org",
        "a@example.org, evil@example.org",
        "a@example.org>\r\nRCPT TO:<evil@x",
        "nobody",
        "",
        "陈@例子.公司",
    ],
)
def test_an_address_is_one_address_and_nothing_else(smtp: SmtpSink, target: str) -> None:
    answer = post(smtp, target)
    assert (answer.ok, answer.code, answer.again) == (False, "bad_target", False)
    assert smtp.got == []


def test_a_subject_with_a_line_break_never_reaches_the_server(smtp: SmtpSink) -> None:
    """Messages are made in one line; this is the second lock."""
    assert post(smtp, subject="Smoke\r\nBcc: evil@example.org").code == "bad_target"
    assert smtp.got == []


def test_without_a_mail_server_it_says_so() -> None:
    answer = mail.send(order("a@example.org"), NotifySettings(), AT, lambda: True)
    assert (answer.code, answer.again) == ("not_set_up", False)


def test_a_password_is_given_when_there_is_one(smtp: SmtpSink) -> None:
    smtp.features = ("AUTH PLAIN",)
    assert post(smtp, smtp_user="watch", smtp_password="pw").ok
    assert smtp.got[0].login == ":watch:pw"
    smtp.answers = {"AUTH": "535 no"}
    assert post(smtp, smtp_user="watch", smtp_password="pw").code == "535"


def test_starttls_trusts_only_a_known_certificate(
    smtp: SmtpSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp.tls = self_signed(tmp_path)
    smtp.features = ("AUTH PLAIN",)
    stranger = post(smtp, smtp_starttls=True, smtp_user="watch", smtp_password="pw")
    assert (stranger.ok, stranger.code) == (False, "SSLCertVerificationError")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    assert post(smtp, smtp_starttls=True, smtp_user="watch", smtp_password="pw").ok
    assert [(got.tls, got.login) for got in smtp.got] == [(True, ":watch:pw")]


def test_a_server_without_starttls_gets_no_mail_where_it_was_asked_for(smtp: SmtpSink) -> None:
    """Nobody on the way can talk us out of it."""
    assert not post(smtp, smtp_starttls=True).ok
    assert smtp.got == []


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    today = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(cert.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


# -- services

# what apprise's own e-mail plugin imports
old_imghdr = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


async def service(target: str, *, private: bool = True, owed: bool = True) -> Outcome:
    return await services.send(order(target), 2.0, lambda: owed, allow_private=private)


@old_imghdr
async def test_any_apprise_service_can_be_told(http: HttpSink) -> None:
    answer = await service(f"json://127.0.0.1:{http.port}/x")
    assert (answer.ok, answer.code) == (True, "delivered")
    assert json.loads(http.got[0].body)["title"] == "【一级】火灾报警"


@old_imghdr
async def test_two_sends_do_not_wait_for_each_other(http: HttpSink) -> None:
    """Apprise throttles per object: 5.5 s between two messages of one."""
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(service(f"json://127.0.0.1:{http.port}/x") for _ in range(4)))
    assert asyncio.get_running_loop().time() - started < 4
    assert len(http.got) == 4


@old_imghdr
async def test_a_service_that_fails_is_not_a_success_even_where_it_is_called_optional(http: HttpSink) -> None:
    http.replies = [Reply(500, b"bad luck")]
    for target in (f"json://127.0.0.1:{http.port}/x", f"json://127.0.0.1:{http.port}/x?optional=yes"):
        answer = await service(target)
        assert (answer.ok, answer.code == "delivered", answer.again) == (False, False, True)
        assert "500" in answer.body


@old_imghdr
@pytest.mark.parametrize(
    "target",
    [
        "dingtalk://token",
        "wecombot://key",
        "feishu://token",
        "lark://token",
        "WECOM://x",
        "json://oapi.dingtalk.com/robot",
    ],
)
async def test_the_chinese_robots_are_refused_with_the_reason(target: str) -> None:
    answer = await service(target, private=False)
    assert (answer.ok, answer.code, answer.again) == (False, "robot_unsupported", False)


@old_imghdr
async def test_a_service_inside_the_network_is_refused(http: HttpSink) -> None:
    answer = await service(f"json://127.0.0.1:{http.port}/x", private=False)
    assert (answer.code, http.got) == ("private_target", [])


@old_imghdr
async def test_a_service_nobody_knows_is_refused() -> None:
    assert (await service("nonsense://x")).code == "bad_target"
    assert (await service("")).code == "bad_target"


@old_imghdr
async def test_a_service_is_not_told_once_the_alert_is_answered(http: HttpSink) -> None:
    with pytest.raises(Answered):
        await service(f"json://127.0.0.1:{http.port}/x", owed=False)
    assert http.got == []
