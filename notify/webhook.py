"""Signed webhooks.

    POST target
    Idempotency-Key: the notice's id, the same on every try
    X-Watchroom-Timestamp: seconds since 1970
    X-Watchroom-Signature: v1=HEX, HMAC-SHA256(secret, timestamp + "." + body)

Only a 2xx answer counts. Redirects are not followed: who may receive alarms is settled in the site's register.
"""

import hashlib
import hmac
import ssl
from datetime import datetime
from functools import cache
from typing import Any

import httpx2
import msgspec

from notify.addresses import ROBOT_HOSTS, NotPublic, resolve, robot
from notify.delivery import BODY_BYTES, Answered, Order, Outcome, StillOwed, kept, refused
from notify.threads import beside


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the receiver computes too, and compares in constant time; it should refuse a timestamp older than minutes."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def send(order: Order, secret: str, at: datetime, still_owed: StillOwed, *, allow_private: bool) -> Outcome:
    """POST the notice to its target. Raises Answered when it is no longer owed once the connection stands."""
    try:
        url = httpx2.URL(order.target)
    except httpx2.InvalidURL as wrong:
        return refused("bad_target", str(wrong))
    if url.scheme not in {"http", "https"} or not url.host:
        return refused("bad_target", "a webhook's target is an http or https URL")
    if url.host in ROBOT_HOSTS:
        return robot(ROBOT_HOSTS[url.host])
    if not secret:
        return refused("not_set_up", "no webhook secret is set")
    try:
        address = await resolve(
            url.host, url.port or (443 if url.scheme == "https" else 80), allow_private=allow_private
        )
    except NotPublic as inside:
        return refused("private_target", str(inside))
    except (OSError, UnicodeError) as wrong:
        return Outcome(ok=False, code="not_resolved", body=kept(str(wrong)))
    try:
        return await _post(_request(order, url, address, secret, at, still_owed))
    except httpx2.HTTPError as wrong:
        return Outcome(ok=False, code=type(wrong).__name__, body=kept(str(wrong)))


def _request(
    order: Order, url: httpx2.URL, address: str, secret: str, at: datetime, still_owed: StillOwed
) -> httpx2.Request:
    """To the address that was looked at, in the name that was asked for."""
    said = {"id": order.id, "subject": order.message.subject, "text": order.message.text, **order.facts}
    body = msgspec.json.encode(said, order="sorted")
    timestamp = str(int(at.timestamp()))
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Content-Type": "application/json",
        "User-Agent": "Watchroom",
        "Accept-Encoding": "identity",
        "Idempotency-Key": order.id,
        "X-Watchroom-Timestamp": timestamp,
        "X-Watchroom-Signature": signature(secret, timestamp, body),
    }

    async def trace(event: str, _: dict[str, Any]) -> None:
        if event == "http11.send_request_headers.started" and not await beside(still_owed):
            raise Answered

    there = url.copy_with(host=address, username=None, password=None) if url.userinfo else url.copy_with(host=address)
    extensions = {"sni_hostname": url.host, "trace": trace}
    return httpx2.Request("POST", there, headers=headers, content=body, extensions=extensions)


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than sending."""
    return ssl.create_default_context()


async def _post(request: httpx2.Request) -> Outcome:
    async with httpx2.AsyncClient(verify=_tls(), trust_env=False, follow_redirects=False, timeout=None) as client:
        answer = await client.send(request, stream=True)
        body = b""
        try:
            async for part in answer.aiter_raw():
                body += part
                if len(body) >= BODY_BYTES:
                    break
        finally:
            await answer.aclose()
    if answer.is_redirect:
        to = answer.headers.get("location", "")
        return Outcome(ok=False, code=str(answer.status_code), body=kept(f"redirects are not followed: {to}"))
    return Outcome(ok=answer.is_success, code=str(answer.status_code), body=kept(body))
