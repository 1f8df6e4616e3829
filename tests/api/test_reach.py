"""Open pages say that who holds a seat can be reached (ESC-13)."""

from datetime import datetime

import msgspec

from app.imports import import_site
from duty import reach_store
from sites.duty_policies import DutyPolicies, Reach
from sites.pack import digest
from sites.register import Policies
from tests.api.conftest import MINE, House, staffed

SAYS = {"can_ring": True, "on_duty": True}


def ask(house: House) -> None:
    """The site wants to know from now on."""
    register = msgspec.structs.replace(staffed(MINE), policies=Policies(duty=DutyPolicies(reach=Reach())))
    import_site(house.db, house.night.desks, register, digest(register), house.clock(), "system")


def seen(house: House) -> dict[str, datetime]:
    with house.db.read() as conn:
        return reach_store.last_seen(conn, MINE)


async def test_a_console_s_report_counts_for_who_holds_a_seat_and_nobody_else(any_house: House) -> None:
    house = any_house
    async with house.client("wang") as wang, house.client("zhao") as zhao:
        await wang.post(f"/api/v1/sites/{MINE}/console", json=SAYS)
        assert seen(house) == {}  # nobody asks
        ask(house)
        first = house.clock()
        for browser in (wang, zhao):
            assert (await browser.post(f"/api/v1/sites/{MINE}/console", json=SAYS)).status_code == 204
        assert seen(house) == {"wang": first}
        house.clock.tick(5)
        await wang.post(f"/api/v1/sites/{MINE}/console", json=SAYS)
        assert seen(house) == {"wang": first}  # seldom
        house.clock.tick(10)
        await wang.post(f"/api/v1/sites/{MINE}/console", json=SAYS)
        assert seen(house) == {"wang": house.clock()}
