"""Event kinds by table: what each one means, how loud it is, and how its condition ends.

A new kind is a new row, here or in a site's policies; nothing branches on a kind's name. Defaults for priorities and
acknowledgement targets follow EN 50518 (30 s for fire and hold-up, 90 s for other alarms) and the NFPA 72 classes.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec


class Klass(StrEnum):
    """The four classes NFPA 72 keeps apart; always shown and counted apart."""

    ALARM = "alarm"
    SUPERVISORY = "supervisory"
    TROUBLE = "trouble"
    ACTIVITY = "activity"


class Effect(StrEnum):
    """What hearing the kind does to a condition."""

    RAISE = "raise"  # the condition is active from now on
    CLEAR = "clear"  # the conditions named in `clears` are over
    PULSE = "pulse"  # it happened and was over in the same moment
    NOTE = "note"  # nothing to answer


class Ends(StrEnum):
    """Who may say that a raised condition is over."""

    DEVICE = "device"  # a clear message
    PERSON = "person"  # a reset by the person on duty; no device ever says it
    BOTH = "both"  # latched: the device says clear, then a person resets
    AT_ONCE = "at_once"  # pulses


class Kind(msgspec.Struct, frozen=True):
    """One row. `priority` 1 (life) to 4; `ack_s` seconds until the acknowledgement target; `life` kinds are never folded or shelved;
    of `dated` ones the very moment is evidence, so that the gateway says when it took them.
    """

    name: str
    klass: Klass = Klass.ACTIVITY
    effect: Effect = Effect.NOTE
    priority: int = 4
    ends: Ends = Ends.AT_ONCE
    ack_s: int = 180
    clears: tuple[str, ...] = ()
    life: bool = False
    dated: bool = False

    @property
    def latched(self) -> bool:
        """A latched condition stays until a person resets it."""
        return self.ends in {Ends.PERSON, Ends.BOTH}

    @property
    def rings(self) -> bool:
        """Whether hearing it live opens an alert."""
        return self.effect in {Effect.RAISE, Effect.PULSE}


_A, _S, _T = Klass.ALARM, Klass.SUPERVISORY, Klass.TROUBLE
_RAISE, _PULSE, _CLEAR = Effect.RAISE, Effect.PULSE, Effect.CLEAR

_ROWS: Final = (
    Kind("fire.alarm", _A, _RAISE, 1, Ends.BOTH, 30, life=True),
    Kind("fire.manual_call", _A, _RAISE, 1, Ends.BOTH, 30, life=True),
    Kind("fire.waterflow", _A, _RAISE, 1, Ends.BOTH, 30, life=True),
    Kind("fire.prealarm", _A, _RAISE, 2, Ends.DEVICE, 90),
    Kind("fire.supervisory", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("fire.fault", _T, _RAISE, 4, Ends.DEVICE, 180),
    Kind("fire.disabled", _T, _RAISE, 4, Ends.DEVICE, 180),
    Kind("fire.test"),
    Kind("fire.restore", effect=_CLEAR, clears=("fire.",)),
    Kind("water.leak", _A, _RAISE, 2, Ends.DEVICE, 90),
    Kind("water.level_high", _A, _RAISE, 2, Ends.DEVICE, 90),
    Kind("water.level_low", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("water.fault", _T, _RAISE, 4, Ends.DEVICE, 180),
    Kind("water.restore", effect=_CLEAR, clears=("water.",)),
    Kind("access.granted"),
    Kind("access.denied", _A, _PULSE, 3, Ends.AT_ONCE, 90),
    Kind("access.forced", _A, _RAISE, 2, Ends.DEVICE, 90),
    Kind("access.held_open", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("access.duress", _A, _RAISE, 1, Ends.PERSON, 30, life=True),
    Kind("access.egress"),
    Kind("access.closed", effect=_CLEAR, clears=("access.forced", "access.held_open")),
    Kind("patrol.tap", dated=True),
    Kind("patrol.missed", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("patrol.missed_night", _S, _RAISE, 2, Ends.DEVICE, 180),
    Kind("patrol.proof_due", _S, _RAISE, 2, Ends.DEVICE, 90),
    Kind("patrol.proof_given", effect=_CLEAR, clears=("patrol.proof_due",)),
    Kind("patrol.suspect", _S, _PULSE, 3, Ends.AT_ONCE, 180),
    Kind("patrol.finding", _S, _PULSE, 3, Ends.AT_ONCE, 180),
    Kind("patrol.violation", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("patrol.violation_stop", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("patrol.violation_report", _S, _RAISE, 2, Ends.DEVICE, 180),
    Kind("patrol.violation_assist", _S, _RAISE, 2, Ends.DEVICE, 180),
    Kind("patrol.violation_over", effect=_CLEAR, clears=("patrol.violation",)),
    Kind("patrol.explained", effect=_CLEAR, clears=("patrol.missed",)),
    Kind("manual.panic", _A, _RAISE, 1, Ends.PERSON, 30, life=True),
    Kind("manual.resident_call", _A, _PULSE, 2, Ends.AT_ONCE, 90),
    Kind("manual.report", _S, _PULSE, 3, Ends.AT_ONCE, 180),
    Kind("device.heartbeat"),
    Kind("device.tamper", _S, _RAISE, 2, Ends.PERSON, 90),
    Kind("device.battery_low", _T, _RAISE, 4, Ends.PERSON, 180),
    Kind("device.power_lost", _T, _RAISE, 3, Ends.DEVICE, 180),
    Kind("device.power_restored", effect=_CLEAR, clears=("device.power_lost",)),
    Kind("device.offline", _T, _RAISE, 3, Ends.DEVICE, 180),
    Kind("device.online", effect=_CLEAR, clears=("device.offline",)),
    # made by us
    Kind("device.storage_fault", _T, _PULSE, 3, Ends.AT_ONCE, 180),
    Kind("device.unknown", _T, _PULSE, 4, Ends.AT_ONCE, 180),
    Kind("gateway.offline", _T, _RAISE, 2, Ends.DEVICE, 90),
    Kind("gateway.online", effect=_CLEAR, clears=("gateway.offline",)),
    Kind("gateway.seq_gap", _T, _PULSE, 3, Ends.AT_ONCE, 180),
    Kind("duty.gap", _A, _RAISE, 2, Ends.DEVICE, 90),
    Kind("duty.covered", effect=_CLEAR, clears=("duty.gap",)),
    Kind("duty.coverage", _S, _RAISE, 3, Ends.DEVICE, 3600),
    Kind("duty.coverage_met", effect=_CLEAR, clears=("duty.coverage",)),
    Kind("duty.short", _S, _RAISE, 3, Ends.DEVICE, 3600),
    Kind("duty.short_met", effect=_CLEAR, clears=("duty.short",)),
    Kind("duty.presence_check", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("duty.present", effect=_CLEAR, clears=("duty.presence_check",)),
    Kind("duty.lone_worker", _S, _RAISE, 2, Ends.DEVICE, 60),
    Kind("duty.lone_safe", effect=_CLEAR, clears=("duty.lone_worker",)),
    Kind("duty.absent", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("duty.arrived", effect=_CLEAR, clears=("duty.absent",)),
    Kind("duty.away_overdue", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("duty.back", effect=_CLEAR, clears=("duty.away_overdue",)),
    Kind("duty.roster_due", _S, _RAISE, 4, Ends.DEVICE, 3600),
    Kind("duty.roster_published", effect=_CLEAR, clears=("duty.roster_due",)),
    Kind("duty.chief_due", _S, _RAISE, 2, Ends.DEVICE, 90),
    Kind("duty.chief_there", effect=_CLEAR, clears=("duty.chief_due",)),
    Kind("duty.late_relief", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("duty.relieved", effect=_CLEAR, clears=("duty.late_relief",)),
    Kind("duty.equipment_due", _S, _RAISE, 3, Ends.DEVICE, 3600),
    Kind("duty.equipment_tested", effect=_CLEAR, clears=("duty.equipment_due",)),
    Kind("logbook.opening_due", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("logbook.opening_told", effect=_CLEAR, clears=("logbook.opening_due",)),
    Kind("logbook.review_due", _S, _RAISE, 3, Ends.DEVICE, 3600),
    Kind("logbook.review_signed", effect=_CLEAR, clears=("logbook.review_due",)),
    Kind("logbook.status_due", _S, _RAISE, 3, Ends.DEVICE, 180),
    Kind("logbook.status_told", effect=_CLEAR, clears=("logbook.status_due",)),
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType({row.name: row for row in _ROWS})


def kind_of(name: str, overrides: Mapping[str, Kind] | None = None) -> Kind:
    """The row for `name`, the site's own first. A kind this version has never heard of is activity: kept and shown."""
    if overrides and name in overrides:
        return overrides[name]
    return KINDS.get(name) or Kind(name)
