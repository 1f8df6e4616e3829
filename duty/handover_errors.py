"""What a hand-over refuses."""

from core.errors import Invalid, NotFound, NotPermitted, Refusal


class NoSuchHandover(NotFound):
    """There is no such hand-over at this site."""

    code = "handover_not_found"


class NoSuchItem(Invalid):
    """The hand-over has no such item, or it does not take that."""

    code = "item_not_found"


class HandoverNotAllowed(Refusal):
    """The hand-over is not in a state that allows this."""

    code = "handover_not_allowed"


class HandoverOpen(Refusal):
    """A hand-over of this seat is under way already."""

    code = "handover_open"


class NotInSeat(Refusal):
    """Only who holds the seat can hand it over."""

    code = "not_in_seat"


class NotOutgoing(NotPermitted):
    """Only the person who hands over may do that."""

    code = "not_outgoing"


class NotIncoming(NotPermitted):
    """Somebody else is taking over already."""

    code = "not_incoming"


class OverriderNeeded(NotPermitted):
    """Another role lets a hand-over pass here."""

    code = "handover_role_needed"


class SamePerson(NotPermitted):
    """Two different people are needed."""

    code = "same_person"


class IncomingNotThere(Refusal):
    """Whoever takes over must have signed on to the seat."""

    code = "incoming_not_on"


class ChecksOwed(Refusal):
    """Mandatory items are not yet checked or counted."""

    code = "checks_owed"


class ExplanationOwed(Refusal):
    """Something is missing or wrong, and nobody has explained it."""

    code = "explanation_owed"


class ItemsUnconfirmed(Refusal):
    """Not every item has been confirmed."""

    code = "items_unconfirmed"


class HandoverDisputed(Refusal):
    """An item is disputed: agree on it, or have a supervisor decide."""

    code = "handover_disputed"


class HandoverBlocked(Refusal):
    """Important work is not finished: finish it, or have a manager let it pass."""

    code = "handover_blocked"


class ItemStays(Refusal):
    """What the site's data or the checklist says cannot be taken out."""

    code = "item_stays"


class WordsOwed(Invalid):
    """A few words are needed."""

    code = "words_needed"


class HandoverNeeded(Refusal):
    """Hand the seat over before you leave it."""

    code = "handover_needed"


class JointOpen(Refusal):
    """You stay responsible for what was open when you handed over until it is closed."""

    code = "joint_open"


class ContentChanged(Refusal):
    """Something on the hand-over changed since you looked at it: look through it again."""

    code = "content_changed"


class ClockSetBack(Refusal):
    """The server's clock was set back during this hand-over: have it set right, or have a manager decide."""

    code = "clock_set_back"
