"""Major incidents: each has somebody named who writes down what happens (LOG-13). Pure: what is known of one, and naming.

Which alert is one is the site's to say; it is settled when the alert is raised, and stays when the site's rules change.
"""

from datetime import datetime

import msgspec

from alerts.errors import NotAllowed
from alerts.rules import Alert, State
from logbook.rules import Line


class Major(msgspec.Struct, frozen=True, kw_only=True):
    """What a major incident has besides its alert. `named_by` named the recorder, `named_at`."""

    site_id: str
    alert_id: str
    since: datetime
    needs_recorder: bool
    recorder: str | None = None
    named_by: str | None = None
    named_at: datetime | None = None

    @property
    def unrecorded(self) -> bool:
        """Whether nobody is named although somebody should be."""
        return self.needs_recorder and self.recorder is None


def named(major: Major, alert: Alert, recorder: str, *, by: str, at: datetime) -> tuple[Major, Line]:
    """The incident with its recorder, and the line that says so. Another may be named as long as it is not closed."""
    if alert.state is State.CLOSED:
        raise NotAllowed(state=alert.state, act="record", number=alert.number)
    told = {"number": alert.number, "recorder": recorder}
    if major.recorder is not None:
        told |= {"was": major.recorder}
    after = msgspec.structs.replace(major, recorder=recorder, named_by=by, named_at=at)
    return after, Line(at, "incident.recorder", by, f"alert/{alert.id}", told)
