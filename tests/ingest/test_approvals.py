"""Who approves what is the site's to say: each action is allowed to the roles it names, and to no other (ROLE-07)."""

from collections.abc import Callable, Collection

import msgspec
import pytest

from core.errors import Refusal
from duty import roster_acts
from ingest import handover, requests
from sites.duty_policies import DutyPolicies
from sites.register import Policies, Register, Role
from tests.night import HARBOUR

Asks = Callable[[Register, Collection[Role]], None]

ACTIONS: dict[str, tuple[str, Asks]] = {
    "make a roster": ("roster_authors", roster_acts.author),
    "approve a roster": ("roster_approvers", roster_acts.approver),
    "decide about leave, a swap or a call-in": ("swap_approvers", requests.decides),
    "stand above a hand-over": ("handover_overriders", handover.overrider),
}


def allowed(asks: Asks, register: Register, role: Role) -> bool:
    try:
        asks(register, [role])
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("action", sorted(ACTIONS))
@pytest.mark.parametrize("named", [(Role.SUPERVISOR,), (Role.ENGINEER, Role.GUARD), (Role.MANAGER, Role.ADMIN)])
def test_an_action_is_for_the_roles_that_the_site_names(action: str, named: tuple[Role, ...]) -> None:
    policy, asks = ACTIONS[action]
    duty = msgspec.structs.replace(DutyPolicies(), **{policy: named})
    register = msgspec.structs.replace(HARBOUR, policies=Policies(duty=duty))
    assert {role for role in Role if allowed(asks, register, role)} == set(named)


def test_out_of_the_box_a_hand_over_is_let_pass_by_managers() -> None:
    assert {role for role in Role if allowed(handover.overrider, HARBOUR, role)} == {Role.MANAGER, Role.ADMIN}
