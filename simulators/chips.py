"""A tag that proves itself, as its chip behaves: each read counts one more, and says so under the tag's own keys."""

import secrets
from typing import Any, Final

from patrol import sun
from patrol.keys import Ring
from patrol.sun import Keys, Read

NXP: Final = "04"  # the maker's byte, with which such a UID begins
NOISE_BYTES: Final = 5


class Chip:
    """One NTAG 424 DNA. `counter`: how often it was read so far."""

    def __init__(self, uid: str, keys: Keys, counter: int = 0) -> None:
        self.uid, self.keys, self.counter = uid, keys, counter

    def read(self, skipped: int = 0) -> dict[str, Any]:
        """What a phone that is held to it brings; `skipped`: reads before this one that nobody told of."""
        self.counter += skipped + 1
        return address(self.uid, self.counter, self.keys)


def made(ring: Ring, site: str, version: int = 1) -> Chip:
    """A new chip with an encoder's keys in it, of a number that no tag has."""
    uid = new_uid()
    return Chip(uid, ring.of(site, uid, version))


def new_uid() -> str:
    """Seven bytes that no tag has."""
    return NXP + secrets.token_hex(6).upper()


def address(uid: str, counter: int, keys: Keys, noise: bytes | None = None) -> dict[str, Any]:
    """The read of that count. `noise`: what the chip drew itself; None: drawn."""
    data, mac = sun.spoken(Read(uid, counter), keys, noise or secrets.token_bytes(NOISE_BYTES))
    return {"by": "sun", "picc_data": data, "cmac": mac}


def forged(read: dict[str, Any]) -> dict[str, Any]:
    """The same address with one bit of its proof turned."""
    mac = bytearray.fromhex(read["cmac"])
    mac[0] ^= 1
    return {**read, "cmac": mac.hex().upper()}
