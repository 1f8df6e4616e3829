"""Signing a hand-over by PIN and by passkey; neither opens a session, nothing forged passes (HND-03, ATT-05, ROLE-10)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url

from api.sessions import set_password
from duty.handover_signatures import digest
from ingest import packet
from sites.tables import account_pin, passkey
from tests.api.authenticator import Authenticator, flipped
from tests.api.conftest import MINE, House, make_house
from tests.api.test_answers import SITE, shaped
from tests.api.test_handovers import DESK, PASSWORD, act, done, hand_over_strictly, refused
from tests.conftest import HandClock

ME = "/api/v1/session"
HOST = {"host": "duty.example.org"}
PIN = "274159"


@pytest.fixture
def strict(house: House) -> House:
    """By plain http, as in the duty room's own net."""
    hand_over_strictly(house)
    return house


@pytest.fixture
async def https(sqlite_url: str, clock: HandClock) -> AsyncIterator[House]:
    """Reached by https, under a name."""
    made = make_house(sqlite_url, clock, secure=True)
    hand_over_strictly(made)
    yield made
    made.db.close()


async def begun(wang: AsyncClient) -> dict[str, Any]:
    """A hand-over with everything counted."""
    sheet = shaped("handover_open", await wang.post(DESK, json={"seat": "centre"}))
    return await done(wang, sheet, "edit", key="list/radios", counted=4)  # type: ignore[no-any-return]


async def registered(browser: AsyncClient, key: Authenticator, name: str = "指纹") -> Any:
    made = shaped("signing_passkey_begin", await browser.post(f"{ME}/passkeys/begin", json={"password": PASSWORD}))
    body = {"ticket": made["ticket"], "name": name, "credential": key.make(made["options"])}
    return await browser.post(f"{ME}/passkeys", json=body)


async def asked(browser: AsyncClient, sheet: dict[str, Any], what: str) -> Any:
    return shaped("handover_challenge", await act(browser, sheet, "challenge", act=what))


async def pin_set(browser: AsyncClient, pin: str | None = PIN) -> Response:
    return await browser.post(f"{ME}/pin", json={"password": PASSWORD, "pin": pin})


async def test_a_pin_is_set_with_the_password_signs_and_never_signs_in(strict: House) -> None:
    async with strict.client("wang") as wang, strict.client() as door:
        wrong = await wang.post(f"{ME}/pin", json={"password": "wrong", "pin": PIN})
        assert refused(wrong) == (403, "wrong_own_password")
        mine = shaped("signing_pin", await pin_set(wang))
        assert mine == {"pin": True, "pin_locked": False, "passkeys_possible": False, "passkeys": []}
        assert (await door.post(ME, json={"login": "wang", "password": PIN})).status_code == 401
        sheet = await done(wang, await begun(wang), "offer", pin=PIN)
        (signature,) = sheet["handover"]["signatures"]
        assert (signature["by"], signature["act"], signature["how"]) == ("wang", "offer", "pin")
        off = await wang.post(f"{SITE}/duty/sign-off", json={"seat": "centre", "password": PIN})
        assert refused(off) == (403, "wrong_own_password")
        assert shaped("signing_pin", await pin_set(wang, None))["pin"] is False
    with strict.db.read() as conn:
        assert conn.execute(select(account_pin)).all() == []


@pytest.mark.parametrize(
    "pin", ["", "12345", "000000", "123456", "987654", "90123456", "12345a", "１２３４５６", "274 159"]
)
async def test_a_pin_that_is_tried_first_is_refused(strict: House, pin: str) -> None:
    async with strict.client("wang") as wang:
        assert (await pin_set(wang, pin)).status_code == 422


async def test_five_wrong_pins_lock_it_and_the_password_opens_it(strict: House) -> None:
    """Nobody is locked out of handing over: the password goes on working."""
    async with strict.client("wang") as wang:
        assert refused(await act(wang, await begun(wang), "offer", pin=PIN)) == (409, "no_pin")
        await pin_set(wang)
        page = await wang.get(DESK)
        sheet = {"handover": page.json()["items"][0]}
        for _ in range(5):
            assert refused(await act(wang, sheet, "offer", pin="000111")) == (403, "wrong_pin")
        assert refused(await act(wang, sheet, "offer", pin=PIN)) == (403, "pin_locked")
        assert shaped("signing", await wang.get(f"{ME}/signing"))["pin_locked"] is True
        sheet = await done(wang, sheet, "offer", password=PASSWORD)
        sheet = await done(wang, sheet, "withdraw")
        sheet = await done(wang, sheet, "offer", pin=PIN)
        assert shaped("signing", await wang.get(f"{ME}/signing"))["pin_locked"] is False


