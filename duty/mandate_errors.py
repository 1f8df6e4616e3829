"""What giving authority for a shift refuses (ROLE-05)."""

from core.errors import Invalid, NotFound, NotPermitted, Refusal


class NoSuchMandate(NotFound):
    """There is no such mandate at this site."""

    code = "mandate_not_found"


class MandateNotAllowed(Refusal):
    """The mandate is over."""

    code = "mandate_not_allowed"


class NotLent(Invalid):
    """Authority of that kind is not given for a shift."""

    code = "role_not_lent"


class NobodyOnShift(Refusal):
    """Nobody is signed on to this seat in a shift of theirs."""

    code = "nobody_on_shift"


class NotToOneself(NotPermitted):
    """Nobody gives authority to themselves."""

    code = "not_to_oneself"


class AlreadyMay(Refusal):
    """The person has that authority already."""

    code = "already_may"


class PastShift(Invalid):
    """It ends within the shift."""

    code = "past_shift"
