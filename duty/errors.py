"""What duty refuses."""

from core.errors import NotFound, Refusal


class NoSuchSeat(NotFound):
    """There is no such seat at this site."""

    code = "seat_not_found"


class NotOfThisSite(Refusal):
    """Only somebody who works at this site can stand in its seats."""

    code = "not_of_this_site"
    status = 403


class AlreadyOn(Refusal):
    """You are signed on to this seat already."""

    code = "already_signed_on"
    status = 409


class NotOn(Refusal):
    """You are not signed on to this seat."""

    code = "not_signed_on"
    status = 409


class DayIsPast(Refusal):
    """That day is over."""

    code = "day_is_past"
    status = 409


class NotOverridden(NotFound):
    """The site has not said anything of that day."""

    code = "day_not_overridden"


class RotationClash(Refusal):
    """The rotation brings two crews to the same shift."""

    code = "rotation_clash"
    status = 409
