"""What happened, in the words of `Happening`: read back from what the product kept, in the order of its commits.

The same for a virtual house and for running processes, so nothing random is told: no ids, and everything that comes from
another table than the log stands at its place by time. At one instant: the log's lines by number, each notice right behind
the line that owes it, then what was taken back, taps, and what could not be understood.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, select

from alerts import store as alert_store
from alerts.errors import NoSuchAlert
from alerts.rules import Alert, State
from alerts.tables import alert as alert_table
from alerts.tables import notice, rung_fired
from core.wire import parse_topic
from duty import handover_store, roster_store
from duty.rosters import OPEN
from ingest.seats import held_now
from ingest.tables import event, reject
from logbook import entries
from logbook.audit import verify_store
from patrol.tables import tap
from simulators.scenario import duty_story, patrol_story
from simulators.scenario.model import AlertNow, Happening, Scenario, Snapshot, Story
from sites.register import Register

EVERY: Final = 1_000_000
WORDS: Final[Mapping[str, str]] = {
    "raise": "raised",
    "repeat": "repeated",
    "clear_said": "clear_said",
    "clear": "cleared",
    "recur": "recurred",
    "reset": "reset",
    "escalate": "escalated",
    "witness": "witnessed",
    "ack": "acked",
    "take": "taken",
    "hand_over": "handed_over",
    "release": "released",
    "timeout": "timed_out",
    "note": "noted",
    "dispose": "closed",
}
_OUT: Final = frozenset({"sent", "failed"})
DUTY: Final[Mapping[str, str]] = {
    "duty.sign_on": "signed_on",
    "duty.sign_off": "signed_off",
    "duty.released": "let_go",
}
# What a line says besides: values that two runs share. Ids and bytes of events stay out.
_MORE: Final = frozenset(
    {
        *("number", "priority", "zone", "holder", "ring", "rung", "override", "reason", "text", "taken_from"),
        *("custody_by", "disposition", "cause", "note", "channel", "code", "attempts"),
    }
)


class _Body(msgspec.Struct):
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]


class _Known(msgspec.Struct, frozen=True):
    """What names an alert to people."""

    number: int
    about: tuple[str, str]


_body = msgspec.json.Decoder(_Body).decode


def story_of(conn: Connection, scenario: Scenario, ended_at: datetime, took_s: float = 0.0) -> Story:
    """The whole story of a site's store, as it stands in this snapshot."""
    site = scenario.register.site_id
    return Story(
        happenings=tuple(happenings(conn, scenario)),
        snapshots=(),
        log_head=entries.head(conn, site).chain,
        verifies=verify_store(conn, site).ok,
        events=conn.execute(select(func.count()).select_from(event).where(event.c.site_id == site)).scalar() or 0,
        seconds=(ended_at - scenario.start).total_seconds(),
        took_s=took_s,
    )


def happenings(conn: Connection, scenario: Scenario) -> list[Happening]:
    """Everything that happened, in order. Who was in a seat before the start is no happening."""
    site = scenario.register.site_id
    walked = patrol_story.routes(conn, site)
    known = {
        row.id: _Known(row.number, (told_subject(row.subject, row.zone_id, walked), row.kind))
        for row in conn.execute(
            select(
                alert_table.c.id,
                alert_table.c.number,
                alert_table.c.subject,
                alert_table.c.zone_id,
                alert_table.c.kind,
            ).where(alert_table.c.site_id == site)
        )
    }
    found = [
        *_logged(conn, scenario, known),
        *_taken_back(conn, site, known),
        *_taps(conn, site),
        *_rejects(conn, site),
    ]
    return sorted(found, key=lambda h: h.at)  # stable: what comes first here comes first within an instant


def snapshot(conn: Connection, register: Register, at: datetime) -> Snapshot:
    """How things stand in this snapshot of the store, `at` being now."""
    site = register.site_id
    alerts = alert_store.page(conn, site, "all", limit=EVERY)
    held, _, _ = held_now(conn, register, at)
    walked = patrol_story.routes(conn, site)
    return Snapshot(
        at,
        tuple(_now(a, walked) for a in sorted(alerts, key=lambda a: a.number)),
        {seat: holding.person for seat, holding in held.items()},
        entries.head(conn, site).size,
        {h.seat: h.state.value for h in reversed(handover_store.newest(conn, site, EVERY))},
        _rosters(conn, site),
    )


