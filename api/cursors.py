"""Where a page ended: a time and what tells equal times apart, in one opaque word."""

from datetime import UTC, datetime

from core.clock import rfc3339
from core.errors import Invalid


def cursor(at: datetime, tie: str | int) -> str:
    """The word for `next`."""
    return f"{rfc3339(at)}~{tie}"


def place(word: str | None) -> tuple[datetime, str] | None:
    """What a `before` stands for. A plain time is taken too: everything before it. Raises `Invalid`."""
    if word is None:
        return None
    time, _, tie = word.partition("~")
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        raise Invalid("A page begins at the `next` of the one before it, or at a time.", field="before") from None
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at), tie


def numbered(word: str | None) -> tuple[datetime, int] | None:
    """The same, where numbers tell equal times apart."""
    found = place(word)
    if found is None:
        return None
    try:
        return found[0], int(found[1] or 0)
    except ValueError:
        raise Invalid("That is no `next` of these pages.", field="before") from None
