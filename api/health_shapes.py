"""What the API answers about how the server is (see `api.shapes`)."""

from datetime import datetime

from api.shapes import Shape


class Health(Shape):
    """The server answers and reaches its store."""

    ok: bool


class RoleHealth(Shape):
    """One role of the process."""

    name: str
    ok: bool
    detail: str
    since: datetime | None
    restarts: int


class RolesHealth(Shape):
    """Every role of this process."""

    roles: list[RoleHealth]
