"""Three clocks, three names: `said_at` (device), `heard_at` (us), `at` (a decision). UTC inside, microseconds at rest.

Nothing here reads a clock: `app` owns the only one and passes it down as a `Clock`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC, exact (no float on the way). Raises TypeError for a naive time."""
    since = at - EPOCH
    return since.days * _DAY_US + since.seconds * 1_000_000 + since.microseconds


def instant(us: int) -> datetime:
    """The UTC time that `micros` came from."""
    return EPOCH + timedelta(microseconds=us)


@lru_cache(maxsize=64)  # one moment is told many times
def rfc3339(at: datetime) -> str:
    """UTC with six decimals and a Z: sorts as text, parses everywhere."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


@lru_cache(maxsize=256)  # policies name few of them
def seconds(value: float) -> timedelta:
    """A span from a policy's number of seconds."""
    return timedelta(seconds=value)
