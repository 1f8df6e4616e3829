"""Major incidents over HTTP: who writes down what happens (LOG-13)."""

import msgspec
import pytest

from app.imports import import_site
from sites.major_words import MajorPolicy
from sites.pack import digest
from tests.api.conftest import MINE, House, staffed
from tests.api.test_answers import SITE, shaped


@pytest.fixture
def watched(house: House) -> House:
    """A house where fires are major incidents."""
    register = staffed(MINE)
    policies = msgspec.structs.replace(register.policies, major=MajorPolicy())
    register = msgspec.structs.replace(register, policies=policies)
    import_site(house.db, house.night.desks, register, digest(register), house.clock(), "system")
    return house


async def test_whoever_has_it_names_the_recorder(watched: House) -> None:
    watched.night.say("fire.alarm")
    there = f"{SITE}/alerts/{watched.night.only().id}"
    async with watched.client("wang") as holder, watched.client("li") as other:
        story = shaped("alert_story", await other.get(there))
        assert story["major"] == {"needs_recorder": True, "recorder": None, "named_by": None, "named_at": None}
        await holder.post(f"{there}/ack", json={})
        refused = await other.post(f"{there}/recorder", json={"person": "li"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_holder")
        refused = await holder.post(f"{there}/recorder", json={"person": "nobody"})
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
            422,
            "no_such_recorder",
            "person",
        )
        made = shaped("name_recorder", await holder.post(f"{there}/recorder", json={"person": "li"}))
        assert (made["major"]["recorder"], made["major"]["named_by"]) == ("li", "wang")
        story = shaped("alert_story", await other.get(there))
        assert story["major"]["recorder"] == "li"
        assert story["history"][-1]["act"] == "incident.recorder"


async def test_an_ordinary_alert_has_no_recorder(watched: House) -> None:
    watched.night.say("water.leak", "L-1")
    there = f"{SITE}/alerts/{watched.night.only().id}"
    async with watched.client("wang") as holder:
        await holder.post(f"{there}/ack", json={})
        assert shaped("alert_story", await holder.get(there))["major"] is None
        refused = await holder.post(f"{there}/recorder", json={"person": "li"})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_major")
