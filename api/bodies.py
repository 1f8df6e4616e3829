"""What the API is told. A field that is not named here is refused, so that nothing can be set by the way."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
)

from alerts.rules import Cause, Disposition
from core.wire import NAME, SLUG
from duty.calendar import MONTH
from sites.duty_words import DayType as KindOfDay

UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


def printable(text: str) -> str:
    if any(c < " " and c not in "\n\t" for c in text) or "\x7f" in text:
        raise ValueError("control characters are not allowed")
    return text


Short = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(printable)]
Long = Annotated[str, StringConstraints(max_length=4000, strip_whitespace=True), AfterValidator(printable)]
Said = Annotated[
    str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True), AfterValidator(printable)
]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Login = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(printable)]
Name = Annotated[str, StringConstraints(pattern=NAME)]

Pin = Annotated[str, StringConstraints(min_length=1, max_length=12)]
Packed = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,4096}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Answer = StrictBool | StrictInt | StrictFloat | Long | None

SiteId = Annotated[str, Path(pattern=SLUG)]
SiteAsked = Annotated[str, Query(pattern=SLUG)]
PlanId = Annotated[str, Path(pattern=NAME)]
MonthId = Annotated[str, Path(pattern=MONTH)]
MonthAsked = Annotated[str | None, Query(pattern=MONTH)]
DayId = Annotated[date, Path(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
RosterId = Annotated[str, Path(pattern=UUID)]
FeedId = Annotated[str, Path(pattern=UUID)]
AlertId = Annotated[str, Path(pattern=UUID)]
EventId = Annotated[str, Path(pattern=UUID)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=80)]


class Body(BaseModel):
    """A request's content."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PinSignIn(Body):
    """Login and PIN."""

    login: Login
    pin: Pin


class SignIn(Body):
    """Login and password."""

    login: Login
    password: Secret


class NewPassword(Body):
    """The password so far and the one to come."""

    old: Secret
    new: Secret


class Ack(Body):
    """`override` takes custody without holding the seat: a supervisor, with a reason."""

    override: bool = False
    reason: Short | None = None


class Nothing(Body):
    """An empty object."""


class Withdrawal(Body):
    """Why a version does not come into force."""

    reason: Said


class Release(Body):
    """Why custody goes back to the seat."""

    reason: Said


class RecorderName(Body):
    """Who is to write down what happens."""

    person: Name


class NoteText(Body):
    """What to add to the history."""

    text: Said


class OnMyWay(Body):
    """When I set out, by a phone that had no line then."""

    said_at: AwareDatetime | None = None


class Dispose(Body):
    """How the alert ended."""

    disposition: Disposition
    cause: Cause | None = None
    note: Long | None = None
    reason: Short | None = None


class Report(Body):
    """What a person reports, where, and who told them."""

    kind: Literal["manual.report", "manual.resident_call", "manual.panic"]
    zone: Name
    note: Long = ""
    caller: Short = ""


class AtSeat(Body):
    """Which seat, and exactly one of the signer's own password and PIN."""

    seat: Name
    password: Secret | None = None
    pin: Pin | None = None


class CheckSaid(Body):
    """What somebody says of one line of a seat's pre-shift checks: in order, or not, in words."""

    id: Name
    fine: StrictBool
    note: Short = ""


class SeatChecks(Body):
    """What was left open of the pre-shift checks."""

    seat: Name
    checks: Annotated[list[CheckSaid], Field(min_length=1, max_length=64)]


class ToSeat(AtSeat):
    """Signing on: the seat, the signature, and what was seen to first, where the site asks for that."""

    checks: Annotated[list[CheckSaid], Field(max_length=64)] = []
    token: Annotated[Short | None, Field(description="The code of a tag at the post (DUTY-13).")] = None


class Attachment(Body):
    """A file that was uploaded before, and what it is called here."""

    sha256: Sha256
    name: Annotated[Short, StringConstraints(pattern=r"^[^/\\\\]*$")] = ""


class EntryDraft(Body):
    """An entry for the logbook: on which form, when and where it happened, who was there, and what it says."""

    form: Name = "note"
    happened_at: AwareDatetime | None = None
    zone: Name | None = None
    persons: Annotated[list[Name], Field(max_length=50)] = []
    alert: Annotated[str, StringConstraints(pattern=UUID)] | None = None
    fields: Annotated[dict[Name, Answer], Field(max_length=100)]
    attachments: Annotated[list[Attachment], Field(max_length=20)] = []


class CorrectionDraft(EntryDraft):
    """What an entry should have said, and why it did not."""

    reason: Said


class EntryCategories(Body):
    """The categories that an entry, or one of its files, is to have."""

    categories: Annotated[list[Name], Field(max_length=50)]
    attachment: Sha256 | None = None


class DayType(Body):
    """What a day is at this site, and why."""

    type: KindOfDay
    reason: Said


class SignDay(Body):
    """What the reviewer has to say of the day, and their own password once more."""

    comment: Long = ""
    password: Secret


