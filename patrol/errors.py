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


class NoSuchViolation(NotFound):
    """There is no such violation at this site."""

    code = "no_such_violation"


class ViolationOver(Refusal):
    """The violation stands where this cannot be done to it."""

    code = "violation_state"


class NoSuchTag(NotFound):
    """There is no such tag here."""

    code = "no_such_tag"


class NoSuchCheckpoint(NotFound):
    """The site has no such checkpoint."""

    code = "no_such_checkpoint"


class TagNotThere(Refusal):
    """The tag stands where this cannot be done to it."""

    code = "tag_state"


class TagTaken(Refusal):
    """Such a tag is assigned already, here or elsewhere."""

    code = "tag_taken"


class TagNotProved(Invalid):
    """The tag did not prove itself with this site's keys."""

    code = "tag_not_proved"


class IdTaken(Refusal):
    """The id stands for something else already."""

    code = "id_taken"
