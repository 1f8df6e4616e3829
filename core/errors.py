"""Refusals: what we say when a caller asks for the impossible.

An outcome (late, duplicate, suppressed) is a value, never an error. A refusal has a stable code for machines, an HTTP
status for the edge, and the field it is about when there is one.
"""

from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818 - the guardroom's word; it is an answer, not a fault
    """The request was refused."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, detail: str | None = None, *, field: str | None = None, **data: Any) -> None:
        self.detail = detail or (self.__doc__ or "").strip().splitlines()[0]
        self.field = field
        self.data = data
        super().__init__(self.detail)


class NotFound(Refusal):
    """No such thing at this site."""

    code = "not_found"
    status = 404


class Invalid(Refusal):
    """A field is missing or wrong."""

    code = "invalid"
    status = 422


class NotPermitted(Refusal):
    """Your role does not allow this here."""

    code = "not_permitted"
    status = 403


class NotSignedIn(Refusal):
    """Sign in first."""

    code = "not_signed_in"
    status = 401


class TooMany(Refusal):
    """Too many tries; wait a little."""

    code = "too_many"
    status = 429


class Stale(Refusal):
    """Someone else changed it first; look again."""

    code = "stale"
    status = 409
