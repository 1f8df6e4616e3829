"""The life of a request, as a table (DUTY-06, DUTY-08)."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import msgspec
import pytest

from duty.request_errors import RequestNotAllowed
from duty.requests import NEXT, OPEN, Act, Move, Request, RequestKind, RequestState, asked, excused, step

NOW = datetime(2026, 3, 1, 14, tzinfo=UTC)
LEAVE = Request(
    site_id="harbour",
    id="r",
    kind=RequestKind.LEAVE,
    asked_by="li",
    asked_at=NOW,
    other="wang",
    starts_at=NOW + timedelta(days=2),
    ends_at=NOW + timedelta(days=4),
    moves=(Move("centre", date(2026, 3, 4), "day", "li", "wang"),),
    reason="手术",
    due_at=NOW + timedelta(days=2),
)


@pytest.mark.parametrize(("state", "act"), sorted(product(RequestState, Act)))
def test_every_step_is_in_the_table_or_refused(state: RequestState, act: Act) -> None:
    here = msgspec.structs.replace(LEAVE, state=state)
    if (state, act) not in NEXT:
        with pytest.raises(RequestNotAllowed):
            step(here, act, by="chen", at=NOW)
        return
    after, line = step(here, act, by="chen", at=NOW)
    assert (after.state, after.version, line.act) == (NEXT[state, act], 2, f"request.{act}")
    assert (line.data["from"], line.data["to"]) == (state, after.state)
    assert after.open == (after.state in OPEN)


def test_what_has_ended_never_falls_due() -> None:
    for act in (Act.APPROVE, Act.REFUSE, Act.WITHDRAW, Act.LAPSE):
        after, _ = step(LEAVE, act, by="chen", at=NOW)
        assert (after.due_at, after.decided_by, after.decided_at) == (None, "chen", NOW)
    assert step(LEAVE, Act.AGREE, by="wang", at=NOW)[0].due_at == LEAVE.due_at


def test_why_somebody_wants_leave_stays_out_of_the_log() -> None:
    said = [asked(LEAVE), step(LEAVE, Act.APPROVE, by="chen", at=NOW)[1]]
    assert "手术" not in str(said)
    assert said[0].data["shifts"] == [["centre", "2026-03-04", "day", "li", "wang"]]
    swap = msgspec.structs.replace(LEAVE, kind=RequestKind.SWAP, reason="女儿家长会")
    assert asked(swap).data["reason"] == "女儿家长会"


@pytest.mark.parametrize(
    ("hours", "person", "state", "kind", "is_excused"),
    [
        (48, "li", RequestState.APPROVED, RequestKind.LEAVE, True),
        (95, "li", RequestState.APPROVED, RequestKind.LEAVE, True),
        (47, "li", RequestState.APPROVED, RequestKind.LEAVE, False),
        (96, "li", RequestState.APPROVED, RequestKind.LEAVE, False),
        (50, "wang", RequestState.APPROVED, RequestKind.LEAVE, False),
        (50, "li", RequestState.AGREED, RequestKind.LEAVE, False),
        (50, "li", RequestState.LAPSED, RequestKind.LEAVE, False),
        (50, "li", RequestState.APPROVED, RequestKind.SWAP, False),
    ],
)
def test_only_an_approved_leave_excuses_and_only_while_it_lasts(
    hours: int, person: str, state: RequestState, kind: RequestKind, is_excused: bool
) -> None:
    """DUTY-06: away without prior approval is off-post."""
    request = msgspec.structs.replace(LEAVE, state=state, kind=kind)
    assert (excused(person, NOW + timedelta(hours=hours), [request]) is not None) is is_excused


def test_a_request_concerns_all_whom_it_moves() -> None:
    assert LEAVE.concerns == {"li", "wang"}
    call = msgspec.structs.replace(
        LEAVE,
        kind=RequestKind.REINFORCEMENT,
        asked_by="chen",
        other=None,
        moves=(Move("centre", date(2026, 3, 4), "day", None, "guard"),),
    )
    assert (call.concerns, call.called, LEAVE.called) == ({"chen", "guard"}, {"guard"}, frozenset())
