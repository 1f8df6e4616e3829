"""What people do about duty, as the API lets them: the same command in the same transaction."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import partial
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import Invalid
from core.ids import fresh
from duty import handovers, roster_acts
from duty.handover_errors import NotOutgoing
from duty.handover_packet import HandoverKind, Item
from duty.handovers import Handover, HandoverState, Stepped
from duty.request_moves import Slot
from duty.rosters import Edit
from ingest import acts, away, modes, presence, request_asks, requests, rosters, writing
from ingest import handover as relief
from ingest.day_sheet import day_sheet
from ingest.scene import Desk
from logbook import forms, reviews
from simulators.scenario import finding
from simulators.scenario.duty_acts import (
    Asks,
    Attends,
    Decides,
    Declares,
    DutyAct,
    LetsGo,
    Plans,
    Reinforces,
    Relieves,
    Shift,
    SignsDay,
    Writes,
)
from simulators.scenario.story import find_alert
from sites.duty_words import DayType, Mode
from sites.register import Role
from store.db import Tx

May = Callable[[str], bool]

_PERMITS: Final = {
    LetsGo: "handover.override",
    Plans: "roster.write",
    Declares: "calendar.set",
    Reinforces: "mode.call",
    SignsDay: "log.review",
    Asks: "request.make",
    Attends: "duty.sign",
    Decides: "request.make",
}
_ABOVE: Final = {
    "resolves": "handover.resolve",
    "lifts": "handover.override",
    "overrides": "handover.override",
    "calls": "presence.call",
    "recalls": "presence.call",
    "grants": "request.decide",
}
PERIOD_DAYS: Final = 28


def permit(deed: DutyAct) -> str:
    """The API's name for being allowed to do this."""
    if isinstance(deed, Relieves | Attends | Decides) and deed.what in _ABOVE:
        return _ABOVE[deed.what]
    if isinstance(deed, Relieves):
        return "handover.take"
    return _PERMITS.get(type(deed), "log.write")


def do(
    tx: Tx, desk: Desk, deed: DutyAct, roles: Collection[Role], at: datetime, key: Ed25519PrivateKey, may: May
) -> None:
    """Do it. Raises the Refusal that the API would answer with."""
    if permit(deed) == "handover.override":
        relief.overrider(desk.register, roles)
    match deed:
        case Relieves():
            _relieve(tx, desk, deed, at, key, may)
        case LetsGo():
            acts.let_go(tx, desk, deed.seat, deed.whom, deed.person, deed.reason, at)
        case Plans():
            _plan(tx, desk, deed, roles, at)
        case Asks():
            _ask(tx, desk, deed, roles, at)
        case Decides():
            _decide(tx, desk, deed, roles, at)
        case Attends():
            _attend(tx, desk, deed, at)
        case Declares():
            day, kind = date.fromisoformat(deed.day), DayType(deed.kind)
            rosters.set_day(tx, desk, day, kind, deed.reason, deed.person, at)
        case Reinforces():
            _reinforce(tx, desk, deed, roles, at)
        case Writes():
            _write(tx, desk, deed, roles, at)
        case SignsDay():
            _sign_day(tx, desk, deed, roles, at)
        case _:
            raise TypeError(f"nobody knows how to do {type(deed).__name__}")


def _reinforce(tx: Tx, desk: Desk, deed: Reinforces, roles: Collection[Role], at: datetime) -> None:
    mode = Mode(deed.mode)
    if deed.what == "orders":
        modes.call(tx, desk, mode, deed.reason, deed.person, roles, at)
    else:
        modes.lift(tx, desk, finding.mode(tx.conn, desk.register, mode).id, deed.reason, deed.person, roles, at)


# -- a seat is handed over


def _relieve(tx: Tx, desk: Desk, deed: Relieves, at: datetime, key: Ed25519PrivateKey, may: May) -> None:
    who = deed.person
    if deed.what == "prepares":
        relief.begin(tx, desk, deed.seat, who, at)
        return
    h = finding.handover(tx.conn, desk.register, deed.seat)
    version = deed.version or h.version
    match deed.what:
        case "offers":
            relief.offer(tx, desk, h.id, version, who, at)
        case "takes":
            relief.sign(tx, desk, h.id, version, who, at, key)
        case "overrides":
            relief.override(tx, desk, h.id, version, str(deed.to), deed.text, who, at, key)
        case _:
            relief.change(tx, desk, h.id, version, at, partial(_stepped, _act(tx, desk, deed, h, at, may), who, at))


