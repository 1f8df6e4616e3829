"""Signing in by PIN on a phone that knows its person, and saying from it that one is on the way."""

from datetime import timedelta

import pytest
from httpx2 import AsyncClient, Response

from alerts.rules import Act
from tests.api.conftest import House
from tests.api.test_answers import SITE, shaped

PIN = "270413"


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def known(house: House, login: str) -> AsyncClient:
    """A phone on which somebody has signed in by password, set a PIN, and signed out."""
    phone = house.client()
    shaped("sign_in", await phone.post("/api/v1/session", json={"login": login, "password": "demo"}))
    shaped("signing_pin", await phone.post("/api/v1/session/pin", json={"password": "demo", "pin": PIN}))
    await phone.delete("/api/v1/session")
    return phone


async def by_pin(phone: AsyncClient, login: str, pin: str = PIN) -> Response:
    return await phone.post("/api/v1/session/by-pin", json={"login": login, "pin": pin})


async def test_a_pin_signs_in_where_its_person_is_known(house: House) -> None:
    phone = await known(house, "li")
    assert refused(await by_pin(phone, "li", "270414")) == (403, "wrong_pin")
    me = shaped("sign_in_by_pin", await by_pin(phone, "li"))
    assert me["login"] == "li"
    assert (await phone.get("/api/v1/session")).status_code == 200
    last = [e for e in house.night.log() if e.act == "account.sign_in"][-1]
    assert last.data["how"] == "pin"


async def test_a_strange_phone_is_asked_for_the_password_whatever_the_pin(house: House) -> None:
    await known(house, "li")
    async with house.client() as strange:
        for pin in (PIN, "270414"):
            assert refused(await by_pin(strange, "li", pin)) == (403, "password_needed")
    phone = await known(house, "wang")
    assert refused(await by_pin(phone, "li")) == (403, "password_needed")
    assert refused(await by_pin(phone, "nobody")) == (403, "password_needed")


@pytest.mark.parametrize("login", ["the-admin", "the-auditor", "the-manager"])
async def test_who_runs_the_site_signs_in_by_password(house: House, login: str) -> None:
    phone = await known(house, login)
    assert refused(await by_pin(phone, login)) == (403, "password_needed")


async def test_five_wrong_tries_lock_the_pin_until_the_password_is_right(house: House) -> None:
    phone = await known(house, "li")
    for _ in range(5):
        assert refused(await by_pin(phone, "li", "270414"))[1] == "wrong_pin"
    assert refused(await by_pin(phone, "li")) == (403, "pin_locked")
    shaped("sign_in", await phone.post("/api/v1/session", json={"login": "li", "password": "demo"}))


async def test_on_the_way_is_told_once_with_the_phones_time(house: House) -> None:
    """EMG-10."""
    house.night.say("fire.alarm")
    (alert,) = house.night.open()
    earlier = house.clock() - timedelta(minutes=2)
    async with house.client("li") as li:
        for _ in range(2):
            body = {"said_at": earlier.isoformat()}
            after = shaped("go", await li.post(f"{SITE}/alerts/{alert.id}/go", json=body))["alert"]
            assert after["state"] == "raised"
    (line,) = [e for e in house.night.log() if e.act == f"alert.{Act.GO}"]
    assert (line.actor, line.data["said_at"]) == ("li", earlier.isoformat().replace("+00:00", "Z"))