async def test_a_pin_of_somebody_else_and_two_proofs_at_once_are_refused(strict: House) -> None:
    async with strict.client("wang") as wang, strict.client("li") as li:
        await pin_set(li)
        await pin_set(wang, "951753")
        sheet = await begun(wang)
        assert refused(await act(wang, sheet, "offer", pin=PIN)) == (403, "wrong_pin")
        assert refused(await act(wang, sheet, "offer")) == (422, "signature_needed")
        assert refused(await act(wang, sheet, "offer", pin="951753", password=PASSWORD)) == (422, "signature_needed")


async def test_a_new_password_takes_the_pin_with_it_and_a_one_time_one_the_keys_too(https: House) -> None:
    async with https.client("wang", **HOST) as wang:
        await pin_set(wang)
        shaped("signing_passkey", await registered(wang, Authenticator()))
    for must_change, keys in ((False, 1), (True, 0)):
        with https.db.begin() as tx:
            set_password(tx, https.account_id("wang"), "x", https.clock(), must_change=must_change)
            assert tx.conn.execute(select(account_pin)).all() == []
            assert len(tx.conn.execute(select(passkey)).all()) == keys


async def test_both_sign_by_passkey_and_what_they_signed_can_be_checked(https: House) -> None:
    """The challenge is the digest of the sheet; the logbook keeps the evidence."""
    wangs, lis = Authenticator(), Authenticator()
    async with https.client("wang", **HOST) as wang, https.client("li", **HOST) as li:
        keys = shaped("signing_passkey", await registered(wang, wangs))["passkeys"]
        assert [(k["name"], k["used_at"]) for k in keys] == [("指纹", None)]
        await registered(li, lis)
        sheet = await begun(wang)
        told = await asked(wang, sheet, "offer")
        sheet = await done(wang, sheet, "offer", passkey=wangs.sign(told["options"]))
        assert sheet["handover"]["signatures"][0] | {"at": ""} == {
            "by": "wang", "at": "", "act": "offer", "how": "passkey", "digest": told["digest"],
        }  # fmt: skip
        sheet = await done(li, sheet, "confirm", keys=[i["key"] for i in sheet["handover"]["items"]])
        told = await asked(li, sheet, "sign")
        with https.db.read() as conn:
            seen = packet.handover_store.get(conn, MINE, sheet["handover"]["id"])
        assert told["digest"] == digest(seen, "sign", "li")
        sheet = await done(li, sheet, "sign", passkey=lis.sign(told["options"]))
        assert (sheet["handover"]["state"], sheet["handover"]["incoming"]) == ("done", "li")
        lines = (await li.get(f"{SITE}/logbook", params={"subject": f"handover/{seen.id}"})).json()["items"]
        said = next(line["data"] for line in lines if line["act"] == "handover.sign")
        assert (said["how"], said["digest"]) == ("passkey", told["digest"])
        assert set(said["evidence"]) == {"id", "client_data", "authenticator_data", "signature", "public_key"}
        assert shaped("signing", await li.get(f"{ME}/signing"))["passkeys"][0]["used_at"] is not None


async def test_a_forged_or_borrowed_signature_is_refused_and_nothing_changes(https: House) -> None:
    """HND-03: wrong key, one bit flipped, another's key, another act, another place, nobody's finger, played again."""
    mine, lis = Authenticator(), Authenticator()
    async with https.client("wang", **HOST) as wang, https.client("li", **HOST) as li:
        await registered(wang, mine)
        await registered(li, lis)
        sheet = await begun(wang)
        options = (await asked(wang, sheet, "offer"))["options"]
        other = (await asked(wang, sheet, "sign"))["options"]
        right = mine.sign(options)
        stranger = Authenticator()
        stranger.id = mine.id
        elsewhere = Authenticator("https://evil.example.org")
        elsewhere.id, elsewhere.key, elsewhere.count = mine.id, mine.key, 9
        untouched = Authenticator(verifies=False)
        untouched.id, untouched.key, untouched.count = mine.id, mine.key, 9
        for forged in (
            right | {"signature": flipped(right["signature"])},
            right | {"authenticator_data": flipped(right["authenticator_data"])},
            right | {"client_data": "e30"},
            right | {"client_data": bytes_to_base64url(b'{"challenge":5}')},
            right | {"client_data": bytes_to_base64url(b"[" * 3000)},
            right | {"client_data": "A"},
            right | {"id": "AAAA"},
            stranger.sign(options),
            elsewhere.sign(options),
            untouched.sign(options),
            lis.sign(options),
        ):
            assert refused(await act(wang, sheet, "offer", passkey=forged)) == (403, "wrong_passkey")
        assert refused(await act(wang, sheet, "offer", passkey=mine.sign(other))) == (409, "content_changed")
        assert refused(await act(li, sheet, "offer", passkey=lis.sign(options)))[0] in {403, 409}
        again = shaped("handover_sheet", await wang.get(f"{DESK}/{sheet['handover']['id']}"))
        assert again["handover"] == sheet["handover"]
        sheet = await done(wang, sheet, "offer", passkey=right)
        sheet = await done(wang, sheet, "withdraw")
        assert refused(await act(wang, sheet, "offer", passkey=right)) == (409, "content_changed")


