"""What duty refuses."""

from core.errors import Invalid, NotFound, Refusal


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


class ChecksOwed(Refusal):
    """Nobody begins here before the seat's pre-shift checks are answered."""

    code = "checks_owed"
    status = 409


class NoSuchCheck(Invalid):
    """The seat's pre-shift checks have no such line."""

    code = "no_such_check"


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


class NoSuchRoster(NotFound):
    """There is no such roster at this site."""

    code = "roster_not_found"


class RosterNotAllowed(Refusal):
    """The roster is not in a state that allows this."""

    code = "roster_not_allowed"
    status = 409


class RosterOpen(Refusal):
    """A roster of this month is on its way already."""

    code = "roster_open"
    status = 409


class RosterRole(Refusal):
    """Another role does this with rosters here."""

    code = "roster_role_needed"
    status = 403


class OwnRoster(Refusal):
    """Whoever made a roster does not approve it."""

    code = "own_roster"
    status = 403


class RosterFaulty(Refusal):
    """The roster has faults that must be mended first."""

    code = "roster_faulty"
    status = 409


class RosterOutdated(Refusal):
    """A newer version of this month was published meanwhile."""

    code = "roster_outdated"
    status = 409


class MonthIsPast(Refusal):
    """That month is over."""

    code = "month_is_past"
    status = 409


class MonthTooFar(Refusal):
    """A roster is made for this month or one of the next twelve."""

    code = "month_too_far"
    status = 409


class ShiftBegun(Refusal):
    """That shift has begun: it stays as it stood."""

    code = "shift_begun"
    status = 409


class DayOutsideMonth(Invalid):
    """That day is not in the roster's month."""

    code = "day_outside_month"


class NoSuchRotation(NotFound):
    """There is no such rotation at this site."""

    code = "rotation_not_found"


class NothingToUndo(Refusal):
    """There is nothing to undo or to do again."""

    code = "nothing_to_undo"
    status = 409


class NoSuchFeed(NotFound):
    """There is no such feed."""

    code = "feed_not_found"


class NotAtPost(Refusal):
    """Sign on at the post itself, with the tag that hangs there."""

    code = "not_at_post"


class NoSuchTest(NotFound):
    """There is no such equipment test at this site."""

    code = "no_such_equipment_test"
