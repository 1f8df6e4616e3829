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


class WeakPin(Refusal):
    """A PIN has 6 to 12 digits, not all alike and not in a row."""

    code = "weak_pin"
    status = 422


class WrongPin(NotPermitted):
    """Wrong PIN."""

    code = "wrong_pin"


class PasswordNeeded(NotPermitted):
    """Sign in with your password here: this browser does not know you yet, or you run the site."""

    code = "password_needed"


class NoPin(Refusal):
    """You have not set a PIN."""

    code = "no_pin"


class PinLocked(NotPermitted):
    """Too many wrong PINs: sign with your password once."""

    code = "pin_locked"


class WrongPasskey(NotPermitted):
    """The passkey is not yours, or did not sign this."""

    code = "wrong_passkey"


class PasskeyUnfit(Refusal):
    """The passkey cannot be registered."""

    code = "passkey_unfit"
    status = 422


class PasskeysNeedHttps(Refusal):
    """Passkeys work over https only: sign with your password or PIN."""

    code = "passkeys_need_https"


class PasskeysNeedName(Refusal):
    """Passkeys need a host name, not an address: sign with your password or PIN."""

    code = "passkeys_need_a_name"


class SignatureNeeded(Refusal):
    """Sign with your password, your PIN or a passkey: exactly one of them."""

    code = "signature_needed"
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
