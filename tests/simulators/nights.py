"""Nights by hand: scenarios as Python values on a small site, and their stories in short lines."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from app.scenario_worlds import shores, virtual
from simulators.scenario.model import Act, Happening, Scenario, Step, Story
from simulators.scenario.world import play
from simulators.virtual.broker import Fate, good
from simulators.virtual.house import House
from simulators.virtual.life import life as live
from sites.register import Device, Register, Role
from tests.night import HARBOUR, person, words

START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai: wang's night

SITE: Register = msgspec.structs.replace(
    HARBOUR,
    devices={**HARBOUR.devices, "H-1": Device("H-1", words("Handset"), "handheld", "b7", "gw-a")},
    people={**HARBOUR.people, "wu": person("wu", Role.AUDITOR)},
)


def after(minutes: float = 0, seconds: float = 0) -> datetime:
    return START + timedelta(minutes=minutes, seconds=seconds)


def scenario(
    *steps: tuple[datetime, Act],
    until: float | datetime = 30,
    register: Register = SITE,
    start: datetime = START,
    life: str = "beats",
    signed_on: Mapping[str, str] = {},
) -> Scenario:
    """`until`: minutes after the start, or a moment."""
    end = until if isinstance(until, datetime) else start + timedelta(minutes=until)
    return Scenario(
        file=Path("by-hand.yaml"),
        about="",
        register=register,
        zone=register.time_zone,
        start=start,
        end=end,
        steps=tuple(Step(at, act, 0, "") for at, act in steps),
        expects=(),
        life=life,
        signed_on=signed_on,
    )


def night(*steps: tuple[datetime, Act], until: float | datetime = 30, **more: object) -> Story:
    made = scenario(*steps, until=until, **more)  # type: ignore[arg-type]
    story = play(made, virtual(made))
    assert story.verifies
    return story


def house(*, fate: Fate = good, life: str = "none") -> House:
    """A house without a scenario, at the start of wang's night."""
    return House(SITE, START, shores(), fate=fate, life=live(life, SITE, START, 1))


def told(story: Story, *topics: str, zone: str = "Asia/Shanghai") -> list[str]:
    """`22:04:00 alert B2-07 fire.alarm raised wang`: what happened, but for the import; only `topics` when given."""
    return [line(h, zone) for h in story.happenings if h.topic in (topics or {h.topic} - {"log"})]


def line(h: Happening, zone: str = "Asia/Shanghai") -> str:
    at = h.at.astimezone(ZoneInfo(zone))
    clock = at.strftime("%H:%M:%S") + (f".{at.microsecond // 1000:03}" if at.microsecond else "")
    rung = [f"rung={h.more['rung']}"] if h.what == "escalated" else []
    return " ".join([clock, h.topic, *h.about, h.what, *h.who, *rung])
