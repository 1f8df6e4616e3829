"""Following a log entry by entry, wherever it comes from: an export or the store. Whoever walks it stops at the first thing
that does not fit, and that thing is named.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from logbook.notes import BadNote, Checkpoint, fingerprint, open_checkpoint
from logbook.rules import LEAST_DAYS, Seals, grow, leaf, link, peaks_of, root


class Why(StrEnum):
    """Everything that can be wrong."""

    NOT_AN_EXPORT = "not_an_export"
    NEWER_FORMAT = "newer_format"
    WRONG_SHAPE = "wrong_shape"
    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    FOREIGN_SITE = "foreign_site"
    WRONG_NUMBER = "wrong_number"
    CHANGED = "changed"
    COLUMNS = "columns"
    CHECKPOINT = "checkpoint"
    UNKNOWN_KEY = "unknown_key"
    CHECKPOINT_PLACE = "checkpoint_place"
    CHECKPOINT_TIME = "checkpoint_time"
    REWRITTEN = "rewritten"
    CUT = "cut"
    AFTER_END = "after_end"
    TOTALS = "totals"
    SEAL = "seal"
    KEPT_NOTE = "kept_note"
    KEPT_LONGER = "kept_longer"
    KEPT_DIFFERS = "kept_differs"
    KEPT_OUTSIDE = "kept_outside"
    GONE = "gone"
    NOT_SWORN = "not_sworn"
    ARCHIVE_FILE = "archive_file"
    FILE_GONE = "file_gone"
    FILE_CHANGED = "file_changed"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `first_bad` is the number of the first entry that does not fit (`last_bad`: it may be any up to this
    one); `sealed` is how many entries a signature vouches for, `keys` the fingerprints of those who signed.
    """

    ok: bool
    site_id: str
    size: int
    chain: str
    root: str
    checkpoints: int
    sealed: int
    keys: tuple[str, ...]
    pinned: bool
    kept: int = 0
    exported_at: datetime | None = None
    time_zone: str | None = None
    first_bad: int | None = None
    last_bad: int | None = None
    why: Why | None = None
    detail: str = ""


PURGED: Final = "logbook.purged"
LEAST: Final = timedelta(days=LEAST_DAYS)


class _Said(msgspec.Struct, frozen=True):
    n: int
    site: str
    act: str


class _Purged(msgspec.Struct, frozen=True):
    through: int


class _Record(msgspec.Struct, frozen=True):
    at: datetime
    data: _Purged


_said = msgspec.json.Decoder(_Said).decode
_record = msgspec.json.Decoder(_Record).decode


class Bad(Exception):  # noqa: N818 - the verifier's word, caught where the verdict is made
    """The first thing that does not fit."""

    def __init__(self, why: Why, first: int | None, detail: str, last: int | None = None) -> None:
        self.why, self.first, self.detail, self.last = why, first, detail, last
        super().__init__(detail)


_NOTHING: Final = Seals()


