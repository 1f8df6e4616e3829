"""What the API answers about a site's versions and parameters (see `api.shapes`)."""

from datetime import datetime
from typing import Any, Literal

from api.shapes import Shape
from sites.changes import How
from sites.parameters import Section
from sites.versions import VersionState


class SiteVersion(Shape):
    """A version of a site's register. `ended_why`: why it never came into force."""

    version: int
    state: VersionState
    effective_from: datetime
    made_at: datetime
    by: str
    approved_by: str | None
    reason: str
    digest: str
    ended_why: str | None


class SiteVersions(Shape):
    """A site's versions, the one that begins last first. `withdraws`: whether the caller may withdraw one."""

    items: list[SiteVersion]
    withdraws: bool


class VersionChange(Shape):
    """One difference: `section` and `id` name the thing; a changed one has its `field`, what it was and what it is."""

    section: str
    id: str
    how: How
    field: str
    old: Any
    new: Any


class VersionChanges(Shape):
    """What differs in `version` from `since`; null: there was nothing before it."""

    version: int
    since: int | None
    items: list[VersionChange]
    more: int


class SiteParameter(Shape):
    """A parameter as a version has it. `origin`: the usual value, given by the service grade, or the site's own."""

    name: str
    section: Section
    unit: str
    least: float | None
    most: float | None
    source: str
    default: Any
    value: Any
    origin: Literal["default", "preset", "site"]


class SiteParameters(Shape):
    """Every parameter of a version. `service_grade` 0: the site has none."""

    version: int
    service_grade: int
    items: list[SiteParameter]
