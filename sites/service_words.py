"""The register's words for the service that is owed to residents: plain numbers of the site, by its service grade. No I/O."""

import msgspec


class ServicePolicies(msgspec.Struct, frozen=True):
    """What is promised to residents (requirements 5.1)."""

    urgent_repair_min: int = 60  # how soon somebody is there for an urgent repair
    callback_rate_min_pct: int = 70  # how many of the finished repairs are asked after, at least
