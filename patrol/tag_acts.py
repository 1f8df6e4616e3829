"""What people do with tags: hang one, block it, move it, put another in its place. In an open transaction of the site.

A tag's row is what counts from then on, for taps that come later; what was tapped before stays as it was judged.
"""

import base64
import secrets
from datetime import datetime
from typing import Any

import msgspec

from logbook import entries
from patrol import claims, tag_store
from patrol.claims import Sun
from patrol.errors import NoSuchCheckpoint, NoSuchTag, TagNotProved, TagTaken
from patrol.flags import Tag
from patrol.keys import Ring
from patrol.rules import Proof, normal_tag
from patrol.tags import Act, assigned, step
from sites.register import Register
from store.db import Tx


def code() -> str:
    """A printed code that nobody guesses: 80 bits in letters and digits."""
    return "Q" + base64.b32encode(secrets.token_bytes(10)).decode()


def of_read(tx: Tx, register: Register, ring: Ring | None, read: Sun) -> tuple[str, int]:
    """Which tag proves itself by this read, registered or not, and its keys' version. Raises `TagNotProved`."""
    site = register.site_id
    reads = claims.named(read, site, ring, tag_store.versions(tx.conn, site))
    for version, found in reads:
        if ring is not None and ring.proved(site, found, read.cmac, version):
            return found.uid, version
    raise TagNotProved(field="read")


def assign(
    tx: Tx, register: Register, uid: str, checkpoint: str, proof: Proof, by: str, at: datetime, *, version: int = 1
) -> Tag:
    """Hang a tag that no site has. Raises `NoSuchCheckpoint`, `TagTaken`."""
    uid = normal_tag(uid)
    _there(register, checkpoint)
    site = register.site_id
    if tag_store.some(tx.conn, site, [uid]) or tag_store.elsewhere(tx.conn, site, [uid]):
        raise TagTaken(field="uid")
    made = Tag(uid=uid, checkpoint_id=checkpoint, proof=proof, key_version=version)
    tag_store.save(tx, site, [made], by, at)
    entries.append(tx, site, [assigned(made, by, at)])
    return made


def act(tx: Tx, register: Register, uid: str, what: Act, by: str, reason: str, at: datetime, **changes: Any) -> Tag:
    """Block, restore, move (`checkpoint_id`) or rotate (`key_version`) a tag. Raises `NoSuchTag`, `TagNotThere`, `ReasonOwed`."""
    tag = _one(tx, register, uid)
    if "checkpoint_id" in changes:
        _there(register, changes["checkpoint_id"])
    after, line = step(tag, what, by, reason, at, **changes)
    after = msgspec.structs.replace(after, **changes)
    tag_store.save(tx, register.site_id, [after], by, at)
    entries.append(tx, register.site_id, [line])
    return after


def replace(tx: Tx, register: Register, uid: str, other: str, by: str, reason: str, at: datetime) -> Tag:
    """Hang another tag in the place of one, of the same kind; the old one proves nothing any more. Returns the new one."""
    tag = _one(tx, register, uid)
    act(tx, register, uid, Act.REPLACE, by, reason, at)
    return assign(tx, register, other, tag.checkpoint_id, tag.proof, by, at, version=tag.key_version)


def _one(tx: Tx, register: Register, uid: str) -> Tag:
    uid = normal_tag(uid)
    tag = tag_store.some(tx.conn, register.site_id, [uid]).get(uid)
    if tag is None:
        raise NoSuchTag
    return tag


def _there(register: Register, checkpoint: str) -> None:
    if checkpoint not in register.checkpoints:
        raise NoSuchCheckpoint(field="checkpoint", checkpoint=checkpoint)
