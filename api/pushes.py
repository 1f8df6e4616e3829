"""What the live feed says, for the typed client: FastAPI documents no event stream, so these schemas are added by hand."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from alerts.rules import State
from api.alert_shapes import Alert, AlertStep
from api.duty_shapes import SeatState
from api.event_shapes import EventBrief
from api.handover_shapes import HandoverBrief
from api.mandate_shapes import Mandate
from api.mode_shapes import DutyMode
from api.notice_shapes import Told
from api.patrol_shapes import RoundBrief
from api.presence_shapes import Away, SeatCheck
from api.shapes import Shape
from api.site_shapes import ConditionState, DeviceState, GatewayState
from api.tap_shapes import Tap
from duty.requests import RequestKind, RequestState
from duty.rosters import RosterState


class Repeat(Shape):
    """An alert that was said again; only what changed."""

    id: str
    repeats: int
    last_at: datetime
    state: State


class Burst(Shape):
    """Events of one commit: how many, and the newest of them."""

    count: int
    items: list[EventBrief]


class LogMoved(Shape):
    """Where the logbook stands now."""

    size: int
    chain: str


class RegisterMoved(Shape):
    """The register has a new version: fetch everything again."""

    version: int


class AlertPush(Shape):
    """An alert is new or changed."""

    type: Literal["alert"]
    seq: int
    body: Alert


class RepeatsPush(Shape):
    """Alerts that were said again."""

    type: Literal["repeats"]
    seq: int
    body: list[Repeat]


class EventsPush(Shape):
    """Events arrived."""

    type: Literal["events"]
    seq: int
    body: Burst


class DevicesPush(Shape):
    """Devices fell silent, or spoke again."""

    type: Literal["devices"]
    seq: int
    body: list[DeviceState]


class ConditionsPush(Shape):
    """Conditions began or ended."""

    type: Literal["conditions"]
    seq: int
    body: list[ConditionState]


class DutyPush(Shape):
    """Seats changed hands."""

    type: Literal["duty"]
    seq: int
    body: list[SeatState]


class HandoverPush(Shape):
    """A hand-over was opened, or moved."""

    type: Literal["handover"]
    seq: int
    body: HandoverBrief


class RosterMoved(Shape):
    """Where a month's roster stands; its cells are asked for by whoever shows them."""

    id: str
    month: str
    state: RosterState
    version: int | None
    revision: int


class RosterPush(Shape):
    """A roster was begun, or changed."""

    type: Literal["roster"]
    seq: int
    body: RosterMoved


class RequestMoved(Shape):
    """Where a request stands, and whom it is about: they ask for the rest."""

    id: str
    kind: RequestKind
    state: RequestState
    version: int
    asked_by: str
    people: list[str]


class RequestPush(Shape):
    """Somebody asked for leave, a swap or a substitute, called people in, or answered that."""

    type: Literal["request"]
    seq: int
    body: RequestMoved


class PresencePush(Shape):
    """Somebody is asked whether they are there, answered, or did not."""

    type: Literal["presence"]
    seq: int
    body: SeatCheck


class AwayPush(Shape):
    """Somebody wants to leave a post for a while, is away, or is back."""

    type: Literal["away"]
    seq: int
    body: Away


class MandatePush(Shape):
    """Somebody has authority for their shift, or no longer."""

    type: Literal["mandate"]
    seq: int
    body: Mandate


class ModePush(Shape):
    """Reinforced duty or all hands was called, began, or is over."""

    type: Literal["mode"]
    seq: int
    body: DutyMode


class ToldPush(Shape):
    """People were told something of their duty."""

    type: Literal["told"]
    seq: int
    body: Told


class RoundPush(Shape):
    """A round was made, opened, walked on, or settled."""

    type: Literal["round"]
    seq: int
    body: RoundBrief


class StepPush(Shape):
    """Somebody must be seen somewhere, was, or was not."""

    type: Literal["step"]
    seq: int
    body: AlertStep


class GatewayPush(Shape):
    """A gateway's word on itself."""

    type: Literal["gateway"]
    seq: int
    body: GatewayState


class TapsPush(Shape):
    """Taps at checkpoints."""

    type: Literal["taps"]
    seq: int
    body: list[Tap]


class LogPush(Shape):
    """The logbook grew."""

    type: Literal["log"]
    seq: int
    body: LogMoved


class RegisterPush(Shape):
    """The register changed."""

    type: Literal["register"]
    seq: int
    body: RegisterMoved


Push = Annotated[
    AlertPush
    | RepeatsPush
    | EventsPush
    | DevicesPush
    | ConditionsPush
    | DutyPush
    | HandoverPush
    | RosterPush
    | RequestPush
    | PresencePush
    | AwayPush
    | MandatePush
    | ModePush
    | ToldPush
    | RoundPush
    | StepPush
    | GatewayPush
    | TapsPush
    | LogPush
    | RegisterPush,
    Field(discriminator="type"),
]


class LiveHello(Shape):
    """First word of the feed: pushes after `seq` follow."""

    seq: int


class LiveBeat(Shape):
    """The feed is alive."""

    at: datetime


class LiveRefetch(Shape):
    """The client fell behind: fetch the snapshot again and start after its `seq`."""

    why: Literal["too_old", "too_slow", "ahead"]


class LiveSignedOut(Shape):
    """The session is over."""

    why: Literal["signed_out"]


PUSH: Final[TypeAdapter[Any]] = TypeAdapter(Push)
WORDS_OF_THE_FEED: Final = (LiveHello, LiveBeat, LiveRefetch, LiveSignedOut)
