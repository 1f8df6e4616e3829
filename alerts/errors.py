"""What the life of an alert refuses."""

from core.errors import Invalid, NotFound, NotPermitted, Refusal


class NoSuchAlert(NotFound):
    """There is no such alert at this site."""

    code = "alert_not_found"


class AlreadyAnswered(Refusal):
    """Somebody has this alert in custody already."""

    code = "already_answered"
    status = 409


class NotAllowed(Refusal):
    """The alert is not in a state that allows this."""

    code = "alert_not_allowed"
    status = 409


class StillActive(Refusal):
    """The device still reports the condition; it cannot be reset yet."""

    code = "condition_active"
    status = 409


class NotMajor(Refusal):
    """No major incident: nobody need be named to record it."""

    code = "not_major"
    status = 409


class NoSuchRecorder(Invalid):
    """Nobody of that name works at this site."""

    code = "no_such_recorder"


class ReasonNeeded(Refusal):
    """A reason is needed."""

    code = "reason_needed"
    status = 422


class SupervisorNeeded(NotPermitted):
    """Only a supervisor may do this."""

    code = "supervisor_needed"
    status = 403


class NotHolder(NotPermitted):
    """Only the person who has this alert in custody, the seat's holder or a supervisor may do this."""

    code = "not_holder"
    status = 403
