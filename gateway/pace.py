"""The uplink's numbers, apart from it: a gateway that is only imagined goes by them, too, and needs no MQTT for that."""

from typing import Final

from msgspec import Struct

STALL_MAX_S: Final = 60.0


class Pace(Struct, frozen=True):
    """The uplink's numbers. `drain_per_s` events of backlog; live ones are never held back."""

    drain_per_s: float = 2000.0
    status_every_s: float = 30.0
    stall_s: float = 10.0
    keepalive_s: int = 20
    puback_s: float = 10.0
    retry_s: tuple[float, float] = (0.2, 5.0)  # after a lost session: at first, and at most
    look_s: float = 0.0  # how often to look at a clock that may leap; 0 for a real one, which nobody has to watch
