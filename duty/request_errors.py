"""What requests for leave, swaps, substitutes and call-ins refuse."""

from core.errors import Invalid, NotFound, NotPermitted, Refusal


class NoSuchRequest(NotFound):
    """There is no such request at this site."""

    code = "request_not_found"


class RequestNotAllowed(Refusal):
    """The request is not in a state that allows this."""

    code = "request_not_allowed"


class RequestRole(NotPermitted):
    """Another role decides about requests here."""

    code = "request_role_needed"


class OwnRequest(NotPermitted):
    """Nobody decides about their own request."""

    code = "own_request"


class NotAsked(NotPermitted):
    """Only the person who was asked may agree."""

    code = "not_asked"


class NotAsker(NotPermitted):
    """Only who asked may take the request back."""

    code = "not_asker"


class AgreementOwed(Refusal):
    """The other person has not agreed yet."""

    code = "agreement_owed"


class NoStandIn(Invalid):
    """Somebody else can only be named for a leave or a substitute."""

    code = "stand_in_not_possible"


class NoSuchShift(NotFound):
    """There is no such shift."""

    code = "shift_not_found"


class NotYourShift(NotPermitted):
    """That shift is not yours."""

    code = "not_your_shift"


class ShiftTaken(Refusal):
    """Somebody stands in that shift already."""

    code = "shift_taken"


class ShiftChanged(Refusal):
    """Somebody else stands in that shift meanwhile."""

    code = "shift_changed"


class RequestTooLate(Refusal):
    """The time that this is about has begun."""

    code = "request_too_late"


class LeaveTurned(Invalid):
    """A leave ends after it begins."""

    code = "leave_ends_before_it_begins"


class RulesBroken(Refusal):
    """A rule would be broken: give a reason to let it pass."""

    code = "rules_broken"


class TwoSeatsAtOnce(Refusal):
    """Nobody can be in two seats at once."""

    code = "two_seats_at_once"


class CertificateMissing(Refusal):
    """The post needs a certificate that nobody there would hold."""

    code = "certificate_missing"


class PostNotAllowed(Refusal):
    """That person may not stand at this post."""

    code = "post_not_allowed"


class RequestImpossible(Refusal):
    """The roster would have faults by this."""

    code = "request_impossible"
