"""What the API is told about violations (see `api.bodies`)."""

from typing import Annotated

from pydantic import Field

from api.bodies import Body, Name, Said, Sha256
from api.phone_bodies import OfPhone


class ReportViolation(Body):
    """Somebody saw one, without a task that asks for it. `photos`: by the hashes of what is sent; `phone`: as its outbox kept it."""

    checkpoint: Name
    note: Said
    photos: Annotated[tuple[Sha256, ...], Field(max_length=10)] = ()
    phone: OfPhone | None = None


class ViolationNote(Body):
    """What was done at this step."""

    note: Said
