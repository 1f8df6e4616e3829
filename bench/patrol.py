"""Patrol: how long a night of many rounds takes to judge, and how long a tap takes to a page."""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.latency import pushed
from bench.rig import system
from core.ids import derived
from patrol.verdicts import Bands, Proved, RoundState, Window, judge_round
from sites.pack import read
from sites.patrol_words import PatrolPlan, PatrolRoute, Stop
from sites.people import Words
from sites.register import Register

GUARDS, POINTS, ROUNDS = 1000, 40, 3
OPENS = datetime(2026, 11, 1, 14, tzinfo=UTC)
ROUND = timedelta(hours=2)
GATEWAY, HANDSET = "gw-a", "HH-01"
PACK = Path(__file__).parents[1] / "packs" / "harbour-garden"
_NAME = Words("巡更", "Round")


def judge() -> tuple[float, int]:
    """Seconds to judge every guard's rounds of a shift, each with all its taps and a band for every leg; and how many
    were complete.
    """
    points = [f"CP-{n:02}" for n in range(POINTS)]
    route = PatrolRoute("route", _NAME, tuple(Stop(point) for point in points))
    bands: Bands = dict.fromkeys(pairwise(points), (60.0, 400.0))
    walks = [(Window(at, at + ROUND), _walk(at, guard, points)) for guard in range(GUARDS) for at in _openings()]
    began = time.perf_counter()
    worth = [judge_round(route, window, taps, OPENS + 4 * ROUND, bands=bands) for window, taps in walks]
    return time.perf_counter() - began, sum(found.state is RoundState.COMPLETE for found in worth)


def _openings() -> list[datetime]:
    return [OPENS + n * ROUND for n in range(ROUNDS)]


def _walk(at: datetime, guard: int, points: list[str]) -> list[Proved]:
    """A guard's way; every tenth guard leaves a point out, every seventh has no line and tells of it afterwards."""
    told = [at + timedelta(seconds=60 + 150 * n + guard % 60) for n in range(len(points))]
    kept = guard % 7 == 0
    return [
        Proved(point, then, at + ROUND - timedelta(minutes=1) if kept else then, kept)
        for n, (point, then) in enumerate(zip(points, told, strict=True))
        if guard % 10 or n != guard % len(points)
    ]


def site() -> Register:
    """The estate, with a round over all its points that is always open."""
    pack = read(PACK)
    route = PatrolRoute("all", _NAME, tuple(Stop(point) for point in pack.checkpoints))
    plan = PatrolPlan("all", "all", "patrol", every_min=1440)
    return msgspec.structs.replace(pack, patrol_routes={"all": route}, patrol_plans={"all": plan})


def taps(register: Register, count: int, boot: str = "01a00000-0000-7000-8000-000000000002") -> Iterator[bytes]:
    """Guards in turn at the points in turn, as handsets tell it."""
    guards = [p.id for p in register.people.values() if "guard" in p.roles]
    tags = [point.tags[0] for point in register.checkpoints.values()]
    now = datetime.now(UTC)
    for n in range(count):
        said = {"tag": tags[n % len(tags)], "guard": guards[n // len(tags) % len(guards)], "proof": "uid"}
        event = {"id": derived(now + timedelta(milliseconds=n), boot, str(n)), "boot": boot, "seq": n + 1}
        at = (now + timedelta(seconds=n / 50)).isoformat()
        yield msgspec.json.encode(event | {"device": HANDSET, "kind": "patrol.tap", "said_at": at, "data": said})


def tapped(folder: Path, rate: int, seconds: int) -> list[float]:
    """Milliseconds from a tap's PUBLISH to its push at a page."""
    register = site()
    payloads = list(taps(register, rate * seconds))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with system(folder, "sqlite", "nats", site=register, imported_at=yesterday) as (server, port):
        took = pushed(server, port, register.site_id, GATEWAY, payloads, rate, rb'"event_id":"([0-9a-f-]{36})"')
    ids = [json.loads(p)["id"] for p in payloads]
    return [took[i] for i in ids if i in took]


def run(seconds: int = 10) -> None:
    """Print both."""
    console = Console()
    load = os.getloadavg()[0]
    best, complete = min((judge() for _ in range(3)), key=lambda found: found[0])
    many = GUARDS * POINTS * ROUNDS
    console.print(
        f"judge {GUARDS} guards x {POINTS} points x {ROUNDS} rounds ({many:,} taps, {complete:,} rounds complete)"
    )
    console.print(f"best of three: {best:.2f} s (load {load:.1f})")
    table = Table(title=f"a tap, publish to page, NATS and SQLite, a round open, {seconds} s (load {load:.1f})")
    for name in ("taps/s", "seen", "p50 ms", "p99 ms", "max ms"):
        table.add_column(name, justify="right")
    with tempfile.TemporaryDirectory(prefix="watchroom-bench-") as temp:
        took = sorted(tapped(Path(temp), 50, seconds))
    cuts = statistics.quantiles(took, n=100)
    table.add_row("50", f"{len(took)}", f"{cuts[49]:.1f}", f"{cuts[98]:.1f}", f"{took[-1]:.1f}")
    console.print(table)
