"""What the API is told about reinforced duty and all hands (DUTY-08; see `api.bodies`)."""

from api.bodies import Body, Said
from api.request_bodies import Moment
from sites.duty_words import Mode


class CallMode(Body):
    """What is called and why; from now on without `starts_at`, until it is lifted without `ends_at`."""

    mode: Mode
    reason: Said
    starts_at: Moment | None = None
    ends_at: Moment | None = None


class LiftMode(Body):
    """Why it is over."""

    reason: Said
