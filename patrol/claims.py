"""What a phone says that it read, and which tag that is. Pure: nothing a phone says is believed for its saying so.

A tag that proves itself is known by its keys, one that does not by its UID, a printed code by the code; and where nothing
could be read, a supervisor says with a reason who was there.
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from patrol.flags import Flag, Tag
from patrol.keys import Ring
from patrol.rules import Proof, normal_tag
from patrol.sun import Read
from sites.register import Register, Role


class Sun(msgspec.Struct, frozen=True, tag="sun", tag_field="by"):
    """The address of a tag that proves itself."""

    picc_data: str
    cmac: str


class Uid(msgspec.Struct, frozen=True, tag="uid", tag_field="by"):
    """A tag's number, as a reader shows it."""

    uid: str


class Qr(msgspec.Struct, frozen=True, tag="qr", tag_field="by"):
    """A printed code."""

    code: str


class Manual(msgspec.Struct, frozen=True, tag="manual", tag_field="by"):
    """Nothing was read: somebody vouches for it."""

    checkpoint: str
    reason: str


Claim = Sun | Uid | Qr | Manual
MANUAL: Final = ""  # the tag of a tap without one


class Found(msgspec.Struct, frozen=True):
    """What a claim comes to: the tag's number, the point if it is known without a tag, how well it is proved, and what is
    odd about it already.
    """

    tag: str
    proof: Proof
    checkpoint: str | None = None
    counter: int | None = None
    flags: tuple[Flag, ...] = ()


def named(claim: Claim, site: str, ring: Ring | None, versions: Collection[int]) -> list[tuple[int, Read]]:
    """The reads that an address may be, one a key version: under the wrong key it may seem to name a tag, too."""
    if not isinstance(claim, Sun) or ring is None:
        return []
    tries = [(version, ring.named(site, claim.picc_data, version)) for version in sorted(versions)]
    return [(version, read) for version, read in tries if isinstance(read, Read)]


def uids(claim: Claim, reads: Collection[tuple[int, Read]]) -> set[str]:
    """The numbers that must be looked up before a claim is settled."""
    if isinstance(claim, Uid | Qr):
        return {normal_tag(claim.uid if isinstance(claim, Uid) else claim.code)}
    return {read.uid for _, read in reads}


def settled(
    claim: Claim,
    register: Register,
    ring: Ring | None,
    reads: Collection[tuple[int, Read]],
    tags: Mapping[str, Tag],
    roles: Collection[Role],
) -> Found:
    """Which tag or point a claim is. `reads`: as `named` gave them; `tags`: the site's, by `uids`."""
    if isinstance(claim, Manual):
        allowed = set(roles) & set(register.policies.patrol.manual_roles) and claim.reason.strip()
        known = claim.checkpoint in register.checkpoints
        flags = (() if allowed else (Flag.MANUAL_DENIED,)) + (() if known else (Flag.UNKNOWN_TAG,))
        return Found(MANUAL, Proof.MANUAL, claim.checkpoint if known else None, flags=flags)
    if isinstance(claim, Sun):
        return _sun(claim, register.site_id, ring, reads, tags)
    uid = normal_tag(claim.uid if isinstance(claim, Uid) else claim.code)
    tag = tags.get(uid)
    if tag is None or (isinstance(claim, Qr) and tag.proof is not Proof.QR):
        return Found(
            uid if tag is None else MANUAL, Proof.UID if isinstance(claim, Uid) else Proof.QR, flags=(Flag.UNKNOWN_TAG,)
        )
    return Found(uid, Proof.QR if tag.proof is Proof.QR else Proof.UID)


def _sun(
    claim: Sun, site: str, ring: Ring | None, reads: Collection[tuple[int, Read]], tags: Mapping[str, Tag]
) -> Found:
    for version, read in reads:
        tag = tags.get(read.uid)
        if (tag is None or tag.key_version == version) and ring and ring.proved(site, read, claim.cmac, version):
            flags = () if tag is not None else (Flag.UNKNOWN_TAG,)
            return Found(read.uid, Proof.SUN, counter=read.counter, flags=flags)
    uid = next((read.uid for _, read in reads if read.uid in tags), None)
    if uid is not None:  # it names one of ours, and does not prove it
        return Found(uid, Proof.SUN, flags=(Flag.NOT_PROVED,))
    return Found(MANUAL, Proof.SUN, flags=(Flag.UNKNOWN_TAG, Flag.NOT_PROVED))
