"""A fire loop: detectors, call points and sprinklers on a panel, and the ways in which panels are not like their manuals.

A detector is fed with smoke, not with a timetable: obscuration rises as fires do (with the square of time), is polled with
noise, and gives a pre-alarm, an alarm and a restore. The levels (%/m) are ours, within what photo-electric detectors are
commonly set to; no standard is claimed for them. Classes and transport: standards §2 (NFPA 72), §4.1 (GB/T 26875).
"""

import math
from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

import msgspec

from simulators.sayings import Saying, Stream, at, clocked, event, fanned, merged, moment, ticks

PREALARM: Final = 6.0  # %/m
ALARM: Final = 12.0
QUIET: Final = 3.0  # a detector takes its word back only below this
NOISE: Final = 0.4  # standard deviation of one poll
POLL_S: Final = 2.0  # a loop of 200 points is round in about this time
VERIFY: Final = 2  # polls that must agree before anything is said
REPEATS: Final = 8
WITHIN_S: Final = 1.4
MONTH_S: Final = 30 * 86_400
LOUD: Final = frozenset({"fire.alarm", "fire.manual_call", "fire.waterflow"})


class Smoke(msgspec.Struct, frozen=True):
    """Smoke that begins at `starts`, is vented from `vents` on, and would settle at `peak` %/m.

    `growth_s`: when 63 % of the peak is there; `clears_s`: time constant of the venting.
    """

    starts: float
    vents: float
    peak: float = 30.0
    growth_s: float = 60.0
    clears_s: float = 30.0

    def density(self, t: float) -> float:
        """Obscuration at `t`, %/m."""
        if t <= self.starts:
            return 0.0
        grown = self.peak * (1 - math.exp(-(((min(t, self.vents) - self.starts) / self.growth_s) ** 2)))
        return grown if t <= self.vents else grown * math.exp(-(t - self.vents) / self.clears_s)


class Point(msgspec.Struct, frozen=True):
    """A detector's place on its panel."""

    device: str
    loop: int = 1
    point: int = 1


def detector(where: Point, by: Random, smokes: Sequence[Smoke], poll_s: float = POLL_S) -> Stream:
    """What a smoke detector makes of the smoke around it: pre-alarm at 6 %/m, alarm at 12 %/m, restore below 3 %/m.

    Two polls must agree. An alarm holds until the air is clear: the device never steps back from alarm to pre-alarm.
    """
    level, agreed = 0, 0
    end = max((s.vents + 12 * s.clears_s for s in smokes), default=0.0)
    for t in ticks(poll_s, 0.0, end):
        dense = max(0.0, max(s.density(t) for s in smokes) + by.gauss(0, NOISE))
        wanted = 2 if dense >= ALARM else 1 if dense >= PREALARM else 0 if dense < QUIET else level
        wanted = max(wanted, level) if wanted else 0
        agreed = agreed + 1 if wanted != level else 0
        if agreed >= VERIFY:
            level, agreed = wanted, 0
            kind = ("fire.restore", "fire.prealarm", "fire.alarm")[level]
            yield event(t, where.device, kind, loop=where.loop, point=where.point, percent_m=round(dense, 1))


def fire_loop(
    device: str, alarm: float, restore: float, prealarm: float | None = None, *, loop: int = 1, point: int = 1
) -> Stream:
    """A detector by timetable, for stories that promise a second: perhaps a pre-alarm, the alarm, and quiet again."""
    if prealarm is not None:
        yield event(prealarm, device, "fire.prealarm", loop=loop, point=point)
    yield event(alarm, device, "fire.alarm", loop=loop, point=point, text="烟雾报警 smoke")
    yield event(restore, device, "fire.restore", loop=loop, point=point)


def fault(device: str, start: float, mended: float, text: str = "探测器故障 detector fault") -> Stream:
    """A detector that fails (component state bit 2, standards §4.1) and is mended."""
    yield event(start, device, "fire.fault", text=text)
    yield event(mended, device, "fire.restore")