def _stepped(act: Callable[..., Stepped], by: str, at: datetime, h: Handover) -> Stepped:
    return act(h, by=by, at=at)


def _act(tx: Tx, desk: Desk, deed: Relieves, h: Handover, at: datetime, may: May) -> Callable[..., Stepped]:
    """What is done to the hand-over, but for who does it and when."""

    def item() -> str:
        return finding.item(tx.conn, desk.register, h, str(deed.item))

    match deed.what:
        case "counts":
            return partial(_edited, item(), {"counted": deed.number, "explanation": deed.text or None})
        case "checks":
            return partial(_edited, item(), {"fine": deed.fine, "explanation": deed.text or None})
        case "adds":
            more = Item(key=f"free/{fresh(at)}", kind=HandoverKind(str(deed.item)), text=deed.text)
            return lambda now, **by: handovers.add(now, more, **by)
        case "confirms":
            keys = finding.left(h) if deed.item is None else [item()]
            return lambda now, **by: _confirmed(now, keys, deed.text, **by)
        case "explains" if h.state is HandoverState.OPEN:
            return partial(_edited, item(), {"explanation": deed.text})
        case "disputes" | "explains" | "resolves":
            says = {"disputes": handovers.dispute, "explains": handovers.explain, "resolves": handovers.resolve}
            named = item()
            return lambda now, **by: says[deed.what](now, named, deed.text, **by)
        case "lifts":
            return lambda now, **by: handovers.lift(now, deed.text, **by)
        case "withdraws":
            return handovers.withdraw
        case "cancels":
            if deed.person != h.outgoing and not may("handover.resolve"):
                raise NotOutgoing(outgoing=h.outgoing)
            return lambda now, **by: handovers.cancel(now, deed.text, **by)
    raise TypeError(f"nobody knows how to {deed.what}")


def _edited(key: str, said: dict[str, Any], h: Handover, *, by: str, at: datetime) -> Stepped:
    return handovers.edit(h, key, by=by, at=at, **said)


def _confirmed(h: Handover, keys: list[str], comment: str, *, by: str, at: datetime) -> Stepped:
    if not keys:
        raise Invalid(field="keys")
    said = []
    for key in keys:
        h, lines = handovers.confirm(h, key, comment, by=by, at=at)
        said += lines
    return h, said


# -- a month's roster


def _plan(tx: Tx, desk: Desk, deed: Plans, roles: Collection[Role], at: datetime) -> None:
    register = desk.register
    who: dict[str, Any] = {"by": deed.person, "roles": roles, "at": at}
    if deed.what == "drafts":
        roster_acts.make(tx, register, deed.month, **who)
        return
    found = finding.roster(tx.conn, register, deed.month)
    seen: dict[str, Any] = {"revision": found.revision}
    match deed.what:
        case "fills" if deed.source == ("standing",):
            roster_acts.fill_from_standing(tx, register, found.id, **who, **seen)
        case "fills" if deed.source == ("last_month",):
            roster_acts.fill_from_last_month(tx, register, found.id, PERIOD_DAYS, **who, **seen)
        case "fills":
            roster_acts.fill_from_rotations(tx, register, found.id, deed.source, **who, **seen)
        case "puts":
            edit = Edit(deed.seat, date.fromisoformat(deed.day), deed.template, deed.whom)
            roster_acts.edit(tx, register, found.id, [edit], **who, **seen)
        case "submits":
            roster_acts.submit(tx, register, found.id, **who)
        case "approves":
            roster_acts.approve(tx, register, found.id, **who)
        case "returns":
            roster_acts.send_back(tx, register, found.id, reason=deed.reason, **who)
        case "withdraws":
            roster_acts.withdraw(tx, register, found.id, reason=deed.reason, **who)
        case "publishes":
            rosters.publish(tx, desk, found.id, **who)
        case _:
            raise TypeError(f"nobody knows how to {deed.what} a roster")


