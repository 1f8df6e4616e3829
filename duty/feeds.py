"""Shifts as an iCalendar feed (RFC 5545, RFC 7986): one event for each concrete shift, so that no rule has to be undone.

A changed shift keeps its UID and gets a higher SEQUENCE; one that was taken away stays in the feed as CANCELLED, because
a calendar that has shown it must be told.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from duty.store import Standing
from sites.people import Words
from sites.register import Register

AGAIN: Final = timedelta(hours=1)  # how often a calendar should look
BEHIND: Final = timedelta(days=31)  # how much of the past a feed shows
_PRODUCT: Final = "-//Watchroom//Duty roster//EN"


def chosen(standing: Iterable[Standing]) -> list[Standing]:
    """One entry for each shift: what stands, else what was withdrawn last."""
    made: dict[str, Standing] = {}
    for one in standing:
        had = made.get(one.shift.id)
        if had is None or (had.withdrawn, -had.sequence) > (one.withdrawn, -one.sequence):
            made[one.shift.id] = one
    return sorted(made.values(), key=lambda s: (s.shift.starts_at, s.shift.id))


def feed(register: Register, name: Words, standing: Iterable[Standing], language: str, *, people: bool) -> bytes:
    """A calendar of these shifts. `people`: each event says who comes, as the feed of a post does."""
    from icalendar import Calendar

    made = Calendar()
    title = f"{_said(register.name, language)} · {_said(name, language)}"
    made.add("prodid", _PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("name", title)
    made.add("x-wr-calname", title)
    made.add("x-wr-timezone", register.time_zone)
    made.add("refresh-interval", AGAIN, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for one in chosen(standing):
        made.add_component(_event(register, one, language, people=people))
    made.add_missing_timezones()
    text: bytes = made.to_ical()
    return text


def _event(register: Register, one: Standing, language: str, *, people: bool) -> Any:
    from icalendar import Event

    shift, zone = one.shift, register.zone_info
    seat, template = register.seats.get(shift.seat), register.templates.get(shift.template)
    person = register.people.get(shift.person)
    post = register.posts.get(seat.post) if seat is not None else None
    parts = [
        _said(template.name, language) if template else shift.template,
        _said(seat.name, language) if seat else shift.seat,
    ]
    if people:
        parts.append(_said(person.name, language) if person else shift.person)
    made = Event()
    made.add("uid", f"{shift.id}@{register.site_id}.watchroom")
    made.add("dtstamp", one.changed_at)
    made.add("last-modified", one.changed_at)
    made.add("sequence", one.sequence)
    made.add("status", "CANCELLED" if one.withdrawn else "CONFIRMED")
    made.add("summary", " · ".join(parts))
    made.add("dtstart", shift.starts_at.astimezone(zone))
    made.add("dtend", shift.ends_at.astimezone(zone))
    made.add("transp", "TRANSPARENT" if shift.on_call or one.withdrawn else "OPAQUE")
    if post is not None and post.location is not None:
        made.add("location", _said(post.location, language))
    return made


def _said(name: Words, language: str) -> str:
    return name.en if language == "en" else name.zh
