"""What presence checks and leaving the post for a while refuse."""

from core.errors import Invalid, NotFound, NotPermitted, Refusal


class NoSuchCheck(NotFound):
    """There is no such presence check at this site."""

    code = "check_not_found"


class CheckNotAllowed(Refusal):
    """The presence check is over."""

    code = "check_not_allowed"


class CheckOpen(Refusal):
    """Somebody in this seat is being asked already."""

    code = "check_open"


class NobodyToAsk(Refusal):
    """Nobody holds this seat."""

    code = "nobody_in_seat"


class LoneOff(Refusal):
    """Nobody has themselves called in this seat."""

    code = "lone_off"


class NoSuchAway(NotFound):
    """There is no such leave of the post at this site."""

    code = "away_not_found"


class AwayNotAllowed(Refusal):
    """The leave of the post is not in a state that allows this."""

    code = "away_not_allowed"


class AwayOpen(Refusal):
    """You are away from this seat already, or have asked to be."""

    code = "away_open"


class TooLong(Invalid):
    """Nobody leaves the post for so long here."""

    code = "away_too_long"


class StandInNeeded(Invalid):
    """Somebody must stand in for you."""

    code = "stand_in_needed"


class StandInUnfit(Invalid):
    """That person cannot stand in here."""

    code = "stand_in_unfit"


class ContactNeeded(Invalid):
    """Say how you can be reached."""

    code = "contact_needed"


class NotYours(NotPermitted):
    """Only the person it is about may do that."""

    code = "not_yours"
