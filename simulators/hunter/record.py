"""What the hunter itself saw of a night: what it sent and got, when the server lived, and what its clock read.

Nothing here comes from the product's own reckoning. Times are whole microseconds since 1970: `true` is the night's own
time, `us` what the server's clock showed.
"""

from bisect import bisect_left
from collections import Counter
from typing import Final

import msgspec

from sites.register import Register

SECOND: Final = 1_000_000


class Sent(msgspec.Struct, frozen=True):
    """One event as it was first written. `spooled`: a gateway accepted it and owes it to the server."""

    id: str
    gateway: str
    boot: str
    seq: int
    device: str
    kind: str
    raw: bytes
    spooled: bool


class Receipt(msgspec.Struct, frozen=True):
    """The server's word that it has everything of `boot` up to `through`."""

    true: int
    gateway: str
    boot: str
    through: int


class Stay(msgspec.Struct):
    """Somebody in a seat, by the server's clock, as the hunter saw it accepted; `on` and `off` count commits."""

    seat: str
    person: str
    on_us: int
    on: int
    off_us: int | None = None
    off: int | None = None


class Did(msgspec.Struct, frozen=True):
    """What a person did, and the answer: a refusal's code, or empty."""

    true: int
    us: int
    person: str
    act: str
    about: str
    answer: str


class Mark(msgspec.Struct, frozen=True):
    """How far the store was after one commit."""

    true: int
    us: int
    log_size: int
    events: int


class Word(msgspec.Struct, frozen=True):
    """Somebody was heard: `online` (live), `offline` (its goodbye), merely `heard`, or `was offline` (a retained goodbye)."""

    true: int
    us: int
    gateway: str
    what: str


class Try(msgspec.Struct, frozen=True):
    """A notice left the house: which, at which of its attempts, and whether the channel took it."""

    true: int
    us: int
    notice: str
    attempt: int
    ok: bool


class Span(msgspec.Struct):
    """A stretch of the night in which the server's clock ran evenly and it was up, or was down."""

    true: int
    offset: int
    up: bool


class Record(msgspec.Struct):
    """One night as it was seen from outside."""

    seed: int
    register: Register
    start: int
    end: int
    sent: dict[str, list[Sent]] = {}
    promised: set[str] = set()  # events of no gateway that the broker took and did not forget
    garbage: list[bytes] = []
    garbage_promised: list[bytes] = []
    receipts: list[Receipt] = []
    stays: list[Stay] = []
    did: list[Did] = []
    marks: list[Mark] = []
    unsure: list[int] = []  # starts of a server that had heard more than it had committed when it died
    tries: list[Try] = []
    words: list[Word] = []  # of gateways, as the server took them
    spans: list[Span] = []
    heads: list[tuple[int, str]] = []  # (size, chain) of the log as it was seen on the way
    retained: set[str] = set()  # events that reached us first as a retained message
    troubles: list[str] = []  # errors that nobody asked for
    left: list[str] = []  # what still waited when the night was over, although everything was whole again
    seen: Counter[str] = msgspec.field(
        default_factory=Counter
    )  # what really happened: faults that hit, edges that were taken

    def send(self, sent: Sent) -> None:
        """Note an event; the same id may be given twice, by mistake or on purpose."""
        self.sent.setdefault(sent.id, []).append(sent)

    def commit_of_log(self, n: int) -> int:
        """Which commit wrote entry `n`."""
        return bisect_left(self.marks, n, key=lambda m: m.log_size)

    def commit_of_event(self, place: int) -> int:
        """Which commit stored event number `place`."""
        return bisect_left(self.marks, place, key=lambda m: m.events)

    def true_of_log(self, n: int) -> int:
        """When entry `n` was committed, in the night's own time."""
        return self.marks[self.commit_of_log(n)].true

    def true_of_event(self, place: int) -> int:
        """When the event that was stored as number `place` was committed."""
        return self.marks[self.commit_of_event(place)].true

    def stays_at(self, commit: int) -> list[Stay]:
        """Who had come and gone when a commit was made; what was done later at the same instant does not count."""
        known = [s for s in self.stays if s.on <= commit]
        return [s if s.off is None or s.off <= commit else msgspec.structs.replace(s, off_us=None) for s in known]

    def first_chance(self, due: int, since: int) -> int | None:
        """The first true moment, at or after `since`, at which the server was up and its clock showed `due` or later."""
        ends = [span.true for span in self.spans[1:]] + [self.end + 1]
        for span, until in zip(self.spans, ends, strict=True):
            moment = max(span.true, since, due - span.offset)
            if span.up and moment < until:
                return moment
        return None
