"""The call sheet (呼叫预演) as people read it: who is called, when, by which channel, and what is amiss."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.clock import now
from core.words import say
from simulators.scenario import load
from simulators.scenario.callsheet import (
    Alarm,
    Call,
    CallSheet,
    Duty,
    Remark,
    RungCalls,
    alarms_of,
    call_sheet,
    duty_of,
    roster,
)
from simulators.scenario.errors import ScenarioRefused, Wrong
from simulators.scenario.known import Known
from simulators.scenario.model import Scenario
from simulators.scenario.times import Clock, wall
from simulators.scenario.tokens import Token
from sites.register import Register, Words

HEADS = ("time", "rung", "whom", "person", "basis", "channel", "target")


class Reader(msgspec.Struct, frozen=True):
    """Somebody who reads about one site in one language."""

    register: Register
    language: str

    def say(self, code: str, **data: Any) -> str:
        """The words for a code."""
        return say(code, self.language, **data)

    def name(self, words: Words) -> str:
        """A name in the reader's language."""
        return words.en if self.language == "en" else words.zh

    def clock(self, at: datetime, seen_from: datetime) -> str:
        """The site's wall clock, with the date when that is another day's."""
        zone = ZoneInfo(self.register.time_zone)
        here, there = at.astimezone(zone), seen_from.astimezone(zone)
        fold = here.strftime("%z") if here.utcoffset() != there.utcoffset() else ""
        return here.strftime("%H:%M:%S" if here.date() == there.date() else "%m-%d %H:%M:%S") + fold

    def person(self, ident: str) -> str:
        """Somebody's name and id."""
        family, _, name = ident.partition("/")
        if family == "external" and name:
            found = next((e for e in self.register.externals if e.id == name), None)
            return f"{self.name(found.name)} ({name})" if found else name
        known = self.register.people.get(ident)
        shown = self.name(known.name) if known else ident
        return shown if shown == ident else f"{shown} ({ident})"

    def seat(self, ident: str) -> str:
        """A seat's name."""
        return self.name(self.register.seats[ident].name) if ident in self.register.seats else ident

    def who(self, who: str) -> str:
        """What a rung calls, in words."""
        what, _, name = who.partition(":")
        if what == "seat":
            return self.seat(name)
        if what == "post":
            return self.name(self.register.posts[name].name) if name in self.register.posts else name
        if what == "role":
            return self.say(f"role.{name}")
        return self.say("explain.external") if what == "external" else self.person(name)

    def place(self, subject: str, zone: str | None) -> str:
        """What rings, by id and name, with its place."""
        family, _, name = subject.rpartition("/")
        r = self.register
        rooms: dict[str, Mapping[str, Any]] = {"": r.devices, "gateway": r.gateways, "seat": r.seats}
        found = rooms.get(family, {}).get(name)
        zones = [self.name(r.zones[z].name) for z in r.zone_path(zone)[::-1]]
        named = f"{subject} {self.name(found.name)}" if found is not None else subject
        return " · ".join([named, *([" / ".join(zones)] if zones else [])])


class CannotExplain(Exception):  # noqa: N818 - an answer for whoever asked
    """The question makes no sense; every reason in a line of its own."""


def asked(
    file: Path | None, site: str | None, device: str | None, kind: str | None, at: str | None, language: str
) -> tuple[Register, list[CallSheet]]:
    """The sheets of every alarm in a scenario, or of the one that is named. Raises CannotExplain."""
    if (file is None) == (site is None):
        raise CannotExplain("name a scenario file, or a site with --site")
    try:
        scenario = load.read(file) if file is not None else load.read_text(_bare(str(site)), Path("--site"))
        alarms = _alarms(scenario, device, kind, at, bare=file is None)
    except ScenarioRefused as refused:
        raise CannotExplain("\n".join(str(fault) for fault in refused.errors)) from None
    except Wrong as wrong:
        raise CannotExplain(str(wrong)) from None
    made = []
    for alarm in alarms:
        duty = duty_of(scenario) if file is not None else Duty(roster(scenario.register, alarm.at))
        sheet = call_sheet(scenario.register, alarm.subject, alarm.kind, alarm.at, duty)
        if sheet is not None:
            made.append(sheet)
    if not made:
        only = say(f"kind.{alarms[0].kind}", language) if alarms else ""
        raise CannotExplain(say("explain.silent", language, kind=only) if only else say("explain.none", language))
    return scenario.register, made


def _bare(site: str) -> str:
    """A scenario in which nothing happens, for its site's sake."""
    return f"site: {json.dumps(site)}\nstart: 2000-01-01T00:00\nwhen: []\n"


def _alarms(scenario: Scenario, device: str | None, kind: str | None, at: str | None, *, bare: bool) -> list[Alarm]:
    """What the question is about: one named alarm, or those of the file that it leaves."""
    known = Known(scenario.register, Clock(scenario.register.zone_info, scenario.start))
    subject = known.subject(Token(device))[0] if device is not None else None
    name = known.kind(Token(kind)) if kind is not None else None
    if not bare and at is None:
        return [a for a in alarms_of(scenario) if subject in {None, a.subject} and name in {None, a.kind}]
    if subject is None or name is None:
        raise Wrong("name the alarm: --device DEVICE --kind KIND" + (" [--at TIME]" if bare else ""))
    when = now() if at is None else wall(at, scenario.register.zone_info) if bare else known.clock.read(at).at
    return [Alarm(subject, name, when)]


