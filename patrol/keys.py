"""The keys of a server's tags, all made from one master key that never leaves it. Pure."""

from typing import Final

import msgspec

from patrol import sun
from patrol.sun import Keys, Read

KEY_BYTES: Final = 16


class GuessableKey(RuntimeError):  # noqa: N818 - said to whoever starts the server
    """The master key of the tags is one that anybody could guess."""


class Ring(msgspec.Struct, frozen=True):
    """Keys by site, tag and version. Raises ValueError for a master key that is not 16 bytes."""

    master: bytes

    def __post_init__(self) -> None:
        if len(self.master) != KEY_BYTES:
            raise ValueError(f"the tags' master key is {KEY_BYTES} bytes")

    def of(self, site: str, uid: str, version: int) -> Keys:
        """What an encoder writes into a tag."""
        return Keys(sun.meta_key(self.master, site, version), sun.file_key(self.master, site, uid, version))

    def named(self, site: str, picc_data: str, version: int) -> Read | sun.Broken:
        """Which tag an address names, if it was written with keys of that version; not proved yet."""
        return sun.who(picc_data, sun.meta_key(self.master, site, version))

    def proved(self, site: str, read: Read, mac: str, version: int) -> bool:
        """Whether the tag itself said so."""
        return sun.proved(read, mac, sun.file_key(self.master, site, read.uid, version)) is None


def refuse_guessable(mode: str, master: bytes) -> None:
    """Stop a real server whose tags anybody could forge: the factory's zeros, or any key of few different bytes."""
    if mode != "demo" and len(set(master)) < KEY_BYTES // 2:
        raise GuessableKey("the tags' master key must be 16 random bytes")
