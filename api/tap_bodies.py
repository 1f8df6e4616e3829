"""What a phone tells about taps (see `api.bodies`). Nothing is trimmed or put right: a tap's hash is over it as it was sent."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StringConstraints

from api.bodies import UUID, Body, Name, Sha256, printable
from ingest.phone_taps import Said
from patrol import claims, outbox
from patrol.outbox import Link

MAX_TAPS: Final = 100
MAX_NUMBER: Final = (1 << 53) - 1  # what every phone can count to


def _moment(text: str) -> str:
    """A time with its offset, of some year that a clock may show."""
    said = datetime.fromisoformat(text)
    if said.tzinfo is None or not 1900 < said.year < 2200:
        raise ValueError("a time with its offset is needed")
    return text


Text = Annotated[str, StringConstraints(max_length=1000), AfterValidator(printable)]
Moment = Annotated[
    str, StringConstraints(max_length=40), AfterValidator(_moment), Field(json_schema_extra={"format": "date-time"})
]
Answered = StrictBool | StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)] | Text


class SunRead(Body):
    """The two fields of the address that a tag gave."""

    by: Literal["sun"]
    picc_data: Annotated[str, StringConstraints(max_length=64)]
    cmac: Annotated[str, StringConstraints(max_length=32)]


class UidRead(Body):
    """A tag's number."""

    by: Literal["uid"]
    uid: Annotated[str, StringConstraints(max_length=64), AfterValidator(printable)]


class QrRead(Body):
    """What a printed code says: the part of its address after `/t/q/`."""

    by: Literal["qr"]
    code: Annotated[str, StringConstraints(max_length=64), AfterValidator(printable)]


class ManualRead(Body):
    """Nothing could be read: a supervisor says who was where, and why."""

    by: Literal["manual"]
    checkpoint: Name
    reason: Text


class PhoneTap(Body):
    """One tap. `id`: made by the phone, once; `n`: its how-manieth of this person on this phone; `prev`: the hash of the tap
    before it; `said_at`: by the phone's clock; `kept`: it waited for a line.
    """

    id: Annotated[str, StringConstraints(pattern=UUID)]
    n: Annotated[StrictInt, Field(ge=1, le=MAX_NUMBER)]
    prev: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
    said_at: Moment
    kept: StrictBool
    read: Annotated[SunRead | UidRead | QrRead | ManualRead, Field(discriminator="by")]
    answers: Annotated[dict[Name, Answered], Field(max_length=50)]
    note: Text
    photos: Annotated[list[Sha256], Field(max_length=10)]


class PhoneTaps(Body):
    """The taps of one phone, `client`; in any order."""

    client: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    taps: Annotated[list[PhoneTap], Field(min_length=1, max_length=MAX_TAPS)]


def said(tap: PhoneTap, client: str, person: str) -> Said:
    """A tap as the path takes it; its bytes are kept with the person whom the server knows."""
    whole = tap.model_dump()
    raw = {
        "id": tap.id,
        "kind": "patrol.tap",
        "device": f"phone/{client}",
        "said_at": tap.said_at,
        "data": {**{k: v for k, v in whole.items() if k not in {"id", "said_at"}}, "guard": person},
    }
    return Said(
        id=tap.id,
        said_at=datetime.fromisoformat(tap.said_at),
        claim=msgspec.convert(whole["read"], claims.Claim),
        kept=tap.kept,
        link=Link(tap.n, tap.prev, outbox.digest(whole)),
        answers=tap.answers,
        note=tap.note,
        photos=tuple(tap.photos),
        raw=msgspec.json.encode(raw),
    )
