"""Taps from phones through HTTP, and every trick that is tried with them (PAT-03, PAT-05, PAT-08, PAT-11)."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from httpx2 import AsyncClient

from app.imports import import_site
from core.ids import fresh
from patrol import outbox, sun, tag_store
from patrol import store as tap_store
from patrol.flags import Tag
from patrol.rules import Proof, Tap
from patrol.sun import Read
from sites.pack import digest
from sites.patrol_words import PatrolPlan, PatrolRoute, PatrolTask, Stop, TaskKind
from sites.register import Words
from tests.api.conftest import MASTER, MINE, House, staffed
from tests.api.test_answers import SITE, shaped

UID = "04DE5F1EACC040"


@pytest.fixture
def walked(house: House) -> House:
    """A house with an open round over its one checkpoint, whose tag proves itself, and tasks there."""
    register = staffed(MINE)
    point = next(iter(register.checkpoints))
    tasks = (
        PatrolTask("extinguisher", Words("灭火器", "Extinguisher")),
        PatrolTask("pressure", Words("水压", "Pressure"), TaskKind.READING, unit="MPa", least=0.2, most=0.8),
        PatrolTask("pets", Words("无宠物", "No pets"), required=False, violation=True),
    )
    route = PatrolRoute("house", Words("全楼", "House"), (Stop(point, tasks),))
    plan = PatrolPlan("hourly", "house", next(iter(register.seats)), every_min=60)
    register = msgspec.structs.replace(register, patrol_routes={"house": route}, patrol_plans={"hourly": plan})
    import_site(house.db, house.night.desks, register, digest(register), house.clock(), "system")
    put(house, Tag(uid=UID, checkpoint_id=point, proof=Proof.SUN))
    house.night.sweeper.run()
    house.clock.tick(3700)
    house.night.sweeper.run()
    return house


def put(house: House, *tags: Tag) -> None:
    with house.db.begin([MINE]) as tx:
        tag_store.save(tx, MINE, tags, "zhao", house.clock())


def point_of() -> str:
    return next(iter(staffed(MINE).checkpoints))


def address(counter: int, uid: str = UID, version: int = 1) -> dict[str, Any]:
    """A read as the tag gives it."""
    keys = sun.Keys(sun.meta_key(MASTER, MINE, version), sun.file_key(MASTER, MINE, uid, version))
    data, mac = sun.spoken(Read(uid, counter), keys, b"\x01\x02\x03\x04\x05")
    return {"by": "sun", "picc_data": data, "cmac": mac}


class Outbox:
    """What a phone keeps: each tap in its chain."""

    def __init__(self, house: House, client: str = "phone-1") -> None:
        self.house, self.client, self.last = house, client, ""
        self.numbers: Iterator[int] = count(1)

    def tap(self, read: dict[str, Any], *, kept: bool = False, ago: int = 0, **more: Any) -> dict[str, Any]:
        at = self.house.clock() - timedelta(seconds=ago)
        made = {
            "id": fresh(at),
            "n": next(self.numbers),
            "prev": self.last,
            "said_at": at.isoformat(),
            "kept": kept,
            "read": read,
            "answers": {},
            "note": "",
            "photos": [],
            **more,
        }
        self.last = outbox.digest(made)
        return made


async def sent(browser: AsyncClient, *taps: dict[str, Any], client: str = "phone-1") -> list[Any]:
    answer = await browser.post(f"{SITE}/taps", json={"client": client, "taps": list(taps)})
    items: list[Any] = shaped("tap_sync", answer)["items"]
    return items


def kept_taps(house: House) -> list[Tap]:
    with house.db.read() as conn:
        return tap_store.newest(conn, MINE, 100)


async def test_a_tap_counts_for_its_round_and_the_guard_is_who_is_signed_in(walked: House) -> None:
    phone = Outbox(walked)
    async with walked.client("wang") as wang:
        (one,) = await sent(wang, phone.tap(address(7)))
    assert (one["outcome"], one["flags"], one["checkpoint"]) == ("counted", [], point_of())
    assert [r["point"] for r in one["rounds"]] == ["on_time"]
    (made,) = kept_taps(walked)
    assert (made.person_id, made.proof, made.counter, made.tag) == ("wang", "sun", 7, UID)


async def test_a_batch_that_comes_again_and_two_phones_with_one_outbox_count_once(walked: House) -> None:
    phone = Outbox(walked)
    taps = [phone.tap(address(n), kept=True, ago=100 - n) for n in range(1, 6)]
    async with walked.client("wang") as wang:
        first = await sent(wang, *taps)
        again = await sent(wang, *taps)
        other = await sent(wang, *taps, client="phone-2")
        twice = await sent(wang, taps[0], taps[0])
    assert {o["outcome"] for o in [*again, *other, *twice]} == {"duplicate"}
    assert [o["flags"] for o in again] == [o["flags"] for o in first]
    assert len(kept_taps(walked)) == 5


async def test_somebody_else_s_tap_tells_them_nothing(walked: House) -> None:
    phone = Outbox(walked)
    tap = phone.tap(address(1))
    async with walked.client("wang") as wang, walked.client("li") as li:
        await sent(wang, tap)
        (one,) = await sent(li, tap)
    assert (one["outcome"], one["checkpoint"], one["rounds"]) == ("duplicate", None, [])


@pytest.mark.parametrize(
    "edit",
    [
        lambda taps: taps[1].update(said_at=taps[0]["said_at"]),
        lambda taps: taps.pop(1),
        lambda taps: taps[2].update(n=2),
        lambda taps: taps[1].update(prev="0" * 64),
        lambda taps: taps[0].update(note="x"),
    ],
    ids=["time changed", "one taken out", "counter goes back", "another before it", "words changed"],
)
async def test_an_outbox_that_was_edited_is_flagged_and_kept(walked: House, edit: Any) -> None:
    phone = Outbox(walked)
    taps = [phone.tap(address(n), kept=True, ago=400 - 100 * n) for n in range(1, 4)]
    edit(taps)
    async with walked.client("wang") as wang:
        found = await sent(wang, *taps)
    assert any("outbox_edited" in o["flags"] for o in found)
    assert len(kept_taps(walked)) == len(taps)
    assert walked.night.alert("patrol.suspect").subject == "person/wang"


async def test_a_tap_that_comes_again_with_other_words_changes_nothing(walked: House) -> None:
    phone = Outbox(walked)
    tap = phone.tap(address(1), note="as it was")
    async with walked.client("wang") as wang:
        await sent(wang, tap)
        (one,) = await sent(wang, {**tap, "note": "as I want it"})
    assert (one["outcome"], one["flags"]) == ("duplicate", ["outbox_edited"])
    assert [t.note for t in kept_taps(walked)] == ["as it was"]


async def test_live_taps_overtake_kept_ones_without_a_flag(walked: House) -> None:
    phone = Outbox(walked)
    waiting = [phone.tap(address(n), kept=True, ago=400 - 100 * n) for n in range(1, 3)]
    live = phone.tap(address(3))
    async with walked.client("wang") as wang:
        (one,) = await sent(wang, live)
        rest = await sent(wang, *waiting)
    assert [o["flags"] for o in (one, *rest)] == [[], [], []]


END = (1 << 24) - 1  # the last that three bytes hold


@pytest.mark.parametrize(
    ("known", "read", "flags"),
    [
        *((100, 99, ["replayed"]), (100, 100, ["replayed"]), (100, 101, []), (100, 1100, ["counter_jump"])),
        *((END - 1, END, []), (END, 0, ["replayed"]), (END, 1, ["replayed"])),
    ],
)
async def test_a_tag_s_counter_only_goes_up(walked: House, known: int, read: int, flags: list[str]) -> None:
    """To its end, after which nothing of this tag counts: it never begins again."""
    put(walked, Tag(uid=UID, checkpoint_id=point_of(), proof=Proof.SUN, counter=known))
    phone = Outbox(walked)
    async with walked.client("wang") as wang:
        (one,) = await sent(wang, phone.tap(address(read)))
    assert one["flags"] == flags


async def test_no_flipped_bit_is_believed(walked: House) -> None:
    """Every single bit of an address."""
    phone, good = Outbox(walked), address(9)
    bits = [("picc_data", n) for n in range(128)] + [("cmac", n) for n in range(64)]
    taps = []
    for name, n in bits:
        raw = bytearray.fromhex(good[name])
        raw[n // 8] ^= 1 << (n % 8)
        taps.append(phone.tap({**good, name: raw.hex()}))
    async with walked.client("wang") as wang:
        found = await sent(wang, *taps[:96]) + await sent(wang, *taps[96:])
    assert all("not_proved" in o["flags"] for o in found)
    assert not any(t.counts for t in kept_taps(walked))


@pytest.mark.parametrize(
    ("read", "flag"),
    [
        ({"by": "sun", "picc_data": "EF963FF7828658A599F3041510671E88", "cmac": "94EED9EE65337086"}, "not_proved"),
        ({"by": "sun", "picc_data": "", "cmac": ""}, "not_proved"),
        ({"by": "uid", "uid": UID}, "not_proved"),
        ({"by": "uid", "uid": "DEADBEEF"}, "unknown_tag"),
        ({"by": "qr", "code": UID}, "unknown_tag"),
        ({"by": "manual", "checkpoint": "C1", "reason": "tag torn off"}, "manual_denied"),
    ],
)
async def test_what_proves_nothing_is_flagged_and_kept(walked: House, read: dict[str, Any], flag: str) -> None:
    async with walked.client("the-guard") as guard:
        (one,) = await sent(guard, Outbox(walked).tap(read))
    assert one["outcome"] == "flagged"
    assert flag in one["flags"]
    assert [t.counts for t in kept_taps(walked)] == [False]


async def test_a_supervisor_vouches_with_a_reason(walked: House) -> None:
    phone, point = Outbox(walked), point_of()
    async with walked.client("chen") as chen:
        bad, good = await sent(
            chen,
            phone.tap({"by": "manual", "checkpoint": point, "reason": " "}),
            phone.tap({"by": "manual", "checkpoint": point, "reason": "标签损坏"}),
        )
    assert "manual_denied" in bad["flags"]
    assert (good["checkpoint"], [r["point"] for r in good["rounds"]]) == (point, ["on_time"])
    (line,) = [e for e in walked.night.log() if e.act == "patrol.vouch"]
    assert (line.actor, line.data["reason"]) == ("chen", "标签损坏")


async def test_a_bad_answer_is_a_finding_for_a_leader(walked: House) -> None:
    """PAT-03, PAT-05."""
    phone, point = Outbox(walked), point_of()
    async with walked.client("wang") as wang:
        (fine,) = await sent(wang, phone.tap(address(1), answers={"extinguisher": True, "pressure": 0.5}))
        walked.clock.tick(60)
        (bad,) = await sent(wang, phone.tap(address(2), answers={"extinguisher": False, "pressure": 0.9}))
    assert (fine["findings"], bad["findings"]) == ([], ["extinguisher", "pressure"])
    alert = walked.night.alert("patrol.finding")
    assert alert.subject == f"checkpoint/{point}"
    assert alert.zone_id == staffed(MINE).checkpoints[point].zone
    (line,) = [e for e in walked.night.log() if e.act == "patrol.finding"]
    assert [i["task"] for i in line.data["items"]] == ["extinguisher", "pressure"]


async def test_a_tag_that_is_moved_while_a_round_runs_breaks_nothing(walked: House) -> None:
    phone, point = Outbox(walked), point_of()
    async with walked.client("wang") as wang:
        (before,) = await sent(wang, phone.tap(address(1)))
        put(walked, Tag(uid=UID, checkpoint_id="C-elsewhere", proof=Proof.SUN, counter=1))
        walked.clock.tick(60)
        (after,) = await sent(wang, phone.tap(address(2)))
        sheet = shaped("round_one", await wang.get(f"{SITE}/rounds/{before['rounds'][0]['round']}"))
    assert (before["checkpoint"], after["checkpoint"], after["rounds"]) == (point, "C-elsewhere", [])
    assert [len(p["proofs"]) for p in sheet["points"]] == [1]


async def test_one_phone_in_two_hands_is_flagged(walked: House) -> None:
    put(walked, Tag(uid="04AA", checkpoint_id=point_of()))
    async with walked.client("wang") as wang, walked.client("li") as li:
        await sent(wang, Outbox(walked).tap(address(1)))
        walked.clock.tick(30)
        (one,) = await sent(li, Outbox(walked).tap({"by": "uid", "uid": "04AA"}))
    assert "proxy" in one["flags"]
