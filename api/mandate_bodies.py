"""What the API is told about authority for a shift (ROLE-05; see `api.bodies`)."""

from api.bodies import Body, Name, Said
from api.request_bodies import Moment
from sites.people import Role


class GiveMandate(Body):
    """Whose authority to give to the person of a shift, and why; to its end, or sooner. `shift`: one that runs or is to come;
    without it, the one that runs in the seat. Who has not signed on yet has it from their sign-on.
    """

    seat: Name
    shift: Said | None = None
    role: Role
    reason: Said
    until: Moment | None = None


class RevokeMandate(Body):
    """Why it is taken back."""

    reason: Said
