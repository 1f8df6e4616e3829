"""A scenario file, read and checked: every line understood, every name known, every time possible, or every fault told."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from simulators.scenario import given, given_patrol
from simulators.scenario.block import Lines
from simulators.scenario.errors import ScenarioRefused, Wrong
from simulators.scenario.known import Known
from simulators.scenario.model import Scenario
from simulators.scenario.times import Clock, wall
from simulators.story import STORIES
from sites import pack, tree
from sites.errors import Fault
from sites.fields import Spot, unknown
from sites.register import Register
from sites.tree import Mapped, Scalar

KEYS: Final = ("about", "site", "zone", "start", "end", "life", "seed", "given", "when", "then")
LIVES: Final = ("none", "beats", *STORIES)
PACKS: Final = Path(__file__).parent.parent.parent / "packs"
MAX_BYTES: Final = 1024 * 1024
AFTERWARDS: Final = timedelta(minutes=10)
LONGEST: Final = timedelta(days=366)
_MAX_FAULTS: Final = 200
_COMMENT: Final = re.compile(r"\s*#\s?(.*)")


def read(path: Path) -> Scenario:
    """The scenario in a file. Raises `ScenarioRefused` with every fault, each with file and line."""
    data = tree.read_bytes(path, MAX_BYTES)
    if isinstance(data, str):
        raise ScenarioRefused([Fault(str(path), 1, "", data)])
    return _read(data, path)


def read_text(text: str, file: Path) -> Scenario:
    """The same from text; `file` names it in faults, and its folder is where paths to packs begin."""
    return _read(text.encode(errors="surrogatepass"), file)


def _read(data: bytes, path: Path) -> Scenario:
    root = tree.parse(data, str(path))
    if isinstance(root, Fault):
        raise ScenarioRefused([_explained(root, data)])
    faults: list[Fault] = []
    spot = Spot(root, str(path), "", faults)
    made = None
    if isinstance(root, Mapped):
        made = _File(spot, path, data.decode("utf-8-sig")).scenario()
    else:
        faults.append(Fault(str(path), 1, "", f"expected words such as `start:` at the top ({', '.join(KEYS)})"))
    if faults or made is None:
        raise ScenarioRefused(sorted(set(faults), key=lambda f: (f.line, f.field, f.why))[:_MAX_FAULTS])
    return made


def _explained(fault: Fault, data: bytes) -> Fault:
    """YAML's own words mean little to somebody who has never heard of it."""
    lines = data.decode(errors="replace").splitlines()
    line = lines[fault.line - 1] if 0 < fault.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return msgspec.structs.replace(fault, why=f"{fault.why} (this line is indented with a tab; use blanks)")
    if "mapping values are not allowed" in fault.why:
        return msgspec.structs.replace(
            fault, why=f"{fault.why} (a colon and a blank inside a line: quote the whole line)"
        )
    return fault