def print_sheets(register: Register, sheets: Iterable[CallSheet], language: str) -> None:
    """Print sheets to standard output; elsewhere than on a terminal, as wide as they are."""
    out = Console(highlight=False)
    if out.is_terminal:
        show(out, Reader(register, language), sheets)
        return
    told = io.StringIO()
    show(Console(file=told, highlight=False, width=250), Reader(register, language), sheets)
    print("\n".join(line.rstrip() for line in told.getvalue().splitlines()))


def show(out: Console, reader: Reader, sheets: Iterable[CallSheet]) -> None:
    """Print sheets; alarms that call the same people at the same distance share one."""
    alike: dict[Any, list[CallSheet]] = {}
    for sheet in sheets:
        alike.setdefault(_same(sheet), []).append(sheet)
    for first, *others in alike.values():
        out.print(_sheet(reader, first, [o.at for o in others]))


def _same(sheet: CallSheet) -> Any:
    calls = tuple((r.at - sheet.at, r.who, r.calls) for r in sheet.rungs)
    return sheet.subject, sheet.kind, sheet.holding.person, calls, tuple(r.code for r in sheet.remarks)


def _sheet(reader: Reader, sheet: CallSheet, others: list[datetime]) -> Group:
    return Group(
        _title(reader, sheet, others), Padding(_table(reader, sheet), (0, 0, 0, 2)), *_foot(reader, sheet), Text()
    )


def _title(reader: Reader, sheet: CallSheet, others: list[datetime]) -> Text:
    kind = reader.say(f"kind.{sheet.kind}")
    when = [reader.clock(at, sheet.at) for at in (sheet.at, *others)]
    date = sheet.at.astimezone(ZoneInfo(reader.register.time_zone)).strftime("%Y-%m-%d ")
    title = Text(date + ", ".join(when) + "  ")
    title.append(f"{kind} {sheet.kind}", style="bold")
    title.append(f"\n{reader.place(sheet.subject, sheet.zone)}")
    return title.append(f" · {reader.say(f'priority.{sheet.priority}')}")


def _table(reader: Reader, sheet: CallSheet) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for head in HEADS:
        table.add_column(reader.say(f"explain.{head}"), no_wrap=True)
    for rung in sheet.rungs:
        when = f"{reader.clock(rung.at, sheet.at)}  +{span(rung.at - sheet.at)}"
        for n, call in enumerate(rung.calls or (None,)):
            left = (when, str(rung.rung), reader.who(rung.who)) if n == 0 else ("", "", "")
            table.add_row(*left, *_cells(reader, rung, call, first=n == 0))
    return table


def _cells(reader: Reader, rung: RungCalls, call: Call | None, *, first: bool) -> list[Text | str]:
    if call is None:
        return [Text(reader.say("explain.nobody"), style="red"), "", "", ""]
    named = first or call.person != rung.calls[rung.calls.index(call) - 1].person
    return [
        reader.person(call.person) if named else "",
        reader.say(f"basis.{call.basis}") if call.basis and named else "",
        reader.say(f"channel.{call.channel}") if call.channel else Text("-", style="red"),
        masked(call.target),
    ]


def _foot(reader: Reader, sheet: CallSheet) -> list[Text]:
    ack_by, again = (reader.clock(at, sheet.at) for at in (sheet.ack_by, sheet.again_at))
    every = span(timedelta(seconds=sheet.repeat_s))
    lines = [
        Text(f"  {reader.say('explain.ack_by', at=ack_by, again=again, every=every)}", style="dim"),
        Text(f"  {reader.say('explain.handle', span=span(timedelta(seconds=sheet.handle_s)))}", style="dim"),
    ]
    return [*lines, *(Text(f"  ! {remark(reader, r, sheet.at)}", style="yellow") for r in sheet.remarks)]


def remark(reader: Reader, made: Remark, seen_from: datetime) -> str:
    """A remark in words."""
    turn: dict[str, Callable[[str], str]] = {
        "seat": reader.seat,
        "person": reader.person,
        "who": reader.who,
        "at": lambda at: reader.clock(datetime.fromisoformat(at), seen_from),
        "channels": lambda names: ", ".join(reader.say(f"channel.{n}") for n in names.split(", ")),
        "people": lambda names: ", ".join(reader.person(n) for n in names.split(", ")),
    }
    data = {name: turn[name](value) if name in turn else value for name, value in made.data.items()}
    return reader.say(f"explain.{made.code}", **data)


def masked(target: str) -> str:
    """An address that its owner knows again and nobody else can use."""
    name, at, host = target.partition("@")
    if at and "/" not in name:
        return f"{name[:1]}***@{host}"
    scheme, sep, rest = target.partition("://")
    if sep:
        return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}/***"
    return f"***{target[-2:]}" if len(target) > 4 else target and "***"


def span(length: timedelta) -> str:
    """A span as packs and scenarios write it: 0s, 90s is 1m30s, 2h."""
    whole = round(length.total_seconds())
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")]
    return "".join(f"{n}{unit}" for n, unit in parts if n) or "0s"


def plain(sheets: Iterable[CallSheet]) -> list[Mapping[str, Any]]:
    """The sheets as JSON values, addresses masked."""
    made = [msgspec.to_builtins(sheet) for sheet in sheets]
    for sheet in made:
        for rung in sheet["rungs"]:
            for call in rung["calls"]:
                call["target"] = masked(call["target"])
    return made