def bad_contact(device: str, by: Random, start: float, times: int, every_s: float) -> Stream:
    """A bad contact: fault and restore, `times` times. Three changes a minute count as chattering (standards §0, ISA-18.2)."""
    for t in (start + n * every_s for n in range(times)):
        yield event(t, device, "fire.fault", loop=1, text="接触不良 bad contact")
        yield event(t + every_s * by.uniform(0.3, 0.6), device, "fire.restore", loop=1)


def maintenance(device: str, start: float, by: Random, tests: int = 3) -> Stream:
    """An engineer at a detector: shielded 屏蔽, tried `tests` times with test smoke a minute or two apart, in service again.

    The alarms that the test smoke makes carry the device's own test mark (bit 0, standards §4.1).
    """
    yield event(start, device, "fire.disabled", text="屏蔽 disabled")
    t = start
    for _ in range(tests):
        t += by.uniform(60, 120)
        yield event(t, device, "fire.test")
        smoked = event(t + by.uniform(8, 20), device, "fire.alarm", text="加烟测试 smoke test")
        yield msgspec.structs.replace(smoked, test=True)
        t = smoked.t + by.uniform(10, 30)
        yield msgspec.structs.replace(event(t, device, "fire.restore"), test=True)
    yield event(t + by.uniform(30, 60), device, "fire.restore", text="恢复 enabled")


def repeated(
    stream: Iterable[Saying], kinds: frozenset[str] = LOUD, times: int = REPEATS, within_s: float = WITHIN_S
) -> Stream:
    """A panel that sends each frame of `kinds` again and again: `times` times in all, evenly over `within_s`.

    8 times in 1.4 s is what the product must bear; senders repeat because they hear no answer (GB/T 26875.3 §6.5: three
    retries; one-way radio: bursts; standards §4.1, §6).
    """

    def out(one: Saying) -> list[Saying]:
        if one.kind not in kinds:
            return [one]
        gap = within_s / max(1, times - 1)
        return [msgspec.structs.replace(one, t=at(one.t + n * gap)) for n in range(times)]

    return fanned(stream, out)


def panel(points: Iterable[Stream], clock_off_s: float = 0.0, drift_s_a_day: float = 0.0) -> Stream:
    """All points of one panel: they have no clock of their own, so all are off alike, by months if nobody set it.

    Panels in the field drift or send local time as if it were UTC (standards §3.1).
    """
    return clocked(merged(points), clock_off_s, drift_s_a_day)


def spreading(
    points: Sequence[Point],
    by: Random,
    start: float,
    *,
    apart_s: tuple[float, float] = (20.0, 60.0),
    burns_s: float = 480.0,
    call_point: str | None = None,
    sprinkler: str | None = None,
) -> Stream:
    """A real fire in one zone: the points go one after the other as smoke spreads; people break the glass after the first
    minutes (`call_point`), heat opens a sprinkler later (`sprinkler`; the flow switch waits 30 to 60 s against surges).
    """
    starts = [start]
    for _ in points[1:]:
        starts.append(starts[-1] + by.uniform(*apart_s))
    ends = start + burns_s
    streams: list[Stream] = [
        detector(p, by, [Smoke(s, max(ends, s + 120), peak=by.uniform(35, 70))])
        for p, s in zip(points, starts, strict=True)
    ]
    if call_point is not None:
        pressed = start + by.uniform(90, 180)
        streams.append(iter([event(pressed, call_point, "fire.manual_call", text="手动报警 call point")]))
    if sprinkler is not None:
        flows = start + by.uniform(180, 300) + by.uniform(30, 60)
        drained = ends + by.uniform(60, 180)
        streams.append(
            iter(
                [
                    event(flows, sprinkler, "fire.waterflow", text="水流 waterflow"),
                    event(drained, sprinkler, "fire.restore"),
                ]
            )
        )
    return iter(sorted((s for one in streams for s in one), key=moment))


def storm(devices: Sequence[str], by: Random, start: float, within_s: float) -> Stream:
    """Everything alarms at once (F12)."""
    yield from sorted((event(start + by.uniform(0, within_s), d, "fire.alarm") for d in devices), key=moment)
