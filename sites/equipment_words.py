"""The register's words for equipment: what is tested again and again (EQP-02). Nothing here does I/O."""

from datetime import date

import msgspec

from sites.people import Role, Words


class EquipmentTest(msgspec.Struct, frozen=True, kw_only=True):
    """One test that comes again: of some `devices`, of what stands in a `zone`, or of what `about` says in words.

    Exactly one of `every_days` and `every_months` is more than 0. `since`: the site's own day that it counts from while no
    result is known. `by`: whose work it is. `alert`: one that is overdue rings.
    """

    id: str
    name: Words
    devices: tuple[str, ...] = ()
    zone: str | None = None
    about: Words | None = None
    every_days: int = 0
    every_months: int = 0
    by: Role = Role.ENGINEER
    since: date
    alert: bool = False
