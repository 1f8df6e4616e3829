"""Pre-shift checks over HTTP (EQP-01)."""

import msgspec
import pytest

from app.imports import import_site
from sites.duty_policies import DutyPolicies, PreShift
from sites.pack import digest
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped
from tests.duty.test_pre_shift import LIST

BODY = {"seat": "centre", "password": "demo"}


def asking(house: House, policy: PreShift) -> None:
    register = staffed(MINE)
    policies = msgspec.structs.replace(register.policies, duty=DutyPolicies(pre_shift=policy))
    register = msgspec.structs.replace(register, policies=policies, pre_checks={"centre": LIST})
    import_site(house.db, house.night.desks, register, digest(register), house.clock(), "system")


@pytest.mark.parametrize("policy", [PreShift.BLOCK, PreShift.FLAG])
async def test_a_shift_is_opened_with_its_checks(house: House, policy: PreShift) -> None:
    asking(house, policy)
    async with house.client("li") as browser:
        first = await browser.post(f"{SITE}/duty/sign-on", json=BODY)
        if policy is PreShift.BLOCK:
            assert (first.status_code, first.json()["code"], first.json()["field"]) == (409, "checks_owed", "checks")
            assert first.json()["data"]["missing"] == ["radio", "panel"]
            both = [{"id": name, "fine": True} for name in ("radio", "panel")]
            shaped("sign_on", await browser.post(f"{SITE}/duty/sign-on", json={**BODY, "checks": both}))
        else:
            shaped("sign_on", first)
            (stay,) = shaped("duty", await browser.get(f"{SITE}/duty"))["attendance"]
            assert stay["checks"] == {"missing": ["radio", "panel"], "wrong": []}
            more = [{"id": "radio", "fine": True}, {"id": "panel", "fine": False, "note": "屏幕不亮"}]
            shaped(
                "pre_shift_checks", await browser.post(f"{SITE}/duty/checks", json={"seat": "centre", "checks": more})
            )
        (stay,) = shaped("duty", await browser.get(f"{SITE}/duty"))["attendance"]
        assert stay["checks"]["missing"] == []
        odd = {"seat": "centre", "checks": [{"id": "lift", "fine": True}]}
        refused = await browser.post(f"{SITE}/duty/checks", json=odd)
        assert (refused.status_code, refused.json()["code"]) == (422, "no_such_check")
