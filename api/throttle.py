"""Slowing down who guesses passwords, without ever locking the duty room out.

Tries are counted for one login from one place: the attacker's address is refused, the same login from elsewhere is not.
A browser that has signed in before proves it with a signed cookie and is a place of its own, so that a guesser behind the
same address cannot spend its tries. A login that is tried from everywhere is only slowed.
"""

import hashlib
import hmac
import secrets
from typing import Final

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import TooMany

PER_PLACE: Final = (RateLimitItemPerMinute(10), RateLimitItemPerHour(60))
PER_ADDRESS: Final = RateLimitItemPerMinute(60)  # wrong tries for any login
PER_LOGIN: Final = RateLimitItemPerHour(200)  # wrong tries from anywhere; beyond it each further try waits
SLOW_S: Final = 1.0
KNOWN: Final = "browser/"  # how the place of a known browser begins


class Throttle:
    """Counts of one process. `secret` signs the cookie of a known browser."""

    def __init__(self, secret: str) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._key = hmac.digest(secret.encode(), b"watchroom known browser", "sha256")

    def place(self, address: str, login: str, known: str | None) -> str:
        """Where a try comes from: a known browser, else the address."""
        nonce, _, mark = (known or "").partition(".")
        if mark and hmac.compare_digest(mark.encode(), self._mark(login, nonce).encode()):
            return f"{KNOWN}{nonce}"
        return f"address/{address}"

    @staticmethod
    def cookie(session_cookie: str, login: str) -> str:
        """The name of the cookie of a known browser: one a login, for several people share a console."""
        return f"{session_cookie}-known-{hashlib.sha256(login.encode(errors='replace')).hexdigest()[:12]}"

    def known_browser(self, login: str) -> str:
        """A cookie for a browser that has just signed in as `login`."""
        nonce = secrets.token_urlsafe(12)
        return f"{nonce}.{self._mark(login, nonce)}"

    def _mark(self, login: str, nonce: str) -> str:
        return hmac.digest(self._key, f"{login}\x1f{nonce}".encode(errors="replace"), hashlib.sha256).hex()

    def ask(self, place: str, login: str) -> float:
        """Count a try before it is looked at, so that tries sent at once count too. Returns how long it must wait."""
        if place.startswith("address/") and not self._window.test(PER_ADDRESS, place):
            raise _refused(PER_ADDRESS)
        for item in PER_PLACE:
            if not self._window.hit(item, place, login):
                raise _refused(item)
        slow = place.startswith("address/") and not self._window.test(PER_LOGIN, "login", login)
        return SLOW_S if slow else 0.0

    def wrong(self, place: str, login: str) -> None:
        """It was the wrong password."""
        self._window.hit(PER_ADDRESS, place)
        self._window.hit(PER_LOGIN, "login", login)

    def right(self, place: str, login: str) -> None:
        """It was the right one: the tries of this place are forgiven."""
        for item in PER_PLACE:
            self._window.clear(item, place, login)


def _refused(item: RateLimitItem) -> TooMany:
    return TooMany(retry_after=60 if item.get_expiry() <= 60 else 300)
