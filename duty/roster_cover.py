"""Where a roster leaves holes, as findings of its review: seats without anybody, posts with too few, or without a certificate."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from duty.coverage import Gap, Lack, gaps
from sites.duty_words import Dated, DayType
from sites.register import Register


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `code` is stable; the pages word it as `finding.<code>`."""

    code: str
    severity: Severity
    seat: str | None = None
    person: str | None = None
    day: date | None = None
    template: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    data: dict[str, Any] = {}


def holes(
    register: Register, days: Sequence[date], shifts: Iterable[Dated], day_type: Callable[[date], DayType]
) -> Iterator[Finding]:
    """What is missing on these days (DUTY-01, DUTY-02): warnings, but a shift without the certificate is no shift at all."""
    for gap in gaps(register, days, shifts, day_type):
        yield Finding(
            code=gap.code,
            severity=Severity.ERROR if gap.code is Lack.CERTIFICATE_MISSING else Severity.WARNING,
            seat=gap.seat,
            day=None if gap.code is Lack.UNCOVERED else gap.day,
            starts_at=gap.starts_at,
            ends_at=gap.ends_at,
            data=_data(gap),
        )


def _data(gap: Gap) -> dict[str, Any]:
    if gap.code is Lack.UNCOVERED:
        return {"minutes": gap.minutes}
    if gap.code is Lack.TOO_FEW:
        return {"post": gap.post, "have": gap.have, "need": gap.need}
    return {"post": gap.post, "certificate": gap.certificate, "people": list(gap.people)}
