"""What the API answers about a site as it stands now (see `api.shapes`)."""

from datetime import datetime
from typing import Literal

from api.alert_shapes import Alert
from api.duty_shapes import SeatState
from api.event_shapes import EventBrief
from api.handover_shapes import HandoverBrief
from api.logbook_shapes import LogHead
from api.shapes import Shape
from api.tap_shapes import Tap


class ConditionState(Shape):
    """What is wrong with a subject, or was."""

    subject: str
    name: str
    active: bool
    since: datetime


class DeviceState(Shape):
    """What was last heard of a device; `heard_at` is null for one that never spoke."""

    device_id: str
    heard_at: datetime | None
    kind: str
    silent: bool


class GatewayState(Shape):
    """What was last heard of a gateway."""

    gateway_id: str
    state: Literal["online", "offline", "unknown"]
    boot: str
    spooled: int
    heard_at: datetime
    silent: bool


class Snapshot(Shape):
    """All that a page shows first. Pushes after `seq` bring it up to date."""

    seq: int
    at: datetime
    alerts: list[Alert]
    conditions: list[ConditionState]
    devices: list[DeviceState]
    gateways: list[GatewayState]
    duty: list[SeatState]
    handovers: list[HandoverBrief]
    log: LogHead
    events: list[EventBrief]
    taps: list[Tap]
    quiet_since: datetime | None
