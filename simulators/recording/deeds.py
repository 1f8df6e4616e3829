"""What people did, which no gateway hears: read from an export of the site's logbook, as lines of a scenario."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from logbook.verify import EntryLine
from simulators.recording.heard import Told
from simulators.scenario.known import REPORTS
from simulators.scenario.tokens import literal, word
from sites.register import Register

_entry = msgspec.json.Decoder(EntryLine)
_ACKS: Final = frozenset({"alert.ack", "alert.witness", "alert.take"})


class _Body(msgspec.Struct):
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any] = {}


_body = msgspec.json.Decoder(_Body)


class Deeds(msgspec.Struct):
    """What people did between two moments, and who had signed on before. `unknown`: of alerts that were older."""

    told: list[Told] = []
    signed_on: dict[str, str] = {}
    unknown: int = 0


def read_deeds(path: Path, register: Register, start: datetime, end: datetime) -> Deeds:
    """Read an export (`watchroom logbook export`). Raises ValueError when it is none."""
    deeds, alerts = Deeds(), {}
    for said in _bodies(path):
        if said.act == "alert.raise":
            alerts[said.subject] = f"{_subject(said)}/{said.data.get('kind')}"
        if said.at > end:
            break
        if said.at < start:
            _before(deeds, said)
            continue
        text = _deed(said, register, alerts)
        if text is not None:
            deeds.told.append(Told(said.at, 4, text))
        elif said.act.startswith("alert.") and said.subject not in alerts:
            deeds.unknown += 1
    return deeds


def _bodies(path: Path) -> Iterator[_Body]:
    found = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                body = _entry.decode(line).body
            except msgspec.MsgspecError:
                continue  # the header, checkpoints and the end are no entries
            if isinstance(body, msgspec.UnsetType):
                continue  # its text was deleted after its time: nobody knows any more what was done
            try:
                yield _body.decode(body)
            except msgspec.MsgspecError as wrong:
                raise ValueError(f"{path}:{number}: not an entry of a logbook: {wrong}") from None
            found += 1
    if not found:
        raise ValueError(f"{path}: not an export of a logbook, or an empty one (watchroom logbook export SITE)")


def _before(deeds: Deeds, said: _Body) -> None:
    seat = said.subject.partition("/")[2]
    if said.act == "duty.sign_on":
        deeds.signed_on[seat] = said.actor
    elif said.act == "duty.sign_off" and deeds.signed_on.get(seat) == said.actor:
        del deeds.signed_on[seat]


def _deed(said: _Body, register: Register, alerts: Mapping[str, str]) -> str | None:
    """The line, or None for what is no deed of a person of this site, or about an alert that was not raised in here."""
    data, seat = said.data, said.subject.partition("/")[2]
    if said.act == "alert.raise":
        return _report(said, register)
    if said.actor not in register.people:
        return None
    if said.act in {"duty.sign_on", "duty.sign_off"}:
        return f"{said.actor} signs {'on' if said.act == 'duty.sign_on' else 'off'} {seat}"
    alert = alerts.get(said.subject)
    if alert is None:
        return None
    if said.act in _ACKS:
        override = said.act == "alert.take" or data.get("override")
        return " ".join([f"{said.actor} acks {alert}", *(["override"] if override else []), *_options(data, "reason")])
    if said.act == "alert.note":
        return f"{said.actor} notes {alert} {literal(str(data.get('text', '')))}"
    if said.act == "alert.dispose":
        more = _options(data, "cause", "note", "reason")
        return " ".join([f"{said.actor} closes {alert} {data.get('disposition')}", *more])
    if said.act == "alert.release":
        return " ".join([f"{said.actor} releases {alert}", *_options(data, "reason")])
    return f"{said.actor} resets {alert}" if said.act == "alert.reset" else None


def _report(said: _Body, register: Register) -> str | None:
    kind, told = said.data.get("kind"), said.data.get("data") or {}
    if kind not in REPORTS or told.get("by") not in register.people or not said.data.get("zone"):
        return None
    return " ".join([f"{told['by']} reports {kind} zone={said.data['zone']}", *_options(told, "note", "caller")])


def _options(data: Mapping[str, Any], *names: str) -> list[str]:
    return [f"{name}={word(str(data[name]))}" for name in names if data.get(name)]


def _subject(said: _Body) -> str:
    subject = str(said.data.get("subject"))
    return f"zone/{said.data.get('zone')}" if subject.startswith("report/") else subject
