"""A scenario drafted from a recording: what was heard becomes `when`, and `then` is what the product makes of it now.

A draft is for reading: a person keeps what the story needs and corrects what should have come of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from simulators.recording.deeds import Deeds, read_deeds
from simulators.recording.heard import Heard, Told, in_order, listened
from simulators.recording.reader import Recording
from simulators.recording.retold import part
from simulators.scenario.load import read_text
from simulators.scenario.times import Clock
from simulators.scenario.tokens import word
from simulators.scenario.update import rewritten_text
from simulators.scenario.world import Make, play
from sites.register import Register

_MINUTE: Final = timedelta(minutes=1)


def draft(
    recording: Recording,
    register: Register,
    site: str,
    file: Path,
    make: Make,
    *,
    logbook: Path | None = None,
    begin: int = 0,
    until: int | None = None,
) -> str:
    """The text of a scenario. `site` is what its `site:` shall say, read from `file`'s folder, and must mean `register`;
    `make` plays it. Raises ValueError when there is nothing to tell, BadRecording, ScenarioRefused.
    """
    text = drafted(recording, register, site, logbook=logbook, begin=begin, until=until)
    scenario = read_text(text, file)
    return rewritten_text(text, scenario, play(scenario, make(scenario)))


def drafted(
    recording: Recording,
    register: Register,
    site: str,
    *,
    logbook: Path | None = None,
    begin: int = 0,
    until: int | None = None,
) -> str:
    """The same without `then`: nothing is played."""
    heard = listened(register, recording.header.started, part(recording, begin, until), begin)
    started = recording.header.started + timedelta(microseconds=begin)
    ended = heard.last or started
    deeds = Deeds() if logbook is None else read_deeds(logbook, register, started, ended)
    told = in_order([*heard.told, *deeds.told])
    if not told:
        raise ValueError(f"{recording.path}: nothing in it that a scenario would tell ({_left_out(heard, deeds)})")
    clock = Clock(register.zone_info, _whole_minute(started))
    return "".join(f"{line}\n" for line in _lines(recording, heard, deeds, told, clock, site, ended))


def _lines(
    recording: Recording, heard: Heard, deeds: Deeds, told: list[Told], clock: Clock, site: str, ended: datetime
) -> list[str]:
    start = clock.start.astimezone(clock.zone)
    stamp = f"{start:%Y-%m-%dT%H:%M}"
    if any(sign in clock.tell(clock.start) for sign in "+-"):  # a wall clock time that comes twice
        stamp = start.isoformat(timespec="minutes")
    return [
        "# Drafted from a recording: keep what the story needs, and correct what should come of it.",
        f"# Left out: {_left_out(heard, deeds)}.",
        f"about: Drafted from {_plain(recording.path.name)}",
        f"site: {site}",
        f"zone: {clock.zone.key}",
        f"start: {stamp}",
        f"end: {clock.tell(_whole_minute(ended) + _MINUTE)}",
        *_given(deeds.signed_on),
        "when:",
        *(f"  - {_quoted(f'{_at(clock, one.at)} {one.line()}')}" for one in told),
    ]


def _at(clock: Clock, at: datetime) -> str:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return clock.tell(at, precise=at.microsecond > 0)


def _given(signed_on: Mapping[str, str]) -> list[str]:
    seats = ", ".join(f"{seat}: {word(person)}" for seat, person in signed_on.items())
    return ["given:", f"  signed_on: {{{seats}}}"] if seats else []


def _left_out(heard: Heard, deeds: Deeds) -> str:
    found = [f"{count} {name}" for name, count in heard.left_out.most_common()]
    if deeds.unknown:
        found.append(f"{deeds.unknown} deeds about alerts that were raised before")
    return ", ".join(found) or "nothing"


def _whole_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)


def _quoted(text: str) -> str:
    """A line as YAML reads it back."""
    if ": " in text or " #" in text or text.endswith(":"):
        return "'" + text.replace("'", "''") + "'"
    return text
