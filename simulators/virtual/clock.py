"""The clock of a virtual house: it stands still until it is told to leap."""

from datetime import datetime, timedelta


class HandClock:
    """A `core.clock.Clock` that moves only when told, and never back."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> None:
        """Leap. Raises ValueError for a leap back."""
        if at < self.at:
            raise ValueError(f"the clock stands at {self.at} and does not go back to {at}")
        self.at = at


class Behind:
    """Another clock that is wrong by `offset`, which may jump: a server's own, while the world's goes on."""

    def __init__(self, true: HandClock) -> None:
        self.true = true
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        return self.true.at + self.offset

    def when(self, at: datetime) -> datetime:
        """The true moment at which this clock reads `at`."""
        return at - self.offset
