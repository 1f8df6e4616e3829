"""A month's entries as pages: volumes (册) of up to five thousand entries, each a PDF/A of its own, in the reader's language."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import segno

from core.words import catalogue, say
from logbook.errors import NoFont, NotPrinted
from logbook.facts import Names, about, facts
from logbook.wording import SPOKEN, spoken

VOLUME: Final = 5000
PATIENCE_S: Final = 300
_encode = msgspec.json.Encoder().encode


class Said(msgspec.Struct, frozen=True):
    """An entry as it is printed."""

    n: int
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]


class Cover(msgspec.Struct, frozen=True):
    """What the first page of the first volume says."""

    site: str
    month: str
    first: int
    last: int
    root: str
    fingerprint: str
    note: str
    made_at: datetime


_said = msgspec.json.Decoder(Said).decode


def volume(
    bodies: Sequence[bytes], number: int, of: int, cover: Cover, chain: str, names: Names, zone: ZoneInfo, language: str
) -> bytes:
    """The PDF of one volume. Raises NoFont, NotPrinted."""
    rows = [_said(body) for body in bodies]
    title = say("archive.title", language, site=names.site, month=cover.month)
    data = {
        "title": title,
        "volume": say("archive.volume", language, number=number, of=of),
        "lang": language[:2],
        "chain": f"{say('archive.chain', language)} {chain}",
        "made_at": cover.made_at.isoformat(),
        "words": {"nothing": say("archive.nothing", language)},
        "cover": _cover(cover, of, zone, language) if number == 1 else None,
        "days": list(_days(rows, names, zone, language)),
    }
    return _set(_encode(data))


def sheet(data: Mapping[str, Any]) -> bytes:
    """The PDF of tables: a title, what it is about, and one part after another (see sheet.typ). Raises NoFont, NotPrinted."""
    return _set(_encode(data), "sheet")


def _set(data: bytes, template: str = "volume") -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "logbook.typeset", template],
        input=data,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode == 3:
        raise NoFont
    if done.returncode:
        raise NotPrinted(why=done.stderr.decode(errors="replace")[-500:])
    return done.stdout


def _days(rows: Sequence[Said], names: Names, zone: ZoneInfo, language: str) -> Iterator[dict[str, Any]]:
    for day, group in groupby(rows, lambda row: row.at.astimezone(zone).date()):
        weekday = say(f"archive.weekday.{day.isoweekday()}", language)
        yield {"day": f"{day.isoformat()} {weekday}", "rows": [_row(row, names, zone, language) for row in group]}


def _row(row: Said, names: Names, zone: ZoneInfo, language: str) -> list[str]:
    at = row.at.astimezone(zone)
    act = say(f"act.{row.act}", language)
    form = row.data.get("form")
    if isinstance(form, dict):
        act = _named(form.get("name"), language) or act
    subject = about(row.subject, names, language)
    if subject.startswith("alert/"):
        subject = f"#{row.data['number']}" if "number" in row.data else ""
    who = names.people.get(row.actor) or (say("archive.system", language) if row.actor == "system" else row.actor)
    return [
        str(row.n),
        at.strftime("%H:%M:%S %z")[:-2],
        act if act != f"act.{row.act}" else row.act,
        who,
        _text(row, subject, names, zone, language),
    ]


def _text(row: Said, subject: str, names: Names, zone: ZoneInfo, language: str) -> str:
    """What was said, after what it is about."""
    said = []
    for field in row.data.get("fields") or ():
        if isinstance(field, dict):
            value = _named(field.get("said"), language) or str(field.get("value"))
            said.append(f"{_named(field.get('name'), language)}: {value}")
    if not said:
        said = [line for line in spoken(row.data).split("\n") if line]
        said += _plain(row, subject, names, zone, language)
    for key in ("reason", "corrects"):
        if key in row.data and str(row.data[key]) not in said:
            said.append(f"{say(f'archive.{key}', language)}: {row.data[key]}")
    for file in row.data.get("attachments") or ():
        if isinstance(file, dict):
            said.append(f"{file.get('name')} (SHA-256 {str(file.get('sha256'))[:16]}…)")
    return "; ".join(part for part in (subject, *said) if part)


def _plain(row: Said, subject: str, names: Names, zone: ZoneInfo, language: str) -> list[str]:
    """What the system put down: the kind and the place first, then every field that means something to people, those of what
    an alert came with too; what a person said stands before it.
    """
    kind, place, inner = (row.data.get(key) for key in ("kind", "subject", "data"))
    known = f"kind.{kind}" in catalogue(language)
    said = [say(f"kind.{kind}", language)] if known else []
    said += [where] if isinstance(place, str) and (where := about(place, names, language)) else []
    gone = {*SPOKEN, "corrects", "data", *(["kind"] if known else [])}
    rest = {key: value for key, value in row.data.items() if key not in gone}
    deeper = facts(inner, str(kind), names, zone, language) if isinstance(inner, dict) else []
    return [*said, *facts(rest, row.act, names, zone, language, subject), *deeper]


def _named(words: Any, language: str) -> str:
    if not isinstance(words, dict):
        return ""
    return str(words.get(language[:2]) or words.get("zh") or "")


def _cover(cover: Cover, of: int, zone: ZoneInfo, language: str) -> dict[str, Any]:
    made = cover.made_at.astimezone(zone)
    facts = {
        "entries": f"{cover.last - cover.first + 1} ({cover.first} – {cover.last})",
        "volumes": str(of),
        "made_at": made.isoformat(sep=" ", timespec="seconds"),
        "time_zone": zone.key,
        "signed_by": cover.fingerprint,
    }
    drawn = BytesIO()
    segno.make(cover.note, error="m", micro=False).save(drawn, kind="svg", border=2, xmldecl=False)
    return {
        "heading": say("archive.heading", language),
        "facts": [[say(f"archive.{key}", language), value] for key, value in facts.items()],
        "qr": drawn.getvalue().decode(),
        "qr_says": say("archive.qr", language),
        "checkpoint_heading": say("archive.checkpoint", language),
        "checkpoint": cover.note.rstrip("\n").split("\n"),
        "explained": [say(f"archive.explained.{i}", language) for i in (1, 2)],
    }