def _rosters(conn: Connection, site: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for one in reversed(roster_store.listed(conn, site, limit=EVERY)):
        if made.get(one.month) not in OPEN or one.state in OPEN:
            made[one.month] = one.state.value
    return made


def find_alert(conn: Connection, site: str, ref: str) -> Alert:
    """The alert that an act means: `#NUMBER`, a subject or `SUBJECT/KIND`; the newest open one, else the newest. A seat,
    gateway or zone may go by its plain name. Raises NoSuchAlert.
    """
    alerts = sorted(
        alert_store.page(conn, site, "all", limit=EVERY), key=lambda a: (a.state is State.CLOSED, -a.number)
    )
    walked = patrol_story.routes(conn, site)
    for fits in (_exactly, _by_plain_name):
        for one in alerts:
            if fits(one, ref, told_subject(one.subject, one.zone_id, walked)):
                return one
    raise NoSuchAlert


def told_subject(subject: str, zone: str | None, walked: Mapping[str, str]) -> str:
    """An alert's subject without an id: a report is told by its place, a round by its route."""
    return f"zone/{zone}" if subject.startswith("report/") else walked.get(subject, subject)


def _exactly(one: Alert, ref: str, subject: str) -> bool:
    return ref in {subject, f"{subject}/{one.kind}", f"#{one.number}"}


def _by_plain_name(one: Alert, ref: str, subject: str) -> bool:
    name = subject.rpartition("/")[2]
    return ref in {name, f"{name}/{one.kind}"}


def _now(a: Alert, walked: Mapping[str, str]) -> AlertNow:
    return AlertNow(
        number=a.number,
        subject=told_subject(a.subject, a.zone_id, walked),
        kind=a.kind,
        state=a.state.value,
        custody_by=a.custody_by,
        holder=a.holder_id,
        ring=a.ring,
        rung=a.rung,
        repeats=a.repeats,
        disposition=None if a.disposition is None else a.disposition.value,
    )


# -- the log, with the notices that its lines owe


def _logged(conn: Connection, scenario: Scenario, known: Mapping[str, _Known]) -> Iterator[Happening]:
    site = scenario.register.site_id
    first = _first_called(conn, site)
    owed = _owed(conn, site, known)
    before = {(f"seat/{seat}", person) for seat, person in scenario.signed_on.items()}
    for row in entries.stored(conn, site, entries.head(conn, site).size):
        said = _body(bytes(row.body))
        if said.act == "duty.sign_on" and said.at == scenario.start and (said.subject, said.actor) in before:
            continue
        if said.act == "roster.amend" and said.at == scenario.start and said.data["month"] in scenario.published:
            continue
        yield _told(said, known, first)
        if said.act in {"alert.raise", "alert.escalate"}:
            alert_id = said.subject.partition("/")[2]
            yield from owed.pop((alert_id, said.data.get("ring", 1), said.data.get("rung", 0)), ())


def _in_one_order(told: Iterable[Happening]) -> Iterator[Happening]:
    """What went out to people at one instant went beside each other: it is told by alert and person."""
    for _, group in groupby(told, key=lambda h: (h.at, h.topic == "notice" and h.what in _OUT)):
        alike = list(group)
        if alike[0].topic == "notice" and alike[0].what in _OUT:
            alike.sort(
                key=lambda h: (h.more["number"], h.more["ring"], h.more["rung"], h.who, h.more["channel"], h.what)
            )
        yield from alike


def _told(said: _Body, known: Mapping[str, _Known], first: Mapping[str, tuple[str, ...]]) -> Happening:
    topic, _, act = said.act.partition(".")
    what, _, name = said.subject.partition("/")
    if said.act in DUTY:
        came = {key: said.data[key] for key in ("arrival", "late_s") if said.data.get(key)}
        return Happening(said.at, "duty", (name,), DUTY[said.act], (said.actor,), came)
    if (of_duty := duty_story.told(said, _by(said), {k: v.about[0] for k, v in known.items()})) is not None:
        return of_duty
    if (of_patrol := patrol_story.told(said, _by(said))) is not None:
        return of_patrol
    if what != "alert" or name not in known:
        return Happening(said.at, "log", (said.subject,), said.act, _by(said))
    more = {k: v for k, v in said.data.items() if k in _MORE and v is not None}
    more["number"] = known[name].number
    if topic == "notice":
        who: tuple[str, ...] = (said.data["person"],)
        return Happening(said.at, "notice", known[name].about, act, who, more)
    if act not in WORDS:  # of an alert, and no step of its life: who records it, who comes, who is on the way
        return Happening(said.at, "log", (known[name].about[0],), said.act, _by(said))
    if act == "raise":
        who = first.get(name, ())
    elif act == "escalate":
        who = tuple(said.data["people"])
    else:
        who = _by(said)
    return Happening(said.at, "alert", known[name].about, WORDS[act], who, more)


def _by(said: _Body) -> tuple[str, ...]:
    """Who did it; what we did ourselves with somebody's custody is told with their name."""
    if said.actor != "system":
        return (said.actor,)
    held = said.data.get("custody_by")
    return (held,) if held else ()


def _first_called(conn: Connection, site: str) -> dict[str, tuple[str, ...]]:
    """Whom the first rung of each alert called: that belongs to the raising."""
    query = select(rung_fired.c.alert_id, rung_fired.c.people).where(
        rung_fired.c.site_id == site, rung_fired.c.ring == 1, rung_fired.c.rung == 0
    )
    return {row.alert_id: tuple(row.people) for row in conn.execute(query)}


def _owed(conn: Connection, site: str, known: Mapping[str, _Known]) -> dict[tuple[str, int, int], list[Happening]]:
    owed: dict[tuple[str, int, int], list[Happening]] = {}
    for row in _notices(conn, site):
        made = _notice(row, known, row.made_at, row.channel)
        owed.setdefault((row.alert_id, row.ring, row.rung), []).append(made)
    return owed


def _taken_back(conn: Connection, site: str, known: Mapping[str, _Known]) -> Iterator[Happening]:
    return (_notice(row, known, row.done_at, "cancelled") for row in _notices(conn, site) if row.state == "cancelled")


def _notices(conn: Connection, site: str) -> Iterable[Any]:
    n = notice.c
    query = (
        select(notice).where(n.site_id == site).order_by(n.made_at, n.ring, n.rung, n.person_id, n.channel, n.target)
    )
    return conn.execute(query).all()


def _notice(row: Any, known: Mapping[str, _Known], at: datetime, what: str) -> Happening:
    alert = known[row.alert_id]
    more: dict[str, Any] = {"number": alert.number, "ring": row.ring, "rung": row.rung, "channel": row.channel}
    return Happening(at, "notice", alert.about, what, (row.person_id,), more)


# -- what stands beside the log


def _taps(conn: Connection, site: str) -> Iterator[Happening]:
    query = select(tap).where(tap.c.site_id == site)
    for row in conn.execute(query.order_by(tap.c.heard_at, tap.c.checkpoint_id, tap.c.tag, tap.c.person_id)):
        who = () if row.person_id is None else (row.person_id,)
        photos = {"photos": len(row.photos)} if row.photos else {}
        more = {"proof": row.proof, **photos, **{f"flagged.{flag}": True for flag in row.flags}}
        yield Happening(row.heard_at, "tap", (row.checkpoint_id or row.tag,), (row.flags or ["tap"])[0], who, more)


def _rejects(conn: Connection, site: str) -> Iterator[Happening]:
    query = select(reject.c.heard_at, reject.c.topic, reject.c.why).where(reject.c.site_id.in_([site, ""]))
    for row in conn.execute(query.order_by(reject.c.heard_at, reject.c.topic, reject.c.why)):
        place = parse_topic(row.topic)
        yield Happening(row.heard_at, "reject", (place.gateway if place else row.topic,), row.why)
