"""The live feed is enough: snapshot + pushes = a fresh snapshot (IOT-06; ADR 0005).

Each story writes its vector; the pages' own reducer is held to the same files. A changed vector must be reviewed:
run with WATCHROOM_WRITE_VECTORS=1 to write them anew.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts.rules import Cause, Close, Disposition
from api.routes.site import picture
from duty import handovers
from ingest import handover
from ingest.acts import sign_off, sign_on
from store.db import Store
from tests.conftest import HandClock
from tests.night import Night

HERE = Path(__file__).parent / "live"


def leak(night: Night) -> None:
    night.say("water.leak", "L-1", said_at=night.clock().astimezone(ZoneInfo("Asia/Shanghai")))
    night.clock.tick(5)
    night.ack("wang", night.alert("water.leak"))
    night.clock.tick(30)
    night.say("water.restore", "L-1")
    night.clock.tick(5)
    night.dispose("wang", Close(Disposition.FALSE_ALARM, Cause.STEAM, "kitchen"), night.alert("water.leak"))


def fire_climbs(night: Night) -> None:
    for _ in range(4):
        night.say("fire.alarm")
        night.clock.tick(0.5)
    night.ack("li", night.alert("fire.alarm"))
    night.pass_(65)
    night.say("fire.restore")


def shift_changes(night: Night) -> None:
    def sign(act: Any, who: str) -> None:
        with night.db.begin([night.site]) as tx:
            desk = night.desks.get(tx.conn, night.site)
            act(tx, desk, "centre", who, night.clock())

    sign(sign_on, "wang")
    night.say("access.forced", "D-1")
    night.ack("wang")
    night.clock.tick(60)
    sign(sign_off, "wang")
    sign(sign_on, "li")


def a_busy_minute(night: Night) -> None:
    night.flow.handle([night.message("device.heartbeat", "L-1") for _ in range(40)])
    night.say("patrol.tap", "R-1", data={"tag": "04:a1:b2:c3:d4:e5:f6", "guard": "guard", "proof": "uid"})
    night.say("fire.alarm", "B9-99")
    night.say("water.leak", "L-1", retained=True)
    night.raw(
        b'{"state":"online","boot":"%s","at":"2026-03-01T14:00:00Z","spooled":3}' % night.boot.encode(),
        "wr/v1/harbour/gw-a/status",
    )


def silence(night: Night) -> None:
    night.say("device.heartbeat")
    night.pass_(620, step=20)
    night.say("device.heartbeat")


def a_seat_is_handed_over(night: Night) -> None:
    """One hand-over from its first word to both signatures, and the next one begun (HND-02, HND-03)."""

    def act(do: Callable[..., Any], *more: Any) -> Any:
        night.clock.tick(5)
        with night.db.begin([night.site]) as tx:
            desk = night.desks.get(tx.conn, night.site)
            return do(tx, desk, *more)

    act(sign_on, "centre", "wang", night.clock())
    night.say("device.battery_low", "L-1")
    made = act(handover.begin, "centre", "wang", night.clock())
    made = act(handover.offer, made.id, made.version, "wang", night.clock())
    for item in made.items:
        said = partial(handovers.confirm, key=item.key, comment="", by="li", at=night.clock())
        made = act(handover.change, made.id, made.version, night.clock(), said)
    act(handover.sign, made.id, made.version, "li", night.clock(), None)
    act(handover.begin, "centre", "li", night.clock())


STORIES = {f.__name__: f for f in (leak, fire_climbs, shift_changes, a_busy_minute, silence, a_seat_is_handed_over)}


def seen(night: Night) -> dict[str, Any]:
    with night.db.read() as conn:
        desk = night.desks.get(conn, night.site)
        assert desk is not None
        made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(picture(conn, desk.register, night.clock())))
    return made


def vector(night: Night, story: str) -> dict[str, Any]:
    before = seen(night)
    STORIES[story](night)
    pushes = [{"seq": s, "type": t, "body": b} for s, t, b in night.pushes() if s > before["seq"]]
    return {"before": before, "pushes": pushes, "after": seen(night)}


@pytest.fixture
def night(sqlite_url: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Night:
    """Ids come from the clock alone, so that a vector only changes when the feed does."""
    count = iter(range(1_000_000))
    from core.ids import derived

    for place in ("tests.night.fresh", "ingest.packet.fresh"):
        monkeypatch.setattr(place, lambda at: derived(at, "vector", str(next(count))))
    return Night(Store(sqlite_url), clock)


@pytest.mark.parametrize("story", STORIES)
def test_the_feed_tells_all_that_a_fresh_snapshot_would(story: str, night: Night) -> None:
    made = vector(night, story)
    path = HERE / f"{story}.json"
    text = msgspec.json.format(msgspec.json.encode(made), indent=1)
    if os.environ.get("WATCHROOM_WRITE_VECTORS"):
        path.write_bytes(text + b"\n")
    assert made["pushes"], "a story without pushes proves nothing"
    assert msgspec.json.decode(path.read_bytes()) == made
    night.db.close()
