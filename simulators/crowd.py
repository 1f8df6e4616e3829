"""Say a stream at its own pace, whatever the gateway does: an open loop, several lines a write, answers read behind.

A closed loop waits for each answer and so hides that a gateway is slow. Here the moments are fixed beforehand, and what
is measured is how long after its moment each event was safe (answered, so fsynced).
"""

import asyncio
import contextlib
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Final

import msgspec

from core.clock import Clock, rfc3339
from core.ids import fresh
from simulators.sayings import Saying, spoken

TICK_S: Final = 0.005  # lines that fall due within one tick go out together
PATIENCE_S: Final = 30.0  # for the last answers
REPORT_S: Final = 10.0
BEHIND: Final = 0.01  # more than this share short of the rate is a failure
_GRAIN_S: Final = 0.0001

_encode = msgspec.json.Encoder().encode


class Figures(msgspec.Struct, frozen=True):
    """How it went. Seconds, but for `cpu`: the share of one core that saying it took.

    `achieved_per_s` counts until the last answer, less the usual (median) lateness, which is no shortfall.
    """

    due: int
    taken: int
    refused: int
    asked_per_s: float
    achieved_per_s: float
    late_p50: float
    late_p99: float
    late_max: float
    seconds: float
    cpu: float

    @property
    def behind(self) -> float:
        """The share that is missing from the rate asked for."""
        return max(0.0, 1 - self.achieved_per_s / self.asked_per_s) if self.asked_per_s else 0.0

    @property
    def held(self) -> bool:
        """Whether the rate was held, within 1 %."""
        return self.behind <= BEHIND


class _Tally:
    """Counts answers, each against the moment its line was due."""

    def __init__(self) -> None:
        self.owed: deque[float] = deque()
        self.due = self.taken = self.refused = 0
        self.first_refusal = ""
        self.last = 0.0
        self._late: Counter[int] = Counter()

    def answered(self, lines: bytes, now: float) -> None:
        for line in lines.split(b"\n"):
            due = self.owed.popleft()
            if line.startswith(b'{"ok"'):
                self.taken += 1
                self.last = now
                self._late[int((now - due) / _GRAIN_S)] += 1
            else:
                self.refused += 1
                self.first_refusal = self.first_refusal or line.decode(errors="replace")

    def late(self, share: float) -> float:
        """The lateness that `share` of the answers did not exceed."""
        left = share * self.taken
        for grain in sorted(self._late):
            left -= self._late[grain]
            if left <= 0:
                return (grain + 1) * _GRAIN_S
        return 0.0


async def drive(
    stream: Iterable[Saying],
    host: str,
    port: int,
    now: Clock,
    stopping: asyncio.Event,
    *,
    seconds: float = 0.0,
    report: Callable[[str], None] = lambda _: None,
) -> tuple[Figures, str]:
    """Say everything due within `seconds` (0: until told to stop) into one gateway's intake over one connection.

    Returns the figures and the first refusal's words; `report` hears how it stands every ten seconds. Raises OSError when nobody listens or the gateway hangs up.
    """
    reader, writer = await asyncio.open_connection(host, port)
    tally = _Tally()
    began, cpu = time.monotonic(), time.process_time()
    hearing = asyncio.create_task(_hear(reader, tally, began), name="answers")
    try:
        until = await _say(stream, writer, tally, now, stopping, began, seconds, hearing, report)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while tally.owed and not hearing.done():  # noqa: ASYNC110 - briefly, at the end
                    await asyncio.sleep(TICK_S)
        if hearing.done() and tally.owed:
            await hearing
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return _figures(tally, until, time.monotonic() - began, time.process_time() - cpu), tally.first_refusal


def _figures(tally: _Tally, until: float, took: float, cpu: float) -> Figures:
    return Figures(
        due=tally.due,
        taken=tally.taken,
        refused=tally.refused,
        asked_per_s=tally.due / until if until else 0.0,
        achieved_per_s=tally.taken / max(until, tally.last - tally.late(0.5)) if tally.taken else 0.0,
        late_p50=tally.late(0.5),
        late_p99=tally.late(0.99),
        late_max=tally.late(1.0),
        seconds=until,
        cpu=cpu / took if took else 0.0,
    )


async def _say(
    stream: Iterable[Saying],
    writer: asyncio.StreamWriter,
    tally: _Tally,
    now: Clock,
    stopping: asyncio.Event,
    began: float,
    seconds: float,
    hearing: "asyncio.Task[None]",
    report: Callable[[str], None],
) -> float:
    """Write what is due, tick by tick; returns until when the story was told."""
    told = iter(stream)
    coming = next(told, None)
    next_report = REPORT_S
    while coming is not None and not stopping.is_set() and not hearing.done():
        at = time.monotonic() - began
        lines: list[bytes] = []
        while coming is not None and coming.t <= at and not (seconds and coming.t >= seconds):
            lines.append(line(coming, now))
            tally.owed.append(coming.t)
            coming = next(told, None)
        if lines:
            tally.due += len(lines)
            writer.write(b"".join(lines))
            await writer.drain()
        if seconds and at >= seconds:
            return seconds
        if at >= next_report:
            next_report += REPORT_S
            report(f"{at:,.0f} s: {tally.taken:,} safe, {len(tally.owed):,} under way, {tally.refused:,} refused")
        await asyncio.sleep(TICK_S)
    return min(time.monotonic() - began, seconds or math.inf)


async def _hear(reader: asyncio.StreamReader, tally: _Tally, began: float) -> None:
    rest = b""
    while got := await reader.read(1 << 18):
        whole, found, tail = got.rpartition(b"\n")
        if not found:
            rest += got
            continue
        tally.answered(rest + whole, time.monotonic() - began)
        rest = tail
    raise ConnectionResetError("the gateway hung up")


def line(saying: Saying, now: Clock) -> bytes:
    """One line for the intake, with its id (events) and the device's own time."""
    at = now()
    said = spoken(saying) | {"said_at": rfc3339(at + timedelta(seconds=saying.skew_s))}
    return _encode(said if saying.metric else said | {"id": fresh(at)}) + b"\n"


def rows(figures: Figures) -> Iterator[tuple[str, str]]:
    """The figures in words, for a terminal."""
    yield "asked", f"{figures.asked_per_s:,.0f} events/s for {figures.seconds:.0f} s ({figures.due:,} events)"
    yield "achieved", f"{figures.achieved_per_s:,.0f} events/s ({figures.taken:,} safe, {figures.behind:.2%} behind)"
    yield "refused", f"{figures.refused:,}"
    yield (
        "late",
        f"p50 {figures.late_p50 * 1000:.1f} ms, p99 {figures.late_p99 * 1000:.1f} ms, most {figures.late_max * 1000:.0f} ms",
    )
    yield "simulator", f"{figures.cpu:.0%} of a core"
