"""What a phone tells of coming to a seat and leaving it without a line (see `api.bodies`)."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.bodies import UUID, Body, Name, Pin, Secret
from api.tap_bodies import MAX_NUMBER, Moment
from duty.told import Deed
from ingest.phone_duty import Said
from patrol import outbox
from patrol.outbox import Link

MAX_ACTS: Final = 50


class PhoneDeed(Body):
    """One act, in the chain of the phone's taps: see `PhoneTap` for `id`, `n`, `prev`, `said_at` and `kept`."""

    id: Annotated[str, StringConstraints(pattern=UUID)]
    n: Annotated[StrictInt, Field(ge=1, le=MAX_NUMBER)]
    prev: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
    said_at: Moment
    kept: StrictBool
    act: Deed
    seat: Name


class PhoneDeeds(Body):
    """The acts of one phone, `client`; in any order."""

    client: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    acts: Annotated[list[PhoneDeed], Field(min_length=1, max_length=MAX_ACTS)]


class Proves(Body):
    """Exactly one of the caller's own password and PIN."""

    password: Secret | None = None
    pin: Pin | None = None


def said(deed: PhoneDeed, client: str) -> Said:
    """An act as the path takes it."""
    whole = deed.model_dump(mode="json")
    return Said(
        id=deed.id,
        said_at=datetime.fromisoformat(deed.said_at),
        deed=deed.act,
        seat=deed.seat,
        kept=deed.kept,
        link=Link(deed.n, deed.prev, outbox.digest(whole, outbox.DEED)),
        raw=msgspec.json.encode({**whole, "device": f"phone/{client}"}),
    )
