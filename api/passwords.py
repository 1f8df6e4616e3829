"""Passwords: argon2id, 64 MiB a try, so never more than a few tries at once and never on the event loop.

A login that does not exist costs the same time as one that does: its password is checked against a hash of nothing.
"""

import secrets
from functools import cached_property
from typing import Final

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from api.errors import Unavailable, WeakPassword

LEAST: Final = 10
_AT_ONCE: Final = 2
_WAITING: Final = 32


class Passwords:
    """Hashing with a bound on how much of it happens at once. `hasher` is made cheaper in tests only."""

    def __init__(self, hasher: Argon2Hasher | None = None, *, least: int = LEAST) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._least = least

    def make(self, password: str) -> str:
        """A hash to keep. Slow: not for the event loop."""
        return self._hash.hash(password)

    async def made(self, password: str) -> str:
        """`make` in its turn."""
        return await to_thread.run_sync(self.make, password, limiter=self._turn())

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether `password` is the one that `kept` was made from; takes as long when nothing is kept."""
        return await to_thread.run_sync(self._fits, password, kept, limiter=self._turn())

    def _fits(self, password: str, kept: str | None) -> bool:
        try:
            right = self._hash.verify(password, kept or self._nobody)
        except (PwdlibError, UnicodeError):
            return False
        return right and kept is not None

    def check_new(self, new: str, *, old: str, login: str) -> None:
        """Refuse a new password that is too easy."""
        if len(new) < self._least or new == old or new.casefold() == login.casefold():
            raise WeakPassword(field="new", least=self._least)

    def warm(self) -> None:
        """Make the hash of nobody before the first stranger asks, so that not even the first one can tell."""
        _ = self._nobody

    @cached_property
    def _nobody(self) -> str:
        return self._hash.hash(secrets.token_urlsafe(32))

    @cached_property
    def _limiter(self) -> CapacityLimiter:
        return CapacityLimiter(_AT_ONCE)

    def _turn(self) -> CapacityLimiter:
        if self._limiter.statistics().tasks_waiting >= _WAITING:
            raise Unavailable(retry_after=5)
        return self._limiter