# -- requests


def _ask(tx: Tx, desk: Desk, deed: Asks, roles: Collection[Role], at: datetime) -> None:
    who: dict[str, Any] = {"by": deed.person, "at": at}
    match deed:
        case Asks(kind="leave", starts_at=datetime() as starts_at, ends_at=datetime() as ends_at):
            request_asks.leave(tx, desk, starts_at, ends_at, deed.reason, stand_in=deed.other, **who)
        case Asks(kind="swap", mine=Shift() as mine, theirs=Shift() as theirs):
            request_asks.swap(tx, desk, _slot(mine), _slot(theirs), deed.reason, **who)
        case Asks(kind="substitute", mine=Shift() as mine, other=str() as other):
            request_asks.substitute(tx, desk, _slot(mine), other, deed.reason, **who)
        case Asks(mine=Shift() as mine, other=str() as other):
            wanted = [(_slot(mine), other)]
            request_asks.call_in(tx, desk, wanted, deed.reason, roles=roles, override=deed.override, **who)
        case _:
            raise TypeError(f"nobody knows how to ask for {deed.kind}")


def _slot(shift: Shift) -> Slot:
    return Slot(shift.seat, date.fromisoformat(shift.day), shift.template)


def _decide(tx: Tx, desk: Desk, deed: Decides, roles: Collection[Role], at: datetime) -> None:
    found = finding.request(tx.conn, desk.register, deed.whose)
    who: dict[str, Any] = {"by": deed.person, "at": at}
    match deed.what:
        case "agrees":
            requests.agree(tx, desk, found.id, **who)
        case "grants":
            who |= {"override": deed.override, "stand_in": deed.stand_in, "answer": deed.text}
            requests.approve(tx, desk, found.id, roles=roles, **who)
        case "denies":
            requests.refuse(tx, desk, found.id, deed.text, roles=roles, **who)
        case _:
            requests.withdraw(tx, desk, found.id, **who)


# -- presence


def _attend(tx: Tx, desk: Desk, deed: Attends, at: datetime) -> None:
    who, register = deed.person, desk.register
    match deed.what:
        case "calls":
            presence.call(tx, desk, deed.seat, who, at)
        case "answers":
            presence.answer(tx, desk, finding.check(tx.conn, register, deed.seat).id, who, at)
        case "leaves":
            stand_in, contact = deed.stand_in, deed.contact
            away.leave(tx, desk, deed.seat, who, deed.minutes, deed.reason, at, stand_in=stand_in, contact=contact)
        case "stands in":
            away.accept(tx, desk, finding.away(tx.conn, register, deed.seat).id, who, at)
        case "declines":
            away.decline(tx, desk, finding.away(tx.conn, register, deed.seat).id, deed.reason, who, at)
        case "returns to":
            away.come_back(tx, desk, finding.away(tx.conn, register, deed.seat).id, who, at)
        case _:
            found = finding.away(tx.conn, register, deed.seat)
            away.recall(tx, desk, found.id, deed.minutes, deed.reason, who, at)


# -- the log


def _write(tx: Tx, desk: Desk, deed: Writes, roles: Collection[Role], at: datetime) -> None:
    register = desk.register
    alert = None if deed.alert is None else find_alert(tx.conn, register.site_id, deed.alert).id
    draft = forms.Draft(deed.fields, deed.form, deed.happened_at, deed.zone, deed.persons, alert)
    if not deed.corrects:
        writing.write(tx, register, draft, deed.person, at)
        return
    n = finding.entry(tx.conn, register, deed)
    writing.correct(tx, register, n, draft, deed.reason, deed.person, roles, at)


def _sign_day(tx: Tx, desk: Desk, deed: SignsDay, roles: Collection[Role], at: datetime) -> None:
    register, day = desk.register, date.fromisoformat(deed.day)
    sheet = day_sheet(tx.conn, register, day, at)
    told, on_duty = msgspec.to_builtins(sheet), sheet.on_duty
    reviews.sign(tx, register, day, told, on_duty, comment=deed.comment, by=deed.person, roles=roles, at=at)
