"""Where somebody signs on (DUTY-13): a post that names a checkpoint has its tags on the wall, and whoever comes on duty there
shows one of them. Pure.

A tag's code can be copied, so that it says where somebody says they are, with something that hangs there; it is no proof
as a tap with a signed counter is.
"""

import re
from enum import StrEnum
from typing import Any, Final

from duty.errors import NotAtPost
from sites.duty_policies import PostToken
from sites.register import Register

_ADDRESS: Final = re.compile(r"/t/q/([A-Za-z0-9]+)")


class Place(StrEnum):
    """What a sign-on showed of where it was made."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"


def code_of(said: str) -> str:
    """A tag's code as it was typed, read or scanned: also out of the address that a QR code holds."""
    found = _ADDRESS.search(said)
    return "".join(c for c in (found[1] if found else said).upper() if c.isalnum())


def placed(register: Register, seat: str, said: str | None, seen: str | None, *, kept: bool = False) -> dict[str, Any]:
    """What the log is told of it. `said`: what was shown; `seen`: the checkpoint that this stands for here; `kept`: a phone
    tells of it later, and nobody can be asked any more. Raises `NotAtPost` where the site lets nobody begin so.
    """
    policy, here = register.policies.duty.post_token, register.seats.get(seat)
    post = register.posts[here.post] if here is not None else None
    if policy is PostToken.OFF or post is None or post.checkpoint is None:
        return {}
    place = Place.MISSING if not said else Place.RIGHT if seen == post.checkpoint else Place.WRONG
    if place is not Place.RIGHT and policy is PostToken.REJECT and not kept:
        raise NotAtPost(field="token", place=place, post=post.id)
    return {"place": place} | ({"seen": seen} if place is Place.WRONG and seen is not None else {})
