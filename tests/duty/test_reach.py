"""Whether who holds a seat can be reached (ESC-13)."""

from datetime import timedelta

import pytest

from duty.reach import unreached
from duty.rules import Basis, Holding
from sites.duty_policies import Reach
from tests.alerts.test_rules import AT

MINUTE = Reach(consoles=True, after_s=60)


@pytest.mark.parametrize(
    ("policy", "here_s", "seen_s", "far"),
    [
        (None, 3600, None, False),
        (Reach(consoles=False), 3600, None, False),
        (MINUTE, 3600, None, True),
        (MINUTE, 3600, 59, False),
        (MINUTE, 3600, 60, True),
        (MINUTE, 59, None, False),  # has just sat down
        (MINUTE, 60, 7200, True),
        (MINUTE, 3600, -5, False),  # the clock was set back
    ],
)
def test_no_page_for_a_minute_is_out_of_reach(policy: Reach | None, here_s: int, seen_s: int | None, far: bool) -> None:
    held = {
        "centre": Holding("centre", "wang", Basis.ROSTERED, None, AT - timedelta(seconds=here_s)),
        "leader": Holding("leader", None, Basis.NOBODY),
    }
    seen = {} if seen_s is None else {"wang": AT - timedelta(seconds=seen_s)}
    assert unreached(held, seen, policy, AT) == ({"centre"} if far else set())
