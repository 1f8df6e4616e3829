"""Every number of a site's own: what it is for, its unit, its range, and where that comes from (SITE-02).

The reader of packs takes its ranges from here, and so does the page that shows them. A range that has no end is None.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from sites.register import Policies, Register, plain


class Section(StrEnum):
    """What a parameter is about."""

    ALERTS = "alerts"
    LOGBOOK = "logbook"
    ROSTER = "roster"
    ATTENDANCE = "attendance"
    PRESENCE = "presence"
    HANDOVER = "handover"
    PATROL = "patrol"
    MAJOR = "major"
    SERVICE = "service"


class Parameter(msgspec.Struct, frozen=True):
    """One number or rule of a site, by its field under `policies`. `source`: the sub-documents of the regulations that speak of
    it, a law or standard, or `design` where nothing does.
    """

    name: str
    section: Section
    unit: str = ""
    least: float | None = None
    most: float | None = None
    source: str = "design"


class Value(msgspec.Struct, frozen=True):
    """A parameter as a site has it. `origin`: `default`, `preset` of its service grade, or the `site`'s own."""

    name: str
    section: Section
    unit: str
    least: float | None
    most: float | None
    source: str
    default: Any
    value: Any
    origin: str


_WEEK: Final = 7 * 86_400
_S: Final = Section
_ROWS: Final = (
    *(Parameter(f"handle_by_s.{n}", _S.ALERTS, "s", 60, _WEEK) for n in (1, 2, 3, 4)),
    Parameter("clock_skew_s", _S.ALERTS, "s", 1, 3600),
    Parameter("gateway_gap_s", _S.ALERTS, "s", 5, 3600),
    Parameter("key_zone_raises_priority", _S.ALERTS, source="000-A"),
    Parameter("duty.reach.consoles", _S.ALERTS),
    Parameter("duty.reach.after_s", _S.ALERTS, "s", 30, 3600),
    Parameter("log_retention_days", _S.LOGBOOK, "d", 365, 36_500, "000-A, 003-1, 001-12"),
    Parameter("checkpoint_every_s", _S.LOGBOOK, "s", 60, 3600),
    Parameter("duty.status_every_min", _S.LOGBOOK, "min", 0, 1440, "GB 25506"),
    Parameter("duty.review.role", _S.LOGBOOK, source="000-A"),
    Parameter("duty.review.due_h", _S.LOGBOOK, "h", 1, 168, "000-A"),
    Parameter("duty.review.alert", _S.LOGBOOK, source="000-A"),
    Parameter("duty.opening_entry_required", _S.LOGBOOK, source="000-A"),
    Parameter("roster_horizon_days", _S.ROSTER, "d", 7, 366),
    Parameter("duty.roster_due_day", _S.ROSTER, "day", 0, 28, "004-03"),
    Parameter("duty.roster_authors", _S.ROSTER, source="001-12"),
    Parameter("duty.roster_approvers", _S.ROSTER, source="001-12"),
    Parameter("duty.swap_approvers", _S.ROSTER, source="004-08, 004-13"),
    Parameter("duty.swap_notice_h", _S.ROSTER, "h", 0, 720, "004-13b, 004-17, 004-22"),
    Parameter("duty.swap_own_arrangement", _S.ROSTER, source="004-08, 004-13"),
    Parameter("duty.rest_min_h", _S.ROSTER, "h", 0, 48, "2003/88/EC"),
    Parameter("duty.max_consecutive_days", _S.ROSTER, "d", 0, 31, "CN labour law §38"),
    Parameter("duty.max_week_h", _S.ROSTER, "h", 0, 168, "CN labour law §36"),
    Parameter("duty.jurisdiction", _S.ROSTER, source="ISO 3166"),
    Parameter("duty.coverage_lead_h", _S.ROSTER, "h", 1, 168),
    Parameter("duty.mode_callers", _S.ROSTER),
    Parameter("duty.sign_on_required", _S.ATTENDANCE, source="000-A"),
    Parameter("duty.incoming_lead_min", _S.ATTENDANCE, "min", 0, 60, "001-05, 000-A"),
    Parameter("duty.late_grace_s", _S.ATTENDANCE, "s", 0, 3600, "004-05"),
    Parameter("duty.late_grades", _S.ATTENDANCE, "s", 1, 86_400, "004-05"),
    Parameter("duty.absent_after_min", _S.ATTENDANCE, "min", 1, 720, "004-05"),
    Parameter("duty.leave_max_min", _S.PRESENCE, "min", 1, 240),
    Parameter("duty.leave_needs", _S.PRESENCE),
    Parameter("duty.presence_check.mode", _S.PRESENCE),
    Parameter("duty.presence_check.every_min", _S.PRESENCE, "min", 5, 1440),
    Parameter("duty.presence_check.window_s", _S.PRESENCE, "s", 15, 3600),
    Parameter("duty.presence_check.answer", _S.PRESENCE),
    Parameter("duty.pre_shift", _S.ATTENDANCE),
    Parameter("duty.post_token", _S.ATTENDANCE, source="004-12, 004-04"),
    Parameter("duty.lone_worker.every_min", _S.PRESENCE, "min", 2, 480),
    Parameter("duty.lone_worker.grace_s", _S.PRESENCE, "s", 15, 3600),
    Parameter("duty.outgoing_prep_min", _S.HANDOVER, "min", 0, 120, "000-B, 003, 004-01, 001-12"),
    Parameter("duty.handover_required", _S.HANDOVER, source="000-A"),
    Parameter("duty.handover_block.mode", _S.HANDOVER, source="000-A, 001-04, 003, 004, 001-12"),
    Parameter("duty.handover_block.priorities", _S.HANDOVER, "", 1, 4, "003, 004, 001-12"),
    Parameter("duty.handover_overriders", _S.HANDOVER),
    Parameter("duty.relief_late_grace_min", _S.HANDOVER, "min", 0, 120),
    Parameter("duty.contact_after_h", _S.HANDOVER, "h", 0, 168),
    Parameter("patrol.interval_min", _S.PATROL, "min", 10, 1440, "001-07"),
    Parameter("patrol.debounce_s", _S.PATROL, "s", 0, 120),
    Parameter("patrol.page_ttl_s", _S.PATROL, "s", 30, 900),
    Parameter("patrol.hoard_s", _S.PATROL, "s", 30, 3600),
    Parameter("patrol.counter_jump", _S.PATROL, "", 1, 100_000),
    Parameter("patrol.walk_m_s", _S.PATROL, "m/s", 0.5, 20),
    Parameter("patrol.unit_m", _S.PATROL, "m", 0.001, 100),
    Parameter("patrol.clone_s", _S.PATROL, "s", 5, 3600),
    Parameter("patrol.clock_skew_s", _S.PATROL, "s", 10, 3600),
    Parameter("patrol.band_low_pct", _S.PATROL, "%", 1, 100),
    Parameter("patrol.band_high_pct", _S.PATROL, "%", 100, 1000),
    Parameter("patrol.band_rounds", _S.PATROL, "", 1, 100),
    Parameter("patrol.plan_days", _S.PATROL, "d", 1, 14),
    Parameter("patrol.violations.dissuade_min", _S.PATROL, "min", 1, 1440),
    Parameter("patrol.violations.stop_min", _S.PATROL, "min", 1, 10_080),
    Parameter("patrol.violations.report_min", _S.PATROL, "min", 1, 43_200),
    Parameter("patrol.manual_roles", _S.PATROL),
    Parameter("patrol.excuse_roles", _S.PATROL),
    Parameter("major.priorities", _S.MAJOR, "", 1, 4, "000-A"),
    Parameter("major.recorder", _S.MAJOR, source="000-A"),
    Parameter("major.chief.within_min", _S.MAJOR, "min", 1, 240, "004-12"),
    Parameter("service_grade", _S.SERVICE, "", 1, 3, "001-07"),
    Parameter("service.urgent_repair_min", _S.SERVICE, "min", 5, 1440, "001-07"),
    Parameter("service.callback_rate_min_pct", _S.SERVICE, "%", 0, 100, "001-07"),
)
PARAMETERS: Final[Mapping[str, Parameter]] = {row.name: row for row in _ROWS}


def limits(name: str) -> tuple[int, int]:
    """The range of a parameter that is counted in whole numbers."""
    least, most = span(name)
    return int(least), int(most)


def span(name: str) -> tuple[float, float]:
    """The range of a parameter."""
    row = PARAMETERS[name]
    if row.least is None or row.most is None:
        raise LookupError(f"{name} has no range")
    return row.least, row.most


def values(register: Register) -> Iterator[Value]:
    """Every parameter as a site has it."""
    here, usual = plain(register)["policies"], msgspec.to_builtins(Policies(), str_keys=True)
    preset = set(register.policies.preset)
    for row in PARAMETERS.values():
        value, default = _found(here, row.name), _found(usual, row.name)
        origin = "preset" if row.name in preset else "default" if value == default else "site"
        yield Value(
            **{name: getattr(row, name) for name in row.__struct_fields__}, default=default, value=value, origin=origin
        )


def _found(policies: Any, name: str) -> Any:
    """The value at a dotted name; what belongs to a rule that is off has none."""
    for part in name.split("."):
        if not isinstance(policies, Mapping):
            return None
        policies = policies.get(part)
    return policies