async def test_what_comes_up_after_the_challenge_is_not_signed(https: House) -> None:
    """HND-05: the digest is over what is open now, saved or not."""
    key = Authenticator()
    async with https.client("wang", **HOST) as wang:
        await registered(wang, key)
        sheet = await begun(wang)
        signed = key.sign((await asked(wang, sheet, "offer"))["options"])
        https.night.say("water.leak", "L-1")
        assert refused(await act(wang, sheet, "offer", passkey=signed)) == (409, "content_changed")


async def test_a_key_is_registered_once_by_its_owner_in_time_and_can_be_forgotten(https: House) -> None:
    key = Authenticator()
    async with https.client("wang", **HOST) as wang, https.client("li", **HOST) as li:
        made = shaped("signing_passkey_begin", await wang.post(f"{ME}/passkeys/begin", json={"password": PASSWORD}))
        body = {"ticket": made["ticket"], "name": "k", "credential": key.make(made["options"])}
        assert refused(await li.post(f"{ME}/passkeys", json=body)) == (422, "passkey_unfit")
        for wrong in (body | {"credential": {}}, body | {"ticket": "1.x.y"}, body | {"ticket": "x"}):
            assert refused(await wang.post(f"{ME}/passkeys", json=wrong)) == (422, "passkey_unfit")
        shaped("signing_passkey", await wang.post(f"{ME}/passkeys", json=body))
        assert refused(await wang.post(f"{ME}/passkeys", json=body)) == (422, "passkey_unfit")
        name = (await wang.get(f"{ME}/signing")).json()["passkeys"][0]["id"]
        assert (await li.delete(f"{ME}/passkeys/{name}")).status_code == 404
        assert shaped("signing_passkey_forget", await wang.delete(f"{ME}/passkeys/{name}"))["passkeys"] == []
        https.clock.tick(301)
        assert refused(await wang.post(f"{ME}/passkeys", json=body)) == (422, "passkey_unfit")


@pytest.mark.parametrize(
    ("secure", "host", "code"),
    [
        (False, "duty.example.org", "passkeys_need_https"),
        (True, "192.0.2.7:8443", "passkeys_need_a_name"),
        (True, "[2001:db8::7]", "passkeys_need_a_name"),
    ],
)
async def test_where_browsers_have_no_passkeys_it_says_so(
    sqlite_url: str, clock: HandClock, secure: bool, host: str, code: str
) -> None:
    house = make_house(sqlite_url, clock, secure=secure)
    hand_over_strictly(house)
    async with house.client("wang", host=host) as wang:
        assert shaped("signing", await wang.get(f"{ME}/signing"))["passkeys_possible"] is False
        begin = await wang.post(f"{ME}/passkeys/begin", json={"password": PASSWORD})
        assert refused(begin) == (409, code)
        sheet = await begun(wang)
        assert refused(await act(wang, sheet, "challenge", act="offer")) == (409, code)
        assert refused(await act(wang, sheet, "offer", passkey=Authenticator().sign({"challenge": "AA"}))) == (
            409,
            code,
        )
    house.db.close()


async def test_a_name_in_the_settings_is_what_keys_are_bound_to(sqlite_url: str, clock: HandClock) -> None:
    """Whatever a request says its host was."""
    house = make_house(sqlite_url, clock, secure=True, public_url="https://duty.example.org")
    async with house.client("wang", host="proxy.internal") as wang:
        shaped("signing_passkey", await registered(wang, Authenticator()))
        assert refused(await registered(wang, Authenticator("https://proxy.internal"))) == (422, "passkey_unfit")
    house.db.close()
