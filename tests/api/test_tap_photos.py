"""Photos of taps: what is kept of them, and what is refused without being read (PAT-03)."""

import hashlib
import io
from collections.abc import AsyncIterator

import pytest
from httpx2 import Response
from PIL import Image

from tests.api.conftest import OTHER, House
from tests.api.test_answers import SITE, shaped
from tests.api.test_taps import Outbox, address, point_of, sent, walked

__all__ = ["walked"]

PHOTOS = f"{SITE}/patrol/photos"
GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112


def photo(form: str = "JPEG", size: tuple[int, int] = (60, 40), turned: int = 1) -> bytes:
    """A picture with a place, a camera's name and a comment in it."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "Spyphone", turned
    exif.get_ifd(GPS)[1] = "N"
    image = Image.new("RGB", size, (200, 30, 30))
    image.save(out, form, exif=exif, **({"comment": b"Spyphone"} if form == "JPEG" else {}))
    return out.getvalue()


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_only_the_picture_is_kept(house: House, form: str) -> None:
    data = photo(form, turned=6)
    assert b"Spyphone" in data
    async with house.client("wang") as wang, house.client("the-auditor") as auditor:
        made = shaped("upload_photo", await wang.post(PHOTOS, content=data))
        assert made["sent"] == hashlib.sha256(data).hexdigest()
        for name in (made["sent"], made["sha256"]):
            shown = await auditor.get(f"{PHOTOS}/{name}")
            assert shown.status_code == 200
        assert hashlib.sha256(shown.content).hexdigest() == made["sha256"]
        assert (await wang.post(PHOTOS, content=data)).json() == made, "sent again, it is the same"
    assert b"Spyphone" not in shown.content
    kept = Image.open(io.BytesIO(shown.content))
    assert (dict(kept.getexif()), kept.size) == ({}, (40, 60)), "nothing told, and upright"


async def test_a_great_picture_is_made_small_and_upright(house: House) -> None:
    async with house.client("wang") as wang:
        made = (await wang.post(PHOTOS, content=photo(size=(4000, 300), turned=6))).json()
        kept = (await wang.get(f"{PHOTOS}/{made['sha256']}")).content
    assert Image.open(io.BytesIO(kept)).size == (192, 2560)
    assert b"Spyphone" not in kept


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"%PDF-1.7",
        b"\xff\xd8\xff\xe0" + b"x" * 400,
        photo()[:300],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["nothing", "text", "pdf", "a jpeg's first bytes", "cut off", "svg"],
)
async def test_what_is_no_photo_is_refused_by_what_is_in_it(house: House, data: bytes) -> None:
    async with house.client("wang") as wang:
        answer = await wang.post(PHOTOS, content=data, headers={"content-type": "image/jpeg"})
    assert refused(answer) == (422, "not_a_photo")


async def test_a_list_is_given_small_pictures(house: House) -> None:
    async with house.client("wang") as wang, house.client("the-auditor") as auditor:
        made = shaped("upload_photo", await wang.post(PHOTOS, content=photo(size=(1200, 800))))
        small = await auditor.get(f"{PHOTOS}/{made['sent']}", params={"small": "true"})
    assert Image.open(io.BytesIO(small.content)).size == (240, 160)
    assert small.headers["content-type"] == "image/jpeg"


async def test_a_hundred_megabytes_are_refused_without_being_read(house: House) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"\xff\xd8\xff" + bytes(1024 * 1024 - 3)

    async with house.client("wang") as wang:
        told = await wang.post(PHOTOS, content=endless(), headers={"content-length": str(100 * 1024 * 1024)})
        assert refused(told) == (413, "too_large")
        untold = await wang.post(PHOTOS, content=endless())
        assert refused(untold) == (413, "too_large")


async def test_a_picture_of_too_many_points_is_refused_before_it_is_decoded(house: House) -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 6_000)).save(out, "PNG")
    async with house.client("wang") as wang:
        assert refused(await wang.post(PHOTOS, content=out.getvalue())) == (422, "not_a_photo")


async def test_another_site_s_photo_is_not_there(house: House) -> None:
    async with house.client("wang") as wang, house.client("far-wang") as far:
        made = (await wang.post(PHOTOS, content=photo())).json()
        answer = await far.get(f"/api/v1/sites/{OTHER}/patrol/photos/{made['sent']}")
    assert answer.status_code == 404


async def test_the_alert_that_a_finding_raised_shows_its_photos(walked: House) -> None:
    """PAT-03: those of each tap that found it, the oldest first; whoever may see the alert of a site may see them."""
    phone, data = Outbox(walked), photo()
    name = hashlib.sha256(data).hexdigest()
    async with walked.client("wang") as wang, walked.client("the-auditor") as auditor:
        await wang.post(PHOTOS, content=data)
        await sent(wang, phone.tap(address(1), answers={"extinguisher": False}, photos=[name]))
        walked.clock.tick(60)
        await sent(wang, phone.tap(address(2), answers={"extinguisher": True}, photos=["0" * 64]))
        walked.clock.tick(60)
        await sent(wang, phone.tap(address(3), answers={"extinguisher": False}, photos=["1" * 64]))
        alert = walked.night.alert("patrol.finding")
        story = shaped("alert_story", await auditor.get(f"{SITE}/alerts/{alert.id}"))
        assert [one["photos"] for one in story["photos"]] == [[name], ["1" * 64]], "none of a tap that found nothing"
        assert {(one["person"], one["checkpoint"]) for one in story["photos"]} == {("wang", point_of())}
        raised = next(e for e in story["history"] if e["act"] == "alert.raise")
        assert raised["data"]["data"]["photos"] == [name], "its history says that there are some"
        assert (await auditor.get(f"{PHOTOS}/{name}")).status_code == 200
    async with walked.client("far-wang") as far:
        assert (await far.get(f"{PHOTOS}/{name}")).status_code in {403, 404}


async def test_every_step_of_a_violation_shows_what_found_it(walked: House) -> None:
    """PAT-13."""
    phone = Outbox(walked)
    async with walked.client("wang") as wang, walked.client("chen") as chen:
        await sent(wang, phone.tap(address(1), answers={"pets": False}, photos=["2" * 64]))
        walked.clock.tick(60)
        await sent(wang, phone.tap(address(2), answers={"pets": False}, photos=["3" * 64]))
        (one,) = (await chen.get(f"{SITE}/violations")).json()["items"]
        await chen.post(f"{SITE}/violations/{one['id']}/next", json={"note": "不听劝阻"})
        for kind in ("patrol.violation", "patrol.violation_stop"):
            story = (await chen.get(f"{SITE}/alerts/{walked.night.alert(kind).id}")).json()
            assert [found["photos"] for found in story["photos"]] == [["2" * 64], ["3" * 64]], kind
