"""Following a log entry by entry, wherever it comes from: an export or the store. Whoever walks it stops at the first thing
that does not fit, and that thing is named.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from logbook.notes import BadNote, Checkpoint, fingerprint, open_checkpoint
from logbook.rules import NO_CHAIN, grow, leaf, link, root


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


class _Said(msgspec.Struct, frozen=True):
    n: int
    site: str


_said = msgspec.json.Decoder(_Said).decode


class Bad(Exception):  # noqa: N818 - the verifier's word, caught where the verdict is made
    """The first thing that does not fit."""

    def __init__(self, why: Why, first: int | None, detail: str, last: int | None = None) -> None:
        self.why, self.first, self.detail, self.last = why, first, detail, last
        super().__init__(detail)


class Walk:
    """Follows a log entry by entry: numbers, bytes, chain, tree, checkpoints. Its size does not grow with the log's."""

    def __init__(
        self, site_id: str, keys: Sequence[bytes], kept: Sequence[Checkpoint] = (), pins: frozenset[str] = frozenset()
    ) -> None:
        self.site_id = site_id
        self.pins = pins
        self.keys = [key for key in keys if not pins or fingerprint(key) in pins]
        self.size = 0
        self.chain = NO_CHAIN
        self.peaks: list[bytes] = []
        self.checkpoints = 0
        self.sealed = 0
        self.signers: dict[str, None] = {}
        self._last_at: datetime | None = None
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
        want = self.size + 1
        if n > want:
            raise Bad(Why.MISSING, want, f"entry {want} is missing: {n} follows {self.size}", n - 1)
        if n < want:
            raise Bad(Why.OUT_OF_ORDER, want, f"entry {n} stands where {want} should")
        hashed = leaf(body)
        link_here = link(self.chain, hashed)
        if link_here != chain:
            raise Bad(Why.CHANGED, want, f"entry {want} or its chain value was changed, or one before it was replaced")
        try:
            said = _said(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Bad(Why.WRONG_SHAPE, want, f"entry {want} is not an entry") from None
        if said.site != self.site_id:
            raise Bad(Why.FOREIGN_SITE, want, f"entry {want} was written for site {said.site!r}")
        if said.n != want:
            raise Bad(Why.WRONG_NUMBER, want, f"entry {want} was written as number {said.n}")
        grow(self.peaks, self.size, hashed)
        self.chain, self.size = link_here, want
        if want in self._kept:
            self._meet_kept()

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
        self.signers[fingerprint(key)] = None

    def done(self) -> None:
        """The log ends here: a checkpoint kept elsewhere may not know more of it. Raises Bad."""
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