class Walk:
    """Follows a log entry by entry: numbers, bytes, chain, tree, checkpoints, from its start or from where it stood at
    `begun`. Its size grows with the checkpoints, not with the entries.
    """

    def __init__(
        self,
        site_id: str,
        keys: Sequence[bytes],
        kept: Sequence[Checkpoint] = (),
        pins: frozenset[str] = frozenset(),
        begun: Seals = _NOTHING,
    ) -> None:
        self.site_id = site_id
        self.pins = pins
        self.begun = begun.size
        self.keys = [key for key in keys if not pins or fingerprint(key) in pins]
        self.size = begun.size
        self.chain = begun.chain
        self.peaks = peaks_of(begun.frontier)
        self.checkpoints = 0
        self.sealed = begun.size
        self.signers: dict[str, None] = {}
        self._last_at: datetime | None = None
        self._sworn_at: dict[int, datetime] = {}
        self._gone: list[tuple[int, int]] = []  # from, to
        self._may_be_gone = 0
        self._kept: dict[int, list[Checkpoint]] = {}
        for note in kept:
            self._kept.setdefault(note.size, []).append(note)
        self._meet_kept()

    @property
    def root(self) -> bytes:
        """The tree head so far."""
        return root(self.size, b"".join(self.peaks))

    def entry(self, n: int, body: bytes, chain: bytes) -> None:
        """The next entry as it was stored. Raises Bad."""
        want, hashed = self._next(n), leaf(body)
        link_here = self._link(want, hashed, chain)
        try:
            said = _said(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Bad(Why.WRONG_SHAPE, want, f"entry {want} is not an entry") from None
        if said.site != self.site_id:
            raise Bad(Why.FOREIGN_SITE, want, f"entry {want} was written for site {said.site!r}")
        if said.n != want:
            raise Bad(Why.WRONG_NUMBER, want, f"entry {want} was written as number {said.n}")
        if said.act == PURGED:
            self._purged(body)
        self._on(want, hashed, link_here)

    def gone(self, n: int, leaf_hash: bytes, chain: bytes) -> None:
        """The next entry, of which only the hash is left. Raises Bad; whether it may be gone is asked at the end."""
        want = self._next(n)
        link_here = self._link(want, leaf_hash, chain)
        if self._gone and self._gone[-1][1] == self.size:
            self._gone[-1] = (self._gone[-1][0], want)
        else:
            self._gone.append((want, want))
        self._on(want, leaf_hash, link_here)

    def _next(self, n: int) -> int:
        want = self.size + 1
        if n > want:
            raise Bad(Why.MISSING, want, f"entry {want} is missing: {n} follows {self.size}", n - 1)
        if n < want:
            raise Bad(Why.OUT_OF_ORDER, want, f"entry {n} stands where {want} should")
        return want

    def _link(self, want: int, hashed: bytes, chain: bytes) -> bytes:
        link_here = link(self.chain, hashed)
        if link_here != chain:
            raise Bad(Why.CHANGED, want, f"entry {want} or its chain value was changed, or one before it was replaced")
        return link_here

    def _on(self, n: int, hashed: bytes, chain: bytes) -> None:
        grow(self.peaks, self.size, hashed)
        self.chain, self.size = chain, n
        if n in self._kept:
            self._meet_kept()

    def _purged(self, body: bytes) -> None:
        """An entry that says up to where texts were deleted. It counts where a checkpoint over just so many entries was a
        year old then: a younger text cannot be passed off as one whose time had come.
        """
        try:
            said = _record(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        sworn_at = self._sworn_at.get(said.data.through)
        if sworn_at is not None and sworn_at <= said.at - LEAST:
            self._may_be_gone = max(self._may_be_gone, said.data.through)

    def gone_rightly(self) -> None:
        """Every text that is not there was deleted after its time, and the log says so. Raises Bad."""
        for first, last in self._gone:
            if last > self._may_be_gone:
                first = max(first, self._may_be_gone + 1)  # noqa: PLW2901 - of this span, what nothing accounts for
                detail = f"the texts of entries {first} to {last} are not here, and nothing in the log allows that"
                raise Bad(Why.GONE, first, detail, last)

    def checkpoint(self, note: str) -> None:
        """A checkpoint over everything so far. Raises Bad."""
        first = min(self.sealed + 1, self.size)
        try:
            said, key = open_checkpoint(note, self.site_id, self.keys)
        except BadNote as wrong:
            why = Why.UNKNOWN_KEY if wrong.unknown_key else Why.CHECKPOINT
            raise Bad(why, first, f"checkpoint after entry {self.size}: {wrong}", self.size) from None
        if said.size != self.size or (self.checkpoints and said.size == self.sealed):
            raise Bad(Why.CHECKPOINT_PLACE, first, f"a checkpoint over {said.size} entries stands after {self.size}")
        if self._last_at is not None and said.at < self._last_at:
            raise Bad(Why.CHECKPOINT_TIME, first, f"the checkpoint over {said.size} is older than the one before it")
        if said.root != self.root or said.chain != self.chain:
            detail = f"entries {first} to {self.size} are not those that the checkpoint over {said.size} swears to"
            raise Bad(Why.REWRITTEN, first, detail, self.size)
        self.checkpoints += 1
        self.sealed, self._last_at = self.size, said.at
        self._sworn_at[said.size] = said.at
        self.signers[fingerprint(key)] = None

    def done(self) -> None:
        """The log ends here: what is gone may be, and a checkpoint kept elsewhere knows no more of it. Raises Bad."""
        self.gone_rightly()
        longest = max(self._kept, default=0)
        if longest > self.size:
            detail = f"a checkpoint kept elsewhere knows {longest} entries, here are {self.size}"
            raise Bad(Why.KEPT_LONGER, self.size + 1, detail, longest)

    def _meet_kept(self) -> None:
        for kept in self._kept.get(self.size, ()):
            if kept.root != self.root or kept.chain != self.chain:
                detail = f"entries 1 to {self.size} are not those of the checkpoint kept elsewhere: two logs exist"
                raise Bad(Why.KEPT_DIFFERS, min(1, self.size), detail, self.size)

    def verdict(self, bad: Bad | None = None, kept: int = 0) -> Verdict:
        """The answer so far."""
        return Verdict(
            ok=bad is None,
            site_id=self.site_id,
            size=self.size,
            chain=self.chain.hex(),
            root=self.root.hex(),
            checkpoints=self.checkpoints,
            sealed=self.sealed,
            keys=tuple(self.signers),
            pinned=bool(self.pins),
            kept=kept,
            first_bad=bad.first if bad else None,
            last_bad=(bad.last or bad.first) if bad else None,
            why=bad.why if bad else None,
            detail=bad.detail if bad else "",
        )
