"""What the API is told about authority for a shift (ROLE-05; see `api.bodies`)."""

from api.bodies import Body, Name, Said
from api.request_bodies import Moment
from sites.people import Role


class GiveMandate(Body):
    """Whose authority to give to whoever is signed on to a seat, and why; to the end of their shift, or sooner."""

    seat: Name
    role: Role
    reason: Said
    until: Moment | None = None


class RevokeMandate(Body):
    """Why it is taken back."""

    reason: Said
