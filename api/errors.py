"""What the edge itself refuses."""

from core.errors import NotPermitted, NotSignedIn, Refusal


class WrongPassword(NotSignedIn):
    """Wrong user name or password."""

    code = "wrong_password"


class WrongOwnPassword(NotPermitted):
    """Wrong password."""

    code = "wrong_own_password"


class WeakPassword(Refusal):
    """The new password is too short, or is the login or the old password."""

    code = "weak_password"
    status = 422


class MustChange(NotPermitted):
    """Change your one-time password first."""

    code = "must_change"


class LacksHeader(NotPermitted):
    """The request lacks its `X-Watchroom: 1` header."""

    code = "csrf"


class WrongOrigin(NotPermitted):
    """The request comes from another site and was refused."""

    code = "wrong_origin"


class TooLarge(Refusal):
    """The request is too large."""

    code = "too_large"
    status = 413


class MethodNotAllowed(Refusal):
    """That method is not allowed here."""

    code = "method_not_allowed"
    status = 405


class Unavailable(Refusal):
    """Not available just now; try again."""

    code = "unavailable"
    status = 503


class Fault(Refusal):
    """Something broke on our side; it has been logged."""

    code = "fault"
    status = 500
