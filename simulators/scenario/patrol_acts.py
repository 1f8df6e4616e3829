"""What people do about rounds and tags, and what a handset says when a guard holds it to a tag. Values only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from patrol.violations import subject_of
from simulators.scenario.duty_acts import DutyAct
from simulators.scenario.model import Says, Scans
from sites.register import Register


class PatrolAct(DutyAct, frozen=True):
    """Something that a person asks of the product about patrol. Each is one request."""


class Rounds(PatrolAct, frozen=True, tag="rounds"):
    """A round of `route` is suspended, resumed, or points of it are excused (none named: all that were missed)."""

    what: str
    route: str
    points: tuple[str, ...] = ()
    reason: str = ""

    @property
    def about(self) -> str:
        return f"round/{self.route}"


class Taps(PatrolAct, frozen=True, tag="taps"):
    """A guard's own phone brings a tap, signed in as they are. `kept`: it waited for a line; `edited`: its chain was tampered
    with; `vouched`: nothing was read, and why it counts all the same. `counter`: the tag proves itself, and says that it was read so
    often; `forged`: the proof is not its own. `page`: by the page that the tag's address opens, without an outbox. `photos`: how
    many it names; the pictures themselves are still on the phone.
    """

    checkpoint: str
    phone: str
    tag: str | None = None
    said_at: datetime | None = None
    kept: bool = False
    edited: bool = False
    vouched: str = ""
    counter: int | None = None
    forged: bool = False
    note: str = ""
    answers: Mapping[str, Any] = {}
    page: bool = False
    photos: int = 0

    @property
    def about(self) -> str:
        return f"checkpoint/{self.checkpoint}"


class Opens(PatrolAct, frozen=True, tag="opens"):
    """The page of a tag's address is fetched and nothing is pressed; `unsigned`: by nobody who is signed in, as a messenger does
    that shows a link's preview.
    """

    checkpoint: str
    counter: int
    tag: str | None = None
    unsigned: bool = False

    @property
    def about(self) -> str:
        return f"checkpoint/{self.checkpoint}"


class Tags(PatrolAct, frozen=True, tag="tags"):
    """What is done with a tag, by the verb of the line (`hangs`, `blocks`, `restores`, `moves`, `replaces`). `to`: the point that
    it hangs at or is moved to, or the tag in its place; `proof`: how a new one proves itself.
    """

    what: str
    uid: str
    to: str = ""
    reason: str = ""
    proof: str = "uid"

    @property
    def about(self) -> str:
        return f"tag/{self.uid}"


class Violates(PatrolAct, frozen=True, tag="violates"):
    """A violation at a point (of a task; empty: as it was reported) is reported, taken to its next step, or over."""

    what: str
    checkpoint: str
    task: str = ""
    note: str = ""

    @property
    def about(self) -> str:
        return subject_of(self.checkpoint, self.task)


def handset_says(register: Register, act: Scans) -> Says:
    """What the handset tells of a tap. Raises ValueError when the site has none."""
    own = next((d.id for d in register.devices.values() if d.model == "handheld"), None)
    if own is None:
        raise ValueError("the site has no handset (a device of model handheld) to scan with")
    point = register.checkpoints.get(act.checkpoint)
    tag = act.tag or (point.tags[0] if point is not None and point.tags else act.checkpoint)
    data: dict[str, Any] = {"tag": tag, "guard": act.person, "proof": act.proof}
    if act.synced:
        data["synced"] = True
    if act.counter is not None:
        data["counter"] = act.counter
    if act.answers:
        data["answers"] = dict(act.answers)
    if act.note:
        data["note"] = act.note
    return Says(act.handset or own, "patrol.tap", data, act.said_at)
