"""What the path counts about itself, for health and metrics."""

from collections import Counter

import msgspec

from ingest.rules import Changes


class Counts(msgspec.Struct):
    """Totals since this process started."""

    events: int = 0
    duplicates: int = 0
    raised: int = 0
    rejects: Counter[str] = msgspec.field(default_factory=Counter)
    rungs: int = 0
    worst_late_s: float = 0.0

    def judged(self, changes: Changes) -> None:
        """Add one judgement's changes."""
        self.events += len(changes.events)
        self.raised += len(changes.raised)
        self.rungs += len(changes.fired)

    def add(self, other: "Counts") -> None:
        """Add what one transaction counted, once it is committed."""
        self.events += other.events
        self.duplicates += other.duplicates
        self.raised += other.raised
        self.rejects.update(other.rejects)
        self.rungs += other.rungs

    def rejected(self, why: str) -> None:
        """Add one reject."""
        self.rejects[why] += 1
