"""What the API answers about how long the logbook is kept: holds, archives, retention (see `api.shapes`)."""

from datetime import datetime

from api.shapes import Shape


class LogHold(Shape):
    """A legal hold: nothing that it covers is deleted until it is lifted. An empty subject: whatever it is about."""

    id: str
    reason: str
    subject: str
    since: datetime | None
    until: datetime | None
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lift_reason: str


class LogHolds(Shape):
    """A site's holds, newest first."""

    items: list[LogHold]


class LogArchive(Shape):
    """A month that was archived: its entries (`last` before `first`: none), the signed checkpoint that closes them, and the
    file; `gone_at`: since when the file is deleted, its time being over.
    """

    month: str
    first: int
    last: int
    note: str
    made_by: str
    made_at: datetime
    size: int
    sha256: str
    received_by: str | None
    received_at: datetime | None
    comment: str
    gone_at: datetime | None


class LogArchives(Shape):
    """Archived months, newest first; `open` are over and not archived, oldest first."""

    items: list[LogArchive]
    open: list[str]


class LogRetention(Shape):
    """Texts older than `before` go, once a day; `due_entries` are next, `held_entries` would be without a hold. `through`:
    the last entry up to which they were gone through, at `looked_at`.
    """

    keep_days: int
    before: datetime
    through: int
    due_entries: int
    held_entries: int
    looked_at: datetime | None
