"""What people do about duty, as requests to the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from app.real.people import PASSWORD
from duty.handovers import HandoverState
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
from simulators.virtual.duties import PERIOD_DAYS
from sites.duty_words import Mode
from sites.register import Register

Request = tuple[str, str, Mapping[str, Any]]  # method, path under the site, body

_STEPS: Final = {
    "adds": "add",
    "confirms": "confirm",
    "counts": "edit",
    "checks": "edit",
    "disputes": "dispute",
    "explains": "explain",
    "resolves": "resolve",
    "lifts": "lift",
    "offers": "offer",
    "withdraws": "withdraw",
    "takes": "sign",
    "overrides": "override",
    "cancels": "cancel",
}
_WORDS: Final = {"disputes": "comment", "explains": "explanation", "resolves": "reason"}
_PLANS: Final = {
    "submits": "submit",
    "approves": "approve",
    "publishes": "publish",
    "returns": "send-back",
    "withdraws": "withdraw",
}


def request(deed: DutyAct, conn: Connection, register: Register) -> Request:
    """What is asked. What a line only names is looked up in the server's rows; raises the refusal that there is none."""
    match deed:
        case Relieves():
            return _relief(deed, conn, register)
        case LetsGo():
            body = {"seat": deed.seat, "person": deed.whom, "reason": deed.reason, "password": PASSWORD}
            return "POST", "duty/let-go", body
        case Plans():
            return _plan(deed, conn, register)
        case Asks():
            return "POST", "requests", _asked(deed)
        case Decides():
            return _decided(deed, conn, register)
        case Attends():
            return _presence(deed, conn, register)
        case Declares():
            return "PUT", f"calendar/days/{deed.day}", {"type": deed.kind, "reason": deed.reason}
        case Reinforces() if deed.what == "orders":
            return "POST", "modes", {"mode": deed.mode, "reason": deed.reason}
        case Reinforces():
            found = finding.mode(conn, register, Mode(deed.mode))
            return "POST", f"modes/{found.id}/lift", {"reason": deed.reason}
        case Writes():
            return _written(deed, conn, register)
        case SignsDay():
            return "POST", f"logbook/days/{deed.day}/sign", {"comment": deed.comment, "password": PASSWORD}
    raise TypeError(f"no act of a person on duty: {deed!r}")


def _relief(deed: Relieves, conn: Connection, register: Register) -> Request:
    if deed.what == "prepares":
        return "POST", "handovers", {"seat": deed.seat}
    h = finding.handover(conn, register, deed.seat)
    body: dict[str, Any] = {"version": deed.version or h.version}

    def item() -> str:
        return finding.item(conn, register, h, str(deed.item))

    match deed.what:
        case "counts":
            body |= {"key": item(), "counted": deed.number, "explanation": deed.text or None}
        case "checks":
            body |= {"key": item(), "fine": deed.fine, "explanation": deed.text or None}
        case "adds":
            body |= {"kind": deed.item, "text": deed.text}
        case "confirms":
            body |= {"keys": finding.left(h) if deed.item is None else [item()], "comment": deed.text}
        case "explains" if h.state is HandoverState.OPEN:
            return "POST", f"handovers/{h.id}/edit", {**body, "key": item(), "explanation": deed.text}
        case "disputes" | "explains" | "resolves":
            body |= {"key": item(), _WORDS[deed.what]: deed.text}
        case "lifts" | "cancels":
            body |= {"reason": deed.text}
        case "offers" | "takes":
            body |= {"password": PASSWORD}
        case "overrides":
            body |= {"incoming": deed.to, "reason": deed.text, "password": PASSWORD}
    return "POST", f"handovers/{h.id}/{_STEPS[deed.what]}", body


def _plan(deed: Plans, conn: Connection, register: Register) -> Request:
    if deed.what == "drafts":
        return "POST", "rosters", {"month": deed.month}
    found = finding.roster(conn, register, deed.month)
    place, body = f"rosters/{found.id}", {"revision": found.revision}
    match deed.what:
        case "fills" if deed.source in {("standing",), ("last_month",)}:
            return "POST", f"{place}/fill", {**body, "source": deed.source[0], "period_days": PERIOD_DAYS}
        case "fills":
            return "POST", f"{place}/fill", {**body, "source": "rotation", "rotations": list(deed.source)}
        case "puts":
            return "POST", f"{place}/cells", {**body, "cells": {deed.seat: {deed.day: {deed.template: deed.whom}}}}
        case "returns" | "withdraws":
            return "POST", f"{place}/{_PLANS[deed.what]}", {"reason": deed.reason}
    return "POST", f"{place}/{_PLANS[deed.what]}", {}


def _asked(deed: Asks) -> dict[str, Any]:
    body: dict[str, Any] = {"kind": deed.kind, "reason": deed.reason}
    match deed:
        case Asks(kind="leave", starts_at=datetime() as starts_at, ends_at=datetime() as ends_at):
            return body | {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "stand_in": deed.other}
        case Asks(kind="swap", mine=Shift() as mine, theirs=Shift() as theirs):
            return body | {"mine": msgspec.to_builtins(mine), "theirs": msgspec.to_builtins(theirs)}
        case Asks(kind="substitute"):
            return body | {"mine": msgspec.to_builtins(deed.mine), "other": deed.other}
    shift = {**msgspec.to_builtins(deed.mine), "person": deed.other}
    return body | {"shifts": [shift], "override": deed.override}


def _decided(deed: Decides, conn: Connection, register: Register) -> Request:
    place = f"requests/{finding.request(conn, register, deed.whose).id}"
    match deed.what:
        case "agrees":
            return "POST", f"{place}/agree", {}
        case "grants":
            said = {"override": deed.override, "stand_in": deed.stand_in, "answer": deed.text}
            return "POST", f"{place}/approve", said
        case "denies":
            return "POST", f"{place}/refuse", {"reason": deed.text}
    return "POST", f"{place}/withdraw", {}


def _presence(deed: Attends, conn: Connection, register: Register) -> Request:
    match deed.what:
        case "calls":
            return "POST", "presence/checks", {"seat": deed.seat}
        case "answers":
            check = finding.check(conn, register, deed.seat)
            return "POST", f"presence/checks/{check.id}/answer", {"password": PASSWORD}
        case "leaves":
            body = {"seat": deed.seat, "minutes": deed.minutes, "reason": deed.reason, "contact": deed.contact}
            return "POST", "duty/leave", {**body, "stand_in": deed.stand_in, "password": PASSWORD}
    place = f"duty/away/{finding.away(conn, register, deed.seat).id}"
    match deed.what:
        case "stands in":
            return "POST", f"{place}/accept", {"password": PASSWORD}
        case "declines":
            return "POST", f"{place}/decline", {"reason": deed.reason}
        case "returns to":
            return "POST", f"{place}/return", {"password": PASSWORD}
    return "POST", f"{place}/recall", {"minutes": deed.minutes, "reason": deed.reason}


def _written(deed: Writes, conn: Connection, register: Register) -> Request:
    body: dict[str, Any] = {
        "form": deed.form,
        "happened_at": None if deed.happened_at is None else deed.happened_at.isoformat(),
        "zone": deed.zone,
        "persons": list(deed.persons),
        "alert": None if deed.alert is None else find_alert(conn, register.site_id, deed.alert).id,
        "fields": dict(deed.fields),
    }
    if not deed.corrects:
        return "POST", "logbook/entries", body
    n = finding.entry(conn, register, deed)
    return "POST", f"logbook/entries/{n}/corrections", {**body, "reason": deed.reason}
