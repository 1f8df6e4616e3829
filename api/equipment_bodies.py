"""What the API is told about equipment and its tests (see `api.bodies`)."""

from pydantic import StrictBool

from api.bodies import Body, Long


class EquipmentFound(Body):
    """What a test found. A failure says what in `note`."""

    passed: StrictBool
    note: Long = ""
