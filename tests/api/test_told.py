"""Coming to a seat and leaving it without a line, as a phone tells it later (ATT-01, PAT-11)."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient, Response

from tests.api.conftest import House
from tests.api.test_answers import SITE, shaped

PASSWORD, PIN = "demo", "270413"


class Phone:
    """A phone's chain."""

    def __init__(self, house: House) -> None:
        self.house, self.n, self.prev = house, 0, ""

    def did(self, act: str, said_at: datetime, seat: str = "centre") -> dict[str, Any]:
        self.n += 1
        said = {
            "id": str(uuid4()),
            "n": self.n,
            "prev": self.prev,
            "said_at": said_at.isoformat(),
            "act": act,
            "seat": seat,
        }
        spelt = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self.prev = hashlib.sha256(spelt.encode()).hexdigest()
        return said | {"kept": True}


async def tell(browser: AsyncClient, *acts: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await browser.post(f"{SITE}/duty/told", json={"client": "a-phone", "acts": list(acts)})
    return list(shaped("duty_told", answer)["items"])


async def prove(browser: AsyncClient, **means: str) -> Any:
    return shaped(
        "duty_told_prove", await browser.post(f"{SITE}/duty/told/prove", json=means or {"password": PASSWORD})
    )


async def centre(browser: AsyncClient) -> Any:
    seats = shaped("duty", await browser.get(f"{SITE}/duty"))["seats"]
    return next(s for s in seats if s["seat_id"] == "centre")


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def lines(house: House, act: str) -> list[Any]:
    return [e for e in house.night.log() if e.act == act]


async def test_a_sign_on_told_later_counts_from_when_its_person_proves_it(house: House) -> None:
    """Three times: the phone's, when we heard of it, and when it was proved; the seat is held from the last one."""
    phone, said_at = Phone(house), house.clock() - timedelta(minutes=20)
    async with house.client("li") as li:
        act = phone.did("on", said_at)
        (one,) = await tell(li, act)
        assert (one["state"], one["edited"], one["proved_at"]) == ("told", False, None)
        assert (await centre(li))["holder_id"] == "wang"
        assert [t["id"] for t in shaped("duty_told_mine", await li.get(f"{SITE}/duty/told"))["items"]] == [one["id"]]
        house.clock.tick(60)
        assert await tell(li, act) == [one]
        proved = await prove(li)
        (after,) = proved["items"]
        assert (after["state"], after["how"], after["why"]) == ("counted", "password", None)
        seat = next(s for s in proved["seats"] if s["seat_id"] == "centre")
        assert (seat["holder_id"], seat["basis"]) == ("li", "signed_on")
        assert datetime.fromisoformat(seat["since"]) == house.clock()
        assert shaped("duty_told_mine", await li.get(f"{SITE}/duty/told"))["items"] == []
        assert (await prove(li))["items"] == []
        day = said_at.date()
        span = shaped("attendance_span", await li.get(f"{SITE}/attendance?first={day}&last={day}"))
        assert [t["id"] for t in span["told"]] == [one["id"]]
    (told,), (counted,), (on,) = (lines(house, a) for a in ("duty.told", "duty.told_count", "duty.sign_on"))
    assert told.at < counted.at == on.at
    assert {e.data["said_at"] for e in (told, counted, on)} == {said_at.isoformat().replace("+00:00", "Z")}


async def test_a_whole_shift_without_a_line_stays_what_was_told(house: House) -> None:
    phone, at = Phone(house), house.clock()
    async with house.client("li") as li:
        both = [phone.did("on", at - timedelta(hours=8)), phone.did("off", at - timedelta(minutes=5))]
        await tell(li, *both)
        proved = await prove(li)
        assert [(t["deed"], t["state"], t["why"]) for t in proved["items"]] == [
            ("on", "kept", "overtaken"),
            ("off", "kept", "not_signed_on"),
        ]
        assert (await centre(li))["holder_id"] == "wang"


async def test_a_sign_off_told_later_ends_the_stay_when_it_is_proved(house: House) -> None:
    phone = Phone(house)
    async with house.client("li") as li:
        shaped("sign_on", await li.post(f"{SITE}/duty/sign-on", json={"seat": "centre", "password": PASSWORD}))
        await tell(li, phone.did("off", house.clock()))
        assert (await centre(li))["holder_id"] == "li"
        assert (await prove(li))["items"][0]["state"] == "counted"
        assert (await centre(li))["holder_id"] == "wang"


@pytest.mark.parametrize(("age_h", "state"), [(23, "counted"), (25, "kept")])
async def test_who_proves_an_act_of_yesterday_is_in_no_seat_for_it(house: House, age_h: int, state: str) -> None:
    phone = Phone(house)
    async with house.client("li") as li:
        await tell(li, phone.did("on", house.clock() - timedelta(hours=age_h)))
        assert (await prove(li))["items"][0]["state"] == state


async def test_what_was_edited_shows_and_what_is_odd_is_kept(house: House) -> None:
    """PAT-11: a leader hears of an edited sign-on as of an edited tap, once for each thing that was changed."""
    phone = Phone(house)
    async with house.client("li") as li, house.client("chen") as chen:
        first, second = phone.did("on", house.clock()), phone.did("off", house.clock())
        (edited,) = await tell(li, second | {"said_at": (house.clock() - timedelta(hours=2)).isoformat()})
        assert edited["edited"]  # the one before it is missing
        alert = house.night.alert("patrol.suspect")
        assert (alert.subject, alert.repeats) == ("person/li", 0)
        (one,) = await tell(li, first)
        assert not one["edited"]
        assert house.night.alert("patrol.suspect").repeats == 0
        (one,) = await tell(li, first | {"seat": "gate"})  # it comes again, with other words
        assert (one["seat_id"], house.night.alert("patrol.suspect").repeats) == ("centre", 1)
        assert await tell(chen, first) == []  # somebody else's: nothing is told
        (nowhere,) = await tell(chen, Phone(house).did("on", house.clock(), seat="moon"))
        assert nowhere["state"] == "told"
        assert (await prove(chen))["items"][0]["why"] == "seat_not_found"


async def test_only_the_person_can_prove_it(house: House) -> None:
    async with house.client("li") as li:
        await tell(li, Phone(house).did("on", house.clock()))
        there = f"{SITE}/duty/told/prove"
        assert refused(await li.post(there, json={})) == (422, "signature_needed")
        assert refused(await li.post(there, json={"password": PASSWORD, "pin": PIN})) == (422, "signature_needed")
        assert refused(await li.post(there, json={"password": "wrong"}))[1] == "wrong_own_password"
        assert refused(await li.post(there, json={"pin": PIN}))[1] == "no_pin"
        shaped("signing_pin", await li.post("/api/v1/session/pin", json={"password": PASSWORD, "pin": PIN}))
        assert refused(await li.post(there, json={"pin": "270414"})) == (403, "wrong_pin")
        assert (await prove(li, pin=PIN))["items"][0]["how"] == "pin"


async def test_signing_on_takes_the_pin_as_well(house: House) -> None:
    async with house.client("li") as li:
        shaped("signing_pin", await li.post("/api/v1/session/pin", json={"password": PASSWORD, "pin": PIN}))
        for path, name in (("sign-on", "sign_on"), ("sign-off", "sign_off")):
            there = f"{SITE}/duty/{path}"
            assert refused(await li.post(there, json={"seat": "centre"})) == (422, "signature_needed")
            shaped(name, await li.post(there, json={"seat": "centre", "pin": PIN}))
