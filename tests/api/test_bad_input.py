"""What the edge is sent that it should not be (issue list: malformed, wrong types, huge, deep, NaN, surrogates, foreign)."""

import json
import time
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from sites.tables import account
from tests.api.conftest import MINE, SECRET, House

ME = "/api/v1/session"
SITE = f"/api/v1/sites/{MINE}"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"login": "wang"}',
        b'{"login": 1, "password": "x"}',
        b'{"login": ["wang"], "password": {"$ne": ""}}',
        b'{"login": NaN, "password": Infinity}',
        b'{"login": "\\ud800", "password": "x"}',
        b'{"login": "wa\\u0000ng", "password": "x"}',
        b'{"login": "", "password": ""}',
        b'{"login": "' + b"w" * 65 + b'", "password": "x"}',
        b'{"login": "wang", "password": "' + b"p" * 300 + b'"}',
        b'{"login": "wang", "password": "x", "admin": true}',
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    ],
)
async def test_a_body_that_is_not_what_is_asked_for_is_refused_by_name(house: House, body: bytes) -> None:
    async with house.client() as browser:
        answer = await browser.post(ME, content=body, headers=JSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"


async def test_a_surrogate_in_a_password_is_only_a_wrong_password(house: House) -> None:
    async with house.client() as browser:
        answer = await browser.post(ME, content=b'{"login": "wang", "password": "\\ud800\\u0000"}', headers=JSON)
    assert answer.status_code in {401, 422}


async def test_the_refusal_names_the_field_and_never_repeats_what_was_sent(house: House) -> None:
    async with house.client("wang") as browser:
        answer = await browser.post(f"{SITE}/reports", json={"kind": "manual.report", "zone": "b7;DROP TABLE alert"})
    assert answer.json()["field"] == "zone"
    assert "DROP" not in answer.text


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_a_megabyte_is_not_read(house: House, chunked: bool) -> None:
    async def pieces() -> Any:
        for _ in range(1024):
            yield b"x" * 1024

    async with house.client("wang") as browser:
        content = pieces() if chunked else b"x" * (1 << 20)
        answer = await browser.post(f"{SITE}/reports", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_only_json_is_understood(house: House, kind: str) -> None:
    """A form from another site can send these without asking first."""
    async with house.client() as browser:
        body = b'{"login": "wang", "password": "demo"}'
        assert (await browser.post(ME, content=body, headers={"content-type": kind})).status_code == 422


# fields that are not for the caller to set


async def test_nothing_can_be_set_by_the_way(house: House, alert_id: str) -> None:
    """Alerta 087cfc2b: every column of the tables, sent to every command."""
    columns = {c.name: "admin" for c in account.c} | {
        "roles": ["admin"],
        "admin": True,
        "by": "zhao",
        "at": "2020-01-01",
    }
    own = {
        "ack": {},
        "reset": {},
        "release": {"reason": "r"},
        "note": {"text": "t"},
        "dispose": {"disposition": "test"},
    }
    with house.db.read() as conn:
        before = conn.execute(select(account)).all()
    async with house.client("wang") as browser:
        for name, good in own.items():
            for extra, value in columns.items():
                if extra in good:
                    continue
                answer = await browser.post(f"{SITE}/alerts/{alert_id}/{name}", json=good | {extra: value})
                assert (answer.status_code, answer.json()["field"]) == (422, extra)
    with house.db.read() as conn:
        assert conn.execute(select(account)).all() == before
    assert house.night.only().state == "raised"


async def test_who_acts_is_who_is_signed_in(house: House, alert_id: str) -> None:
    """ASVS 4.1.3: headers that a proxy might set are not believed."""
    spoof = {"x-forwarded-user": "zhao", "x-user": "zhao", "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1"}
    async with house.client("li", **spoof) as browser:
        assert (await browser.post(f"{SITE}/alerts/{alert_id}/ack", json={})).json()["outcome"] == "witness"
        assert (await browser.get("/metrics")).status_code == 403


# addresses


NAUGHTY = [
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%2e%2e",
    "{id}",
    ":id",
    "*",
    "'%20OR%201=1--",
    "a{2,}b",
    "%F0%9F%94%A5",
    "%ED%A0%80",
    "x" * 3000,
    "01900000-0000-7000-8000-00000000000G",
    "%0d%0aset-cookie:x=1",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${jndi:ldap:x}",
]


@pytest.mark.parametrize("naughty", NAUGHTY)
async def test_a_wild_id_is_refused_quietly_and_quickly(house: House, naughty: str) -> None:
    """CVE-2021-39226, CVE-2026-34400, GHSA-q8jx-q884-jcq9."""
    began = time.monotonic()
    async with house.client("the-manager") as browser:
        for path in (
            f"{SITE}/alerts/{naughty}",
            f"{SITE}/events/{naughty}",
            f"{SITE}/plans/{naughty}.svg",
            f"/api/v1/sites/{naughty}/snapshot",
        ):
            answer = await browser.get(path)
            assert answer.status_code in {404, 422}
            assert answer.headers["content-type"] == "application/problem+json"
            assert "set-cookie" not in answer.headers
        for query in ("events?device=", "events?kind=", "events?before=", "logbook?subject=", "alerts?state="):
            answer = await browser.get(f"{SITE}/{query}{naughty}")
            assert answer.status_code in {200, 422}
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=999999999999", "limit=NaN", "before=yesterday", "before=0000-00-00", "limit=1e3"],
)
async def test_a_page_that_cannot_be_turned_is_refused(house: House, query: str) -> None:
    async with house.client("wang") as browser:
        assert (await browser.get(f"{SITE}/events?{query}")).status_code == 422


@pytest.mark.parametrize(
    "before", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-03-01T00:00:00", "1", "2038-01-19"]
)
async def test_a_moment_far_off_is_only_far_off(any_house: House, before: str) -> None:
    async with any_house.client("wang") as browser:
        for what in ("events", "alerts", "rejects"):
            answer = await browser.get(f"{SITE}/{what}", params={"before": before})
            assert answer.status_code in {200, 403, 422}


async def test_a_date_line_does_not_overflow_the_clock(house: House) -> None:
    async with house.client("wang") as browser:
        for before in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"):
            assert (await browser.get(f"{SITE}/events", params={"before": before})).status_code in {200, 422}


async def test_what_does_not_exist_is_a_problem_too(house: House) -> None:
    async with house.client("wang") as browser:
        for method, path, status, code in [
            ("GET", "/api/v1/nothing", 404, "not_found"),
            ("GET", "/api/", 404, "not_found"),
            ("PUT", ME, 405, "method_not_allowed"),
            ("DELETE", f"{SITE}/alerts", 405, "method_not_allowed"),
            ("GET", f"{SITE}/duty/sign-on", 405, "method_not_allowed"),
        ]:
            answer = await browser.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (status, code), path


async def test_the_framework_serves_no_pages_of_its_own(house: House) -> None:
    async with house.client() as browser:
        for path in ("/docs", "/redoc", "/openapi.json", "/api/v1/docs", "/api/v1/openapi.json"):
            assert "swagger" not in (await browser.get(path)).text.casefold()


# words that are only words


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "<img src=x onerror=alert(1)>", "{{7*7}}", "__import__('os')", "日本\u202e語", "🔥" * 500],
)
async def test_wild_words_are_kept_as_words(any_house: House, text: str) -> None:
    """CVE-2023-40577, GHSA-p5pp-x5q2-hgm9."""
    any_house.night.say("fire.alarm")
    alert = any_house.night.only().id
    async with any_house.client("wang") as browser:
        assert (await browser.post(f"{SITE}/alerts/{alert}/note", json={"text": text})).status_code == 200
        story = await browser.get(f"{SITE}/alerts/{alert}")
    assert story.headers["content-type"] == "application/json"
    assert story.headers["x-content-type-options"] == "nosniff"
    assert story.json()["history"][-1]["data"]["text"] == text


