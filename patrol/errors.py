"""What patrol refuses, each with a stable code."""

from core.errors import Invalid, NotFound, NotPermitted, Refusal


class NoSuchRound(NotFound):
    """There is no such round at this site."""

    code = "no_such_round"


class NoSuchPoint(NotFound):
    """The checkpoint is not on this round."""

    code = "no_such_point"


class RoundNotThere(Refusal):
    """The round stands where this cannot be done to it."""

    code = "round_state"


class ReasonOwed(Invalid):
    """Whoever excuses or suspends says why."""

    code = "reason_needed"


class RoundNotAllowed(NotPermitted):
    """The site names who excuses and suspends rounds."""

    code = "round_not_allowed"
