"""What the API answers with, for the typed client. Field names are those of the domain's own structs; no field has a
default, so that the client never sees a maybe where there is none.

Answers are encoded by msgspec from the domain's values; these models document them, and a test holds the two together.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Shape):
    """A name in both languages."""

    zh: str
    en: str


class Problem(Shape):
    """A refusal (RFC 9457). `code` is stable; the pages word it from the catalogues as `error.<code>`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None
    data: dict[str, Any]