@pytest.mark.parametrize("text", ["", "   ", "a\u0000b", "\x1b[31m", "x" * 4001])
async def test_words_that_are_none_are_refused(any_house: House, text: str) -> None:
    any_house.night.say("fire.alarm")
    async with any_house.client("wang") as browser:
        answer = await browser.post(f"{SITE}/alerts/{any_house.night.only().id}/note", json={"text": text})
    assert (answer.status_code, answer.json()["field"]) == (422, "text")


# when something is broken


async def test_a_store_that_is_away_fails_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """ASVS 16.5.2-3, I16: nothing succeeds that would fail otherwise; it says so, and tells no more."""

    def away() -> Any:
        raise OperationalError("SELECT password_hash FROM account", {"login": SECRET}, Exception("disk on fire"))

    async with house.client("wang") as browser:
        monkeypatch.setattr(house.db, "read", away)
        for path in ("/api/v1/health", ME, f"{SITE}/snapshot"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert "SELECT" not in answer.text


async def test_a_fault_of_ours_tells_no_secrets(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2023-40171, ASVS 16.5.1."""

    def broken() -> Any:
        raise ValueError(SECRET)

    async with house.client("wang") as browser:
        monkeypatch.setattr(house.db, "read", broken)
        answer = await browser.get(f"{SITE}/snapshot")
    assert (answer.status_code, answer.json()["code"]) == (500, "fault")
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text


async def test_every_answer_carries_the_headers_that_bind_a_browser(house: House) -> None:
    async with house.client("wang") as browser:
        for path in (ME, "/", "/api/v1/nothing", "/alerts/5"):
            headers = (await browser.get(path)).headers
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "access-control-allow-origin" not in headers
        assert (await browser.get(ME)).headers["cache-control"] == "no-store"
        assert json.loads((await browser.get(ME)).text)["login"] == "wang"