class _File:
    """One file on its way to a `Scenario`."""

    def __init__(self, spot: Spot, path: Path, text: str) -> None:
        self.spot, self.path, self.faults = spot, path, spot.faults
        self.source = text.splitlines()
        self.fields = spot.fields()

    def scenario(self) -> Scenario | None:
        """The scenario; None when a fault was noted that leaves nothing to check the lines by."""
        f = self.fields
        spots = {key: f.need(key) if key == "start" else f.may(key) for key in KEYS}
        self._close()
        zone = self._zone(spots["zone"])
        day = self._day(spots["start"])
        base = self._base(spots["site"])
        register = None
        if base is not None and zone is not False:
            register = given.register(base, spots["given"], spots["zone"], day, self.faults)
        if register is None:
            return None
        if spots["site"].node is not None and zone is not None and register.time_zone != zone:
            spots["zone"].wrong(f"this site's zone is {register.time_zone}; leave `zone` out")
        start = self._start(spots["start"], register.zone_info)
        return None if start is None else self._lines(spots, register, start)

    def _lines(self, spots: dict[str, Spot], register: Register, start: datetime) -> Scenario:
        clock = Clock(register.zone_info, start)
        known = Known(register, clock)
        end = self._end(spots["end"], clock)
        lines = Lines(self.source)
        steps = list(lines.steps(spots["when"], known, end))
        last = max([start, *(s.at for s in steps), *lines.times(spots["then"], clock)])
        known.clock = msgspec.structs.replace(clock, end=end or last + AFTERWARDS)
        expects = list(lines.expects(spots["then"], known))
        if spots["when"].node is None and spots["then"].node is None:
            self.spot.wrong("there is neither `when` nor `then`: nothing happens and nothing is expected")
        if end is None and last + AFTERWARDS - start > LONGEST:
            self.spot.wrong("longer than a year")
        return Scenario(
            file=self.path,
            about=self._about(spots["about"]),
            register=register,
            zone=register.time_zone,
            start=start,
            end=known.clock.end or start,
            steps=tuple(steps),
            expects=tuple(expects),
            life=spots["life"].one_of(LIVES, "life", default="beats"),
            seed=spots["seed"].whole(0, 2**31 - 1, default=1),
            signed_on=given.signed_on(self._given("signed_on", spots["given"]), register),
            published=given.published(self._given("published", spots["given"])),
            elsewhere=given_patrol.elsewhere(self._given("patrol", spots["given"]), register),
        )

    # -- the head

    def _close(self) -> None:
        for name, spot in self.fields.found.items():
            if name not in KEYS:
                self.faults.append(Fault(spot.file, spot.line, "", unknown("word", name, KEYS)))

    def _about(self, spot: Spot) -> str:
        """`about:`, else the comment that the file begins with."""
        if spot.node is not None:
            return " ".join(spot.text(most=1000).split())
        told = []
        for line in self.source:
            found = _COMMENT.fullmatch(line)
            if found is None:
                break
            if not found[1].startswith("yaml-language-server:"):  # that comment is for editors
                told.append(found[1].strip())
        return " ".join(" ".join(told).split())

    def _given(self, name: str, spot: Spot) -> Spot:
        found = dict(Spot(spot.node, spot.file, spot.path, []).entries()) if isinstance(spot.node, Mapped) else {}
        inner = found.get(name)
        return Spot(inner.node if inner else None, spot.file, f"given.{name}", self.faults, spot.line)

    def _base(self, spot: Spot) -> Path | None:
        """The pack that the scenario stands on."""
        if spot.node is None:
            return given.SMALL
        name = spot.text()
        found = pack_of(name, self.path.parent) if name else None
        if name and found is None:
            spot.wrong(f"{unknown('site', name, _shipped())}; nor is there {self.path.parent / name}")
        return found

    def _zone(self, spot: Spot) -> str | bool | None:
        """The zone that is named, None when none is, False when there is no such zone."""
        if spot.node is None:
            return None
        name = spot.text()
        if name in available_timezones():
            return name
        if name:
            spot.wrong(unknown("time zone", name, available_timezones()))
        return False

    def _day(self, spot: Spot) -> date | None:
        """The start's day, for rosters; whether it is right is told when the zone is known."""
        try:
            return wall(spot.text(), ZoneInfo("UTC")).date() if isinstance(spot.node, Scalar) else None
        except Wrong:
            return None

    def _start(self, spot: Spot, zone: ZoneInfo) -> datetime | None:
        text = spot.text()
        if not text:
            return None
        try:
            return wall(text, zone)
        except Wrong as wrong:
            spot.wrong(str(wrong))
        return None

    def _end(self, spot: Spot, clock: Clock) -> datetime | None:
        text = spot.text()
        if not text:
            return None
        try:
            end = clock.read(" ".join(text.split())).at
        except Wrong as wrong:
            spot.wrong(str(wrong))
            return None
        if end <= clock.start:
            spot.wrong("the end comes before the start")
        elif end - clock.start > LONGEST:
            spot.wrong("longer than a year")
        return end


def pack_of(name: str, folder: Path) -> Path | None:
    """Where a site's pack lies: a shipped one by its name, else a path from `folder`. None when there is none."""
    if name in _shipped():
        return PACKS / name
    try:
        return folder / name if (folder / name).exists() else None
    except (OSError, ValueError):
        return None


def site_of(name: str, folder: Path) -> Register:
    """The site that `site:` would name. Raises `PackRefused`, or `ScenarioRefused` when there is no such pack."""
    found = pack_of(name, folder)
    if found is None:
        raise ScenarioRefused([Fault(name, 1, "", unknown("site", name, _shipped()))])
    return pack.read(found)


def _shipped() -> list[str]:
    """The packs that came with this installation."""
    return sorted(p.name for p in PACKS.iterdir() if any(p.glob("*.yaml"))) if PACKS.is_dir() else []
