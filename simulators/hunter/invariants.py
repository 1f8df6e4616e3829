"""The promises (I1 to I12), each a function of what was seen and what was kept. An empty answer means that it held."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from simulators.hunter.kept import Kept
from simulators.hunter.promises.alerts import every_alarm_has_its_alert, lifecycle
from simulators.hunter.promises.arrivals import no_loss, nothing_invented, once
from simulators.hunter.promises.climbing import escalation
from simulators.hunter.promises.duty import answered_by_who_was_on
from simulators.hunter.promises.log import logbook
from simulators.hunter.promises.order import order
from simulators.hunter.promises.watching import liveness, supervision
from simulators.hunter.record import Record


class Broken(msgspec.Struct, frozen=True):
    """A promise that did not hold, and when (the night's own time, microseconds) if that can be said."""

    promise: str
    said: str
    true: int | None = None


Check = Callable[[Record, Kept], Iterator[tuple[int | None, str]]]

PROMISES: Final[Mapping[str, Check]] = {
    "I1 no loss": no_loss,
    "I2 once": once,
    "I3 nothing invented": nothing_invented,
    "I4 every alarm has its alert": every_alarm_has_its_alert,
    "I5 lifecycle": lifecycle,
    "I6 duty": answered_by_who_was_on,
    "I7 escalation": escalation,
    "I8 logbook": logbook,
    "I10 order": order,
    "I11 liveness": liveness,
    "I12 supervision": supervision,
}


def broken(record: Record, kept: Kept) -> list[Broken]:
    """Everything that did not hold. A check that cannot even be made is broken too."""
    found = []
    for promise, check in PROMISES.items():
        try:
            found += [Broken(promise, said, true) for true, said in check(record, kept)]
        except (LookupError, TypeError, ValueError) as wrong:
            found.append(Broken(promise, f"could not be checked: {wrong!r}"))
    return found
