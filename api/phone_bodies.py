"""What a phone's outbox may bring beside taps (see `api.bodies`): the same requests as anybody's, with their place in its chain."""

from typing import Annotated

from pydantic import AwareDatetime, Field, StrictBool, StrictInt, StringConstraints

from api.bodies import UUID, Body, EntryDraft, NoteText, OnMyWay, Report
from api.tap_bodies import MAX_NUMBER


class OfPhone(Body):
    """How a phone's outbox kept it. `id`: made by the phone, once; `n`: its how-manieth of this person on this phone, taps and all;
    `prev`: the hash of what was before it; `said_at`: by the phone's clock; `kept`: it waited for a line.
    """

    client: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    id: Annotated[str, StringConstraints(pattern=UUID)]
    n: Annotated[StrictInt, Field(ge=1, le=MAX_NUMBER)]
    prev: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
    said_at: AwareDatetime
    kept: StrictBool


class ReportSaid(Report):
    """A report; `phone`: as its outbox kept it."""

    phone: OfPhone | None = None


class NoteSaid(NoteText):
    """A note to the history; `phone`: as its outbox kept it."""

    phone: OfPhone | None = None


class WaySaid(OnMyWay):
    """On the way; `phone`: as its outbox kept it."""

    phone: OfPhone | None = None


class EntrySaid(EntryDraft):
    """An entry for the logbook; `phone`: as its outbox kept it."""

    phone: OfPhone | None = None
