"""What calling reinforced duty or all hands refuses (DUTY-08)."""

from core.errors import Invalid, NotFound, NotPermitted, Refusal


class NoSuchMode(NotFound):
    """Nothing of that kind was called at this site."""

    code = "mode_not_found"


class ModeNotAllowed(Refusal):
    """It is over already."""

    code = "mode_not_allowed"


class ModeRole(NotPermitted):
    """Another role calls this here."""

    code = "mode_role_needed"


class ModeTimes(Invalid):
    """It begins now or later, and ends after that within 31 days."""

    code = "mode_times"


class ModeTwice(Refusal):
    """The same is called for that time already."""

    code = "mode_twice"
