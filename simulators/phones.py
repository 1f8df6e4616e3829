"""A guard's phone without its screen: it signs in, keeps its taps in their chain, and brings them over real HTTP.

What is asked of the server is what the guard's own pages ask of it; nothing here knows more than a phone does.
"""

import hashlib
import io
import secrets
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any, Final, Self
from urllib.parse import urlencode

import httpx2
from PIL import Image

from core.clock import Clock
from core.ids import fresh
from patrol import outbox

API: Final = "/api/v1"
BATCH: Final = 100  # taps that one request may bring
EDITED: Final = "0" * 64  # a hash that no tap has


class Refused(RuntimeError):  # noqa: N818 - said to whoever holds the phone
    """The server does not do what was asked, and says why."""


class Phone:
    """One phone in one person's hands. `client`: its name, which two people share when they share the phone."""

    def __init__(self, url: str, login: str, now: Clock, client: str = "") -> None:
        self.url, self.login, self.now = url.rstrip("/"), login, now
        self.client = client or f"sim-{secrets.token_hex(6)}"
        self.http = httpx2.Client(base_url=self.url, headers={"X-Watchroom": "1"}, timeout=30)
        self.site, self.person, self._n, self._last = "", "", 0, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def sign_in(self, password: str, pin: str = "", site: str = "") -> None:
        """By password; then, with a PIN, once more by that, as on a phone that lies in the guardroom. Raises Refused."""
        me = self._ask("POST", f"{API}/session", {"login": self.login, "password": password})
        if pin:
            self._ask("DELETE", f"{API}/session")
            me = self._ask("POST", f"{API}/session/by-pin", {"login": self.login, "pin": pin})
        mine = [s for s in me["sites"] if s["person_id"] is not None and site in {"", s["site_id"]}]
        if not mine:
            raise Refused(f"{self.login} is nobody at {site or 'any site'}")
        self.site, self.person = mine[0]["site_id"], mine[0]["person_id"]

    def afresh(self, client: str = "") -> Self:
        """The same person, signed in, with a phone that nobody has tapped with yet."""
        other = copy(self)
        other.client, other._n, other._last = client or f"sim-{secrets.token_hex(6)}", 0, ""
        return other

    def get(self, path: str, **asked: Any) -> Any:
        """What the server tells below the site. Raises Refused."""
        return self._ask("GET", f"{API}/sites/{self.site}/{path}" + (f"?{urlencode(asked)}" if asked else ""))

    def post(self, path: str, **body: Any) -> Any:
        """An act below the site. Raises Refused."""
        return self._ask("POST", f"{API}/sites/{self.site}/{path}", body)

    def tap(self, read: Mapping[str, Any], *, kept: bool = False, off_s: float = 0, **more: Any) -> dict[str, Any]:
        """A tap in the chain, not brought yet. `off_s`: how far the phone's clock is off; `more`: answers, note, photos, and
        whatever was tampered with before the hash was made.
        """
        at = self.now()
        made = {
            "id": fresh(at),
            "n": self._n + 1,
            "prev": self._last,
            "said_at": (at + timedelta(seconds=off_s)).isoformat(),
            "kept": kept,
            "read": dict(read),
            "answers": {},
            "note": "",
            "photos": [],
            **more,
        }
        self._n, self._last = made["n"], outbox.digest(made)
        return made

    def bring(self, *taps: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What became of each, in their order. Raises Refused."""
        made: list[dict[str, Any]] = []
        for first in range(0, len(taps), BATCH):
            made += self.post("taps", client=self.client, taps=list(taps[first : first + BATCH]))["items"]
        return made

    def send(self, *photos: bytes) -> None:
        """Bring photos; a tap names each by `hash_of`. Raises Refused."""
        for data in photos:
            _good(self._request("POST", f"{API}/sites/{self.site}/patrol/photos", content=data))

    def press(self, read: Mapping[str, Any], word: str) -> str:
        """Tap by the page that a tag's address opens, in a browser that nobody has signed in to: who taps is known by their PIN
        or password, `word`. The page's heading. Raises Refused.
        """
        asked = urlencode({"s": self.site, "p": read["picc_data"], "m": read["cmac"], "lang": "en"})
        with httpx2.Client(base_url=self.url, headers={"Origin": self.url}, timeout=30, follow_redirects=True) as page:
            shown = _form(page.get(f"/t?{asked}"))
            if "k" not in shown.fields:
                shown = _form(page.post("/t/in", data={**shown.fields, "login": self.login, "word": word}))
            if "k" not in shown.fields:
                raise Refused(f"the page does not let {self.login} tap: {shown.heading}")
            return _form(page.post("/t", data=shown.fields)).heading

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = _good(self._request(method, path, json=body))
        return answer.json() if answer.content else None

    def _request(self, method: str, path: str, **more: Any) -> httpx2.Response:
        try:
            return self.http.request(method, path, **more)
        except httpx2.HTTPError as wrong:
            raise Refused(f"no server answers at {self.url}: {wrong}") from None


def picture(colour: tuple[int, int, int] | None = None) -> bytes:
    """A small JPEG; without a colour, one that nobody has taken before."""
    out = io.BytesIO()
    seen = colour or (secrets.randbelow(256), secrets.randbelow(256), secrets.randbelow(256))
    Image.new("RGB", (320, 240), seen).save(out, "JPEG", comment=secrets.token_bytes(8) if colour is None else b"")
    return out.getvalue()


def hash_of(photo: bytes) -> str:
    """By which a tap names a photo."""
    return hashlib.sha256(photo).hexdigest()


def before(at: datetime) -> str:
    """The day before, as the API is asked for days: wherever the site is, its today is within three from there."""
    return (at - timedelta(days=1)).date().isoformat()


def _good(answer: httpx2.Response) -> httpx2.Response:
    if answer.is_success:
        return answer
    try:
        told = answer.json()
        why = f"{told['code']}: {told['detail']}"
    except (ValueError, KeyError, TypeError):
        why = answer.text[:200]
    raise Refused(f"{answer.request.method} {answer.request.url.path} was answered {answer.status_code}: {why}")


class Form(HTMLParser):
    """The first heading of a page and the hidden fields of its form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.heading, self._in = "", False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self._in = tag == "h1"
        if tag == "input" and named.get("type") == "hidden":
            self.fields[str(named["name"])] = named.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._in and not self.heading:
            self.heading = data.strip()


def _form(answer: httpx2.Response) -> Form:
    return Form(answer.text)
