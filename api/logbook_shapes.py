"""What the API answers about the logbook: its entries, its head, its readers, its forms (see `api.shapes`)."""

from datetime import datetime
from typing import Any

from api.shapes import Shape, Words
from sites.duty_words import FieldType


class LogEntry(Shape):
    """One line of the logbook; `chain` is the hash of everything up to it."""

    n: int
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]
    chain: str


class CheckpointMark(Shape):
    """The last signed checkpoint of the logbook."""

    size: int
    at: datetime


class LogHead(Shape):
    """Where the logbook stands."""

    size: int
    chain: str
    checkpoint: CheckpointMark | None


class EntryTag(Shape):
    """A category that entry `n`, or its file `attachment`, has."""

    n: int
    attachment: str | None
    category: str


class LogPage(Shape):
    """A page of the logbook, newest first. `corrections` are all those of the entries on it, wherever they stand."""

    items: list[LogEntry]
    next: int | None
    head: LogHead
    corrections: list[LogEntry]
    categories: list[EntryTag]


class LogFound(Shape):
    """A page of what was found, newest first. `corrections` are all those of the entries on it."""

    items: list[LogEntry]
    next: int | None
    corrections: list[LogEntry]
    categories: list[EntryTag]


class WrittenEntry(Shape):
    """One entry, with those that correct it, oldest first."""

    entry: LogEntry
    corrections: list[LogEntry]
    categories: list[EntryTag]


class Attached(Shape):
    """A file that was uploaded, by the SHA-256 of its bytes."""

    sha256: str
    size: int
    type: str


class LogRead(Shape):
    """Somebody looked at a page of the logbook: page, search, entry, attachment or day."""

    at: datetime
    who: str
    page: str


class LogReaders(Shape):
    """Who read the logbook, newest first."""

    items: list[LogRead]
    next: str | None


class FormChoice(Shape):
    """One answer of a field that offers some."""

    id: str
    name: Words


class FormField(Shape):
    """One field of a form."""

    id: str
    name: Words
    type: FieldType
    required: bool
    choices: list[FormChoice]


class LogForm(Shape):
    """A form that entries are written on."""

    id: str
    name: Words
    fields: list[FormField]


class LogForms(Shape):
    """The forms that may be filled at a site."""

    forms: list[LogForm]


class LogVerdict(Shape):
    """What checking the whole logbook found. `sealed` is how many entries a signature vouches for, `keys` the
    fingerprints of those who signed.
    """

    ok: bool
    size: int
    first_bad: int | None
    why: str | None
    detail: str
    chain: str
    root: str
    checkpoints: int
    sealed: int
    keys: list[str]
