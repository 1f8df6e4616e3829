"""Signing in, staying signed in, and being signed out (ASVS 6.3, 7.2-7.4, 3.3, 3.5)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from api.accounts import DefaultSecret, disable, ensure_admin, refuse_default_secrets
from api.app import create_app
from api.room import Settings
from core.errors import TooMany
from sites.tables import account, session
from tests.api.conftest import CSRF, MINE, SECRET, House, cheap, make_house
from tests.conftest import HandClock

ME = "/api/v1/session"


async def test_a_person_signs_in_and_is_told_who_they_are(house: House) -> None:
    async with house.client() as browser:
        answer = await browser.post(ME, json={"login": "wang", "password": "demo"})
        assert answer.status_code == 200
        assert answer.json()["sites"][0]["person_id"] == "wang"
        assert (await browser.get(ME)).json() == answer.json()


async def test_the_cookie_is_for_the_server_alone(house: House) -> None:
    async with house.client() as browser:
        answer = await browser.post(ME, json={"login": "wang", "password": "demo"})
    first = answer.headers.get_list("set-cookie")[0]
    assert first.startswith("watchroom=")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= {part.strip() for part in first.split(";")}


async def test_under_https_the_cookie_is_bound_to_the_host(sqlite_url: str, clock: HandClock) -> None:
    house = make_house(sqlite_url, clock, secure=True)
    async with house.client() as browser:
        answer = await browser.post(ME, json={"login": "wang", "password": "demo"})
    first = answer.headers.get_list("set-cookie")[0]
    assert first.startswith("__Host-watchroom=")
    assert "Secure" in first
    assert "Domain" not in first
    assert "max-age" in answer.headers["strict-transport-security"]
    house.db.close()


async def test_only_a_hash_of_the_token_is_kept(house: House) -> None:
    token = house.token("wang")
    with house.db.read() as conn:
        kept = conn.execute(select(session.c.token_hash)).scalars().all()
    assert len(token) >= 43
    assert all(token not in k for k in kept)


async def test_every_sign_in_gets_a_new_token(house: House) -> None:
    """ASVS 7.2.4: a token planted beforehand is never the one that is signed in."""
    async with house.client() as browser:
        browser.cookies.set("watchroom", "planted")
        answer = await browser.post(ME, json={"login": "wang", "password": "demo"})
        again = await browser.post(ME, json={"login": "wang", "password": "demo"})
    tokens = {a.headers.get_list("set-cookie")[0].split(";")[0] for a in (answer, again)}
    assert len(tokens) == 2
    assert "watchroom=planted" not in tokens


async def test_signing_out_ends_the_session_at_the_server(house: House) -> None:
    token = house.token("wang")
    async with house.client() as browser:
        browser.cookies.set("watchroom", token)
        assert (await browser.delete(ME)).status_code == 204
    async with house.client() as thief:
        thief.cookies.set("watchroom", token)
        assert (await thief.get(ME)).status_code == 401


@pytest.mark.parametrize(("idle_h", "status"), [(11, 200), (12.1, 401)])
async def test_a_session_ends_when_nobody_uses_it(house: House, idle_h: float, status: int) -> None:
    async with house.client("wang") as browser:
        house.clock.tick(idle_h * 3600)
        assert (await browser.get(ME)).status_code == status


async def test_a_session_ends_after_a_day_however_busy(house: House) -> None:
    async with house.client("wang") as browser:
        for _ in range(4):
            house.clock.tick(timedelta(hours=5, minutes=50).total_seconds())
            assert (await browser.get(ME)).status_code == 200
        house.clock.tick(timedelta(hours=1).total_seconds())
        assert (await browser.get(ME)).status_code == 401


async def test_a_disabled_account_is_out_at_once_everywhere(house: House) -> None:
    async with house.client("wang") as one, house.client("wang") as two:
        assert (await one.get(ME)).status_code == 200
        with house.db.begin() as tx:
            disable(tx, house.account_id("wang"))
        assert {(await b.get(ME)).status_code for b in (one, two)} == {401}


async def test_a_new_password_ends_every_other_session(house: House) -> None:
    """GHSA-g9v2-wqcj-j99g."""
    async with house.client("wang") as mine, house.client("wang") as other:
        change = {"old": "demo", "new": "a longer password"}
        assert (await mine.post(f"{ME}/password", json=change)).status_code == 200
        assert (await mine.get(ME)).status_code == 200
        assert (await other.get(ME)).status_code == 401
    async with house.client() as again:
        assert (await again.post(ME, json={"login": "wang", "password": "demo"})).status_code == 401
        assert (await again.post(ME, json={"login": "wang", "password": "a longer password"})).status_code == 200


@pytest.mark.parametrize("new", ["Nine char", "demo-people-1"])
async def test_a_weak_new_password_is_refused(sqlite_url: str, clock: HandClock, new: str) -> None:
    """ASVS 6.2: at least ten characters outside the demo, and never the login."""
    house = make_house(sqlite_url, clock)
    house.room.passwords._least = 10
    with house.db.begin() as tx:
        tx.conn.execute(update(account).where(account.c.login == "wang").values(login="demo-people-1"))
    async with house.client("demo-people-1") as browser:
        answer = await browser.post(f"{ME}/password", json={"old": "demo", "new": new})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "weak_password", "new")
    house.db.close()


async def test_the_first_start_makes_an_administrator_once(house: House) -> None:
    word = house.first_start()
    assert word is not None
    assert len(word) >= 16
    with house.db.begin() as tx:
        assert ensure_admin(tx, house.clock(), cheap()) is None


async def test_a_one_time_password_must_be_changed_first(house: House) -> None:
    word = house.first_start()
    async with house.client() as browser:
        made = await browser.post(ME, json={"login": "admin", "password": word})
        assert made.json()["must_change"] is True
        refused = await browser.get(f"/api/v1/sites/{MINE}/snapshot")
        assert (refused.status_code, refused.json()["code"]) == (403, "must_change")
        await browser.post(f"{ME}/password", json={"old": word, "new": "my very own words"})
        assert (await browser.get(f"/api/v1/sites/{MINE}/snapshot")).status_code == 200
        assert (await browser.get(ME)).json()["must_change"] is False


# guessing


async def test_twenty_wrong_passwords_slow_the_guesser_and_nobody_else(house: House) -> None:
    """Faults 6.1: a rate limit that does not lock the duty room out."""
    async with house.client(address="203.0.113.9") as guesser:
        answers = [await guesser.post(ME, json={"login": "wang", "password": f"no{i}"}) for i in range(20)]
        assert {a.status_code for a in answers[:10]} == {401}
        assert {a.status_code for a in answers[10:]} == {429}
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await guesser.post(ME, json={"login": "wang", "password": "demo"})).status_code == 429
        assert (await guesser.post(ME, json={"login": "li", "password": "demo"})).status_code == 200
    async with house.client(address="192.0.2.7") as duty_room:
        assert (await duty_room.post(ME, json={"login": "wang", "password": "demo"})).status_code == 200


async def test_a_known_browser_is_not_slowed_by_a_guesser_behind_the_same_address(house: House) -> None:
    async with house.client() as desk, house.client() as guesser:
        await desk.post(ME, json={"login": "wang", "password": "demo"})
        await desk.post(ME, json={"login": "li", "password": "demo"})  # a console is shared
        for i in range(15):
            await guesser.post(ME, json={"login": "wang", "password": f"no{i}"})
        assert (await desk.post(ME, json={"login": "wang", "password": "demo"})).status_code == 200


def test_a_forged_browser_mark_counts_as_the_address(house: House) -> None:
    throttle = house.room.throttle
    mark = throttle.known_browser("wang")
    assert throttle.place("a", "wang", mark).startswith("browser/")
    for forged in (mark[:-1] + "x", "x" + mark, "", ".", "a.b", throttle.known_browser("li"), "é.é"):
        assert throttle.place("a", "wang", forged) == "address/a"


def test_a_login_tried_from_everywhere_is_slowed_never_refused(house: House) -> None:
    throttle = house.room.throttle
    for i in range(200):
        throttle.wrong(f"address/198.51.100.{i}", "wang")
    assert throttle.ask("address/192.0.2.44", "wang") == 1.0
    assert throttle.ask(throttle.place("a", "wang", throttle.known_browser("wang")), "wang") == 0.0
    for _ in range(60):
        throttle.wrong("address/203.0.113.5", "li")
    with pytest.raises(TooMany):
        throttle.ask("address/203.0.113.5", "zhao")


async def test_the_password_asked_again_is_throttled_too(house: House) -> None:
    async with house.client("wang") as browser:
        tries = [
            await browser.post(f"{ME}/password", json={"old": f"no{i}", "new": "whatever it is"}) for i in range(12)
        ]
    assert [t.status_code for t in tries] == [403] * 10 + [429] * 2


async def test_nobody_learns_which_logins_exist(house: House) -> None:
    """No user enumeration: the same words for a stranger, a wrong password, a disabled account and one without any."""
    with house.db.begin() as tx:
        disable(tx, house.account_id("li"))
    texts = set()
    for login, password in [("wang", "wrong"), ("nobody-here", "wrong"), ("li", "demo"), ("li", "wrong")]:
        async with house.client(address=f"192.0.2.{len(texts)}") as browser:
            answer = await browser.post(ME, json={"login": login, "password": password})
            texts.add((answer.status_code, answer.text))
            assert "set-cookie" not in answer.headers
    assert len(texts) == 1


async def test_a_stranger_costs_the_same_hashing_as_a_person(house: House) -> None:
    """Same work, not only same words: one verification for either."""
    passwords = house.room.passwords
    seen: list[str | None] = []
    real = passwords._fits
    passwords._fits = lambda word, kept: seen.append(kept) or real(word, kept)  # type: ignore[method-assign]
    async with house.client() as browser:
        await browser.post(ME, json={"login": "nobody-here", "password": "x"})
        await browser.post(ME, json={"login": "wang", "password": "x"})
    assert seen[0] is None
    assert seen[1] is not None
    assert real("x", None) is False


# commands from elsewhere


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-watchroom": ""}, "csrf"),
        ({"x-watchroom": "2"}, "csrf"),
        ({"origin": "https://evil.example"}, "wrong_origin"),
        ({"origin": "null"}, "wrong_origin"),
        ({"origin": "http://test.evil.example"}, "wrong_origin"),
        ({"sec-fetch-site": "cross-site"}, "wrong_origin"),
    ],
)
async def test_a_command_from_another_page_is_refused(house: House, headers: dict[str, str], code: str) -> None:
    async with house.client("wang") as browser:
        answer = await browser.delete(ME, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert (await browser.get(ME)).status_code == 200


async def test_a_command_from_our_own_page_is_taken(house: House) -> None:
    async with house.client("wang") as browser:
        ours = {"origin": "http://test", "sec-fetch-site": "same-origin"} | CSRF
        assert (await browser.delete(ME, headers=ours)).status_code == 204


# secrets


@pytest.mark.parametrize("secret", ["", "short", "a" * 64, "changeme" * 8, "this-is-a-secret-that-everyone-uses-1234"])
def test_a_guessable_secret_refuses_to_start_outside_the_demo(house: House, secret: str) -> None:
    """CVE-2023-26462."""
    settings = Settings(mode="up", version="1", secret=secret)
    with pytest.raises(DefaultSecret):
        create_app(house.db, house.night.desks, house.clock, settings)
    refuse_default_secrets("demo", secret)
    refuse_default_secrets("up", SECRET)


@pytest.mark.parametrize("token", ["", "x", "0" * 10_000, "é", "../../etc/passwd", "' OR 1=1 --", "a.b.c"])
async def test_a_made_up_token_is_nobody_and_tells_nothing(house: House, token: str) -> None:
    """CVE-2023-40171: no secret and no stack trace in any reply."""
    async with house.client() as browser:
        answer = await browser.get(ME, headers={"cookie": f"watchroom={token}".encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text


async def test_outside_the_demo_nobody_is_listed(sqlite_url: str, clock: HandClock) -> None:
    """Home Assistant 2023.12: a sign-in page that lists its users to the network."""
    house = make_house(sqlite_url, clock, mode="up")
    async with house.client() as browser:
        assert (await browser.get("/api/v1/modes")).json() == {"mode": "up", "version": "1", "demo_logins": []}
    house.db.close()
