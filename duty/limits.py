"""What the law of a country says of hours and rest, each number with its source; and what the site says itself.

A site's own numbers may be stricter; laxer ones are shown beside the law's, never instead of them.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from sites.duty_policies import DutyPolicies
from sites.people import Words


class Measure(StrEnum):
    """What is limited."""

    SHIFT_H = "shift_h"  # hours of one shift
    WEEK_AVERAGE_H = "week_average_h"  # hours a week, on average over the month
    ANY_WEEK_H = "any_week_h"  # hours of any seven days
    OVERTIME_H = "overtime_h"  # hours of a month beyond eight for each working day
    REST_H = "rest_h"  # hours between two shifts
    WEEKLY_REST_H = "weekly_rest_h"  # the longest rest of any seven days
    DAYS_RUN = "days_run"  # days worked one after the other
    NIGHT_H = "night_h"  # hours of a night shift


class Limit(msgspec.Struct, frozen=True):
    """At most, or at least, so much."""

    measure: Measure
    most: float | None
    least: float | None
    source: Words


M = Measure


def _most(measure: Measure, much: float, zh: str, en: str) -> Limit:
    return Limit(measure, much, None, Words(zh, en))


def _least(measure: Measure, much: float, zh: str, en: str) -> Limit:
    return Limit(measure, None, much, Words(zh, en))


_CHINA: Final = (
    _most(M.SHIFT_H, 8, "《劳动法》第三十六条", "Labour Law of the PRC, art. 36"),
    _most(M.WEEK_AVERAGE_H, 44, "《劳动法》第三十六条", "Labour Law of the PRC, art. 36"),
    _most(M.OVERTIME_H, 36, "《劳动法》第四十一条", "Labour Law of the PRC, art. 41"),
    _most(
        M.DAYS_RUN,
        6,
        "《劳动法》第三十八条（每周至少休息一日）",
        "Labour Law of the PRC, art. 38 (a day of rest a week)",
    ),
)
_EU: Final = (
    _least(M.REST_H, 11, "欧盟 2003/88/EC 第3条", "Directive 2003/88/EC, art. 3"),
    _least(
        M.WEEKLY_REST_H,
        35,
        "欧盟 2003/88/EC 第5条（24 小时加 11 小时）",
        "Directive 2003/88/EC, art. 5 (24 h and 11 h)",
    ),
    _most(M.WEEK_AVERAGE_H, 48, "欧盟 2003/88/EC 第6条", "Directive 2003/88/EC, art. 6"),
    _most(M.NIGHT_H, 8, "欧盟 2003/88/EC 第8条", "Directive 2003/88/EC, art. 8"),
)
_MEMBERS: Final = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV"),
    *("MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
LAW: Final[Mapping[str, tuple[Limit, ...]]] = MappingProxyType({"CN": _CHINA} | dict.fromkeys(_MEMBERS, _EU))

_SITE: Final = ("本单位规定", "The site's own rule")


def limits_of(policy: DutyPolicies) -> tuple[Limit, ...]:
    """What holds at a site: its country's law as far as we know it, then its own rules. A number of 0 is no rule."""
    own = (
        _least(M.REST_H, policy.rest_min_h, *_SITE),
        _most(M.DAYS_RUN, policy.max_consecutive_days, *_SITE),
        _most(M.ANY_WEEK_H, policy.max_week_h, *_SITE),
    )
    law = LAW.get(policy.jurisdiction.partition("-")[0], ())
    return (*law, *(limit for limit in own if limit.most or limit.least))
