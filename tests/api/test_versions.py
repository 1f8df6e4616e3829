"""A site's versions and parameters through HTTP: who may look, what differs, and taking one back (SITE-02, SITE-06, ROLE-08)."""

from datetime import timedelta
from typing import Any

import msgspec

from app.imports import import_site
from sites.pack import digest
from sites.parameters import PARAMETERS
from sites.versions import Terms
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped
from tests.api.test_tags import refused


def planned(house: House, **policies: Any) -> None:
    """A version of the site that comes into force in an hour."""
    register = staffed(MINE)
    duty = msgspec.structs.replace(register.policies.duty, incoming_lead_min=10)
    ruled = msgspec.structs.replace(register.policies, duty=duty, **policies)
    made = msgspec.structs.replace(register, policies=ruled)
    terms = Terms(house.clock() + timedelta(hours=1), "earlier from tonight", "the-admin")
    import_site(house.db, house.night.desks, made, digest(made), house.clock(), "zhao", terms=terms)


async def test_a_version_is_seen_before_it_comes_compared_and_taken_back(house: House) -> None:
    planned(house)
    async with house.client("zhao") as zhao:
        told = shaped("site_versions", await zhao.get(f"{SITE}/versions"))
        assert [(v["version"], v["state"], v["by"], v["reason"]) for v in told["items"]] == [
            (2, "to_come", "zhao", "earlier from tonight"),
            (1, "in_force", "system", ""),
        ]
        assert told["items"][0]["approved_by"] == "the-admin"
        changes = shaped("version_changes", await zhao.get(f"{SITE}/versions/2/changes"))
        assert (changes["since"], [(c["field"], c["old"], c["new"]) for c in changes["items"]]) == (
            1,
            [("duty.incoming_lead_min", 5, 10)],
        )
        back = shaped("version_changes", await zhao.get(f"{SITE}/versions/1/changes", params={"since": 2}))
        assert [(c["old"], c["new"]) for c in back["items"]] == [(10, 5)]
        gone = shaped("version_withdraw", await zhao.post(f"{SITE}/versions/2/withdraw", json={"reason": "too early"}))
        assert (gone["state"], gone["ended_why"]) == ("withdrawn", "too early")
        again = await zhao.post(f"{SITE}/versions/2/withdraw", json={"reason": "again"})
        assert refused(again) == (409, "version_not_to_come")
        assert refused(await zhao.get(f"{SITE}/versions/9/changes")) == (404, "version_not_found")


async def test_parameters_are_told_as_they_stand_and_as_they_will(house: House) -> None:
    planned(house, service_grade=3, preset=("patrol.interval_min",))
    async with house.client("the-auditor") as auditor:
        told = shaped("site_parameters", await auditor.get(f"{SITE}/parameters"))
        later = shaped("site_parameters", await auditor.get(f"{SITE}/parameters", params={"version": 2}))
        assert refused(await auditor.get(f"{SITE}/parameters", params={"version": 7})) == (404, "version_not_found")
        listed = shaped("site_versions", await auditor.get(f"{SITE}/versions"))
    assert [p["name"] for p in told["items"]] == list(PARAMETERS)
    lead = next(p for p in told["items"] if p["name"] == "duty.incoming_lead_min")
    assert (lead["value"], lead["default"], lead["least"], lead["most"], lead["unit"]) == (5, 5, 0, 60, "min")
    assert (told["version"], later["version"], later["service_grade"]) == (1, 2, 3)
    origins = {p["name"]: p["origin"] for p in later["items"] if p["origin"] != "default"}
    assert origins == {"duty.incoming_lead_min": "site", "patrol.interval_min": "preset", "service_grade": "site"}
    assert not listed["withdraws"]


async def test_who_watches_the_room_has_no_say_in_its_rules(house: House) -> None:
    async with house.client("wang") as wang:
        for where in ("versions", "versions/1/changes", "parameters"):
            assert (await wang.get(f"{SITE}/{where}")).status_code == 403
    async with house.client("far-zhao") as elsewhere:
        assert (await elsewhere.get(f"{SITE}/versions")).status_code == 404
