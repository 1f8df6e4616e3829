"""SUN: what an NTAG 424 DNA tag says of itself with each read, and whether it is true. Pure.

NXP AN12196 (standards part 5): the tag's UID and its read counter, encrypted under the meta key, and a MAC over them under
the file key. Keys are derived as in NXP AN10922: one file key a tag, so that a tag that was opened opens no other.
"""

import hmac
import re
from enum import StrEnum
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

UID_BYTES: Final = 7
COUNTER_END: Final = 1 << 24  # a tag stops answering before its 24 bits are used up
FACTORY_KEY: Final = bytes(16)
_HEX16: Final = re.compile(r"[0-9A-Fa-f]{32}")
_HEX8: Final = re.compile(r"[0-9A-Fa-f]{16}")
_HAS_UID: Final = 0x80
_HAS_COUNTER: Final = 0x40
_SYSTEM: Final = b"watchroom"  # with a UID or a site's id before it an input of 17 to 31 bytes, as AN10922 wants
_META: Final = b"\x00meta"
_FILE: Final = b"\x00file"


class Broken(StrEnum):
    """Why an address is not a tag's word."""

    NOT_SUN = "not_sun"  # not the two fields, or not hexadecimal of their length
    NOT_DECRYPTED = "not_decrypted"  # under this site's meta key it names no tag
    BAD_MAC = "bad_mac"
    FACTORY_KEYS = "factory_keys"  # keys that everybody knows prove nothing


class Read(msgspec.Struct, frozen=True):
    """A read that is proved: which tag, upper-case hexadecimal, and its how-manieth."""

    uid: str
    counter: int


class Keys(msgspec.Struct, frozen=True):
    """The two keys that a tag's file settings name (SDMMetaRead, SDMFileRead), 16 bytes each."""

    meta: bytes
    file: bytes


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC, 16 bytes."""
    mac = CMAC(algorithms.AES(key))
    mac.update(message)
    return mac.finalize()


def meta_key(master: bytes, site: str, version: int) -> bytes:
    """The key under which every tag of a site hides its UID; nothing of a tag is known before it is used."""
    return cmac(master, b"\x01" + cmac(master, site.encode()) + bytes([version]) + _SYSTEM + _META)


def file_key(master: bytes, site: str, uid: str, version: int) -> bytes:
    """One tag's own key."""
    own = cmac(master, site.encode())
    return cmac(own, b"\x01" + bytes.fromhex(uid) + bytes([version]) + _SYSTEM + _FILE)


def who(picc_data: str, meta: bytes) -> Read | Broken:
    """Which tag speaks, and its counter: decrypted, not proved yet."""
    if not _HEX16.fullmatch(picc_data):
        return Broken.NOT_SUN
    if meta == FACTORY_KEY:
        return Broken.FACTORY_KEYS
    return _who(bytes.fromhex(picc_data), meta)


def _who(data: bytes, meta: bytes) -> Read | Broken:
    plain = Cipher(algorithms.AES(meta), modes.CBC(bytes(16))).decryptor().update(data)
    if plain[0] != _HAS_UID | _HAS_COUNTER | UID_BYTES:
        return Broken.NOT_DECRYPTED
    return Read(plain[1 : 1 + UID_BYTES].hex().upper(), int.from_bytes(plain[8:11], "little"))


def proved(read: Read, mac: str, file: bytes) -> Broken | None:
    """Whether `read` carries the MAC of its tag's file key; the comparison takes the same time however wrong it is."""
    if not _HEX8.fullmatch(mac):
        return Broken.NOT_SUN
    if file == FACTORY_KEY:
        return Broken.FACTORY_KEYS
    return None if hmac.compare_digest(mac_of(read, file), bytes.fromhex(mac)) else Broken.BAD_MAC


def mac_of(read: Read, file: bytes) -> bytes:
    """The eight bytes that the tag adds to a read, over nothing else."""
    vector = bytes.fromhex("3CC300010080") + bytes.fromhex(read.uid) + read.counter.to_bytes(3, "little")
    return cmac(cmac(file, vector.ljust(16, b"\0")), b"")[1::2]


def spoken(read: Read, keys: Keys, noise: bytes) -> tuple[str, str]:
    """(picc_data, cmac) as a tag with these keys says them; for simulated tags. `noise`: 5 bytes that a chip draws itself."""
    plain = bytes([_HAS_UID | _HAS_COUNTER | UID_BYTES]) + bytes.fromhex(read.uid)
    plain += read.counter.to_bytes(3, "little") + noise
    hidden = Cipher(algorithms.AES(keys.meta), modes.CBC(bytes(16))).encryptor().update(plain)
    return hidden.hex().upper(), mac_of(read, keys.file).hex().upper()
