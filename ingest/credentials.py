"""Who may say what to the broker: names and passwords, derived from one secret so that nothing but the secret is kept."""

import hashlib
import hmac
import re
from typing import Final, NamedTuple

from core.wire import ROOT, SLUG, Channel

SERVER: Final = "watchroom"
_SPEAKS: Final = (Channel.EVENTS, Channel.TELEMETRY, Channel.STATUS)
_HEARS: Final = (Channel.RECEIPT, Channel.COMMAND)
_PASSWORD: Final = re.compile(r"[0-9A-Za-z_.-]{16,128}")


class Gateway(NamedTuple):
    """A gateway that may connect, and with which password."""

    site: str
    gateway: str
    password: str

    @property
    def username(self) -> str:
        """Its MQTT user name."""
        return username(self.site, self.gateway)

    @property
    def speaks(self) -> list[str]:
        """The topics it may publish."""
        return [f"{ROOT}/{self.site}/{self.gateway}/{channel}" for channel in _SPEAKS]

    @property
    def hears(self) -> list[str]:
        """The topics it may subscribe to."""
        return [f"{ROOT}/{self.site}/{self.gateway}/{channel}" for channel in _HEARS]


def username(site: str, gateway: str) -> str:
    """The MQTT user name of a gateway. Its client id has `_` for the dot, which NATS does not take in one."""
    return f"{site}.{gateway}"


def gateway_password(secret: bytes, site: str, gateway: str, key_version: int) -> str:
    """The password of one gateway; a new key version makes the old one worthless."""
    return _derived(secret, f"gateway:{site}/{gateway}:{key_version}")


def server_password(secret: bytes) -> str:
    """The password of the server's own user."""
    return _derived(secret, "server")


def _derived(secret: bytes, what: str) -> str:
    return hmac.new(secret, what.encode(), hashlib.sha256).hexdigest()[:43]


def checked(gateway: Gateway) -> Gateway:
    """The gateway itself, or ValueError: its words are written into a broker's configuration and must not be able to add to it."""
    for word in (gateway.site, gateway.gateway):
        if re.fullmatch(SLUG, word) is None or "\n" in word:
            raise ValueError(f"{word!r} cannot name a site or a gateway: use a-z, 0-9 and '-'")
    if _PASSWORD.fullmatch(gateway.password) is None:
        raise ValueError(f"the password of {gateway.username} must be 16 to 128 letters, digits, '_', '.' or '-'")
    return gateway
