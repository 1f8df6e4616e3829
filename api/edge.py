"""What stands around every request: who may command us from a browser, and the headers that every answer carries."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import LacksHeader, TooLarge, WrongOrigin
from api.problems import problem
from core.errors import Refusal

MAX_BODY: Final = 64 * 1024
MAX_BOOK: Final = 1024 * 1024  # every route of a large site, with the tasks of each point
MAX_UPLOAD: Final = 10 * 1024 * 1024
_UPLOAD: Final = re.compile(r"/api/v1/sites/[^/]+/(logbook/attachments|patrol/photos)")
_BOOK: Final = re.compile(r"/api/v1/sites/[^/]+/patrol/book(/preview)?")
_FORMS: Final = frozenset({"/t", "/t/in"})  # pages without a script, which cannot send the header
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Edge:
    """Refuses commands that another site's page may have sent; adds the security headers."""

    def __init__(self, app: ASGIApp, *, secure: bool, origins: Collection[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._headers = dict(_HEADERS)
        if secure:
            self._headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await problem(refusal)(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Refusal | None:
        """A page elsewhere can make a browser send a form, but not this header, and not without saying where from."""
        if scope["method"] in _SAFE:
            return None
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:12]) > _most(
            scope["path"]
        ):  # one of unknown length is cut off while it is read
            return TooLarge()
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            return WrongOrigin()
        origin = headers.get("origin")
        if origin is not None and not self._ours(origin, headers.get("host", "")):
            return WrongOrigin()
        if scope["path"] in _FORMS:
            return None if origin is not None or headers.get("sec-fetch-site") == "same-origin" else WrongOrigin()
        return None if headers.get("x-watchroom") == "1" else LacksHeader()

    def _ours(self, origin: str, host: str) -> bool:
        return origin in self._origins or urlsplit(origin).netloc.casefold() == host.casefold()


def _most(path: str) -> int:
    """How many bytes may be sent there."""
    if _UPLOAD.fullmatch(path):
        return MAX_UPLOAD
    return MAX_BOOK if _BOOK.fullmatch(path) else MAX_BODY
