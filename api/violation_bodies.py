"""What the API is told about violations (see `api.bodies`)."""

from api.bodies import Body, Name, Said


class ReportViolation(Body):
    """Somebody saw one, without a task that asks for it."""

    checkpoint: Name
    note: Said


class ViolationNote(Body):
    """What was done at this step."""

    note: Said