class PlaceHold(Body):
    """Why something must be kept, and what: about a subject, from `since` until `until`; nothing given is everything."""

    reason: Said
    subject: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_.:/-]{1,128})?$")] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class ReceiveArchive(Body):
    """What the archivist has to say of the file: where it lies."""

    comment: Long = ""


class LiftHold(Body):
    """Why a hold is no longer needed."""

    reason: Said


class MakeRoster(Body):
    """Which month to begin a draft of."""

    month: Annotated[str, StringConstraints(pattern=MONTH)]


class AtRevision(Body):
    """The step of the draft that the caller saw: nobody writes over what they have not seen."""

    revision: Annotated[int, Field(ge=0, le=1_000_000)]


class CellEdits(AtRevision):
    """Shifts to change, all in one step: seat, day, shift, and who stands in it (null: nobody)."""

    cells: Annotated[dict[Name, dict[date, dict[Name, Name | None]]], Field(min_length=1, max_length=500)]


class FillRoster(AtRevision):
    """Where a month comes from. `rotations` are those of the register; `period_days` is how far back last month is read,
    a whole number of weeks or of the pattern's cycles.
    """

    source: Literal["rotation", "last_month", "standing"]
    rotations: Annotated[list[Name], Field(max_length=50)] = []
    period_days: Annotated[int, Field(ge=1, le=56)] = 28


class WishSaid(Body):
    """A shift that somebody would like, or (`likes` false) would rather not have: of a day, of a template, or of both."""

    person: Name
    day: date | None = None
    template: Name | Literal[""] = ""
    likes: bool = True


class SolveRoster(AtRevision):
    """How the draft is to be filled. No `seats`: those that must be held. `keep`: cells that are painted in them stay."""

    seconds: Annotated[int, Field(ge=1, le=60)] = 10
    seats: Annotated[list[Name], Field(max_length=100)] = []
    keep: bool = True
    wishes: Annotated[list[WishSaid], Field(max_length=1000)] = []


class RosterReason(Body):
    """Why a roster is refused or given up."""

    reason: Said


class FeedAsked(Body):
    """Whose shifts the feed is of: a post's, or without one the caller's own."""

    post: Name | None = None


class ConsoleSays(Body):
    """What the console knows of itself: whether it can make a sound, and whether someone started duty on it."""

    can_ring: bool
    on_duty: bool


# hand-overs: `version` is that of the hand-over the person looked at

ItemKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Version = Annotated[int, Field(ge=1)]


class OfSeat(Body):
    """Which seat."""

    seat: Name


class Seen(Body):
    """Only the version."""

    version: Version


class EditItem(Seen):
    """What the outgoing person counted, checked or writes of an item. What is not given stays."""

    key: ItemKey
    counted: Annotated[int, Field(ge=0, le=100_000)] | None = None
    fine: StrictBool | None = None
    explanation: Long | None = None
    text: Long | None = None


class AddItem(Seen):
    """Something more: the outgoing person's, or what the incoming one found (`anomaly`)."""

    kind: Literal["text", "note", "anomaly"]
    text: Said
    explanation: Long = ""


class AboutItem(Seen):
    """Which item."""

    key: ItemKey


class ExplainItem(AboutItem):
    """The outgoing person's answer."""

    explanation: Said


class ConfirmItems(Seen):
    """Items that are so; `follow_up`: they stay to be seen to, and come up at the next hand-over."""

    keys: Annotated[list[ItemKey], Field(min_length=1, max_length=1000)]
    comment: Long = ""
    follow_up: StrictBool = False


class DisputeItem(AboutItem):
    """An item that is not so, and why."""

    comment: Said


class TagItem(AboutItem):
    """Why the site's rules should be looked at for an item."""

    words: Said


class ResolveItem(AboutItem):
    """A supervisor's decision."""

    reason: Said


class WithReason(Seen):
    """Why."""

    reason: Said


class Assertion(Body):
    """What a passkey said (base64url): which one, what the browser asked it, and its signature."""

    id: Packed
    client_data: Packed
    authenticator_data: Packed
    signature: Packed


class Signature(Seen):
    """Exactly one of the signer's own password, PIN and passkey."""

    password: Secret | None = None
    pin: Pin | None = None
    passkey: Assertion | None = None


class ToSign(Seen):
    """Which signature is asked for."""

    act: Literal["offer", "sign"]


class NewPin(Body):
    """A PIN to sign with, or none any more, and the password."""

    password: Secret
    pin: Pin | None


class WithPassword(Body):
    """The caller's own password once more."""

    password: Secret


class NewPasskey(Body):
    """What began it, what the key is to be called, and what the browser made (`RegistrationResponseJSON`)."""

    ticket: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    name: Annotated[Short, StringConstraints(min_length=1, max_length=60)]
    credential: dict[str, JsonValue]


class OverrideHandover(WithReason):
    """Who takes the seat although signatures are missing, why, and the manager's own password once more."""

    incoming: Name
    password: Secret


class LetGo(Body):
    """Who may leave which seat without handing it over, why, and the manager's own password once more."""

    seat: Name
    person: Name
    reason: Said
    password: Secret
