"""Requests that a phone's outbox brings: done once, however often they come (PAT-08, PAT-11).

The hash of such a request is over what was sent, before anything is trimmed: its path below the site, and its body but for the
place in the chain.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request

from api.permits import Caller
from api.phone_bodies import OfPhone
from api.room import Room
from core.errors import Refusal
from ingest import phone_acts
from ingest.phone_acts import Said
from ingest.scene import Desk
from patrol import outbox
from patrol.errors import IdTaken
from patrol.outbox import Link
from store.db import Tx

Act = Callable[[Tx, Desk, datetime], dict[str, Any]]


async def _sent(request: Request) -> dict[str, Any]:
    """The path below the site, and the body as it came; of one that is none nothing, for it is refused as every such body is."""
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        body = None
    return {"path": request.url.path.split("/sites/", 1)[1].partition("/")[2], "body": body}


Sent = Annotated[dict[str, Any], Depends(_sent)]


def done(
    room: Room, site: str, caller: Caller, phone: OfPhone | None, sent: dict[str, Any], name: str, act: Act
) -> dict[str, Any]:
    """Do `act`, called `name`, in a transaction of the site; from a phone's outbox only the first time. Returns what it made."""
    if phone is None:
        with room.store.begin([site]) as tx:
            return act(tx, room.desk(tx.conn, site), room.now())
    said = _said(caller.person, phone, sent, name)
    try:
        with room.store.begin([site]) as tx:
            desk, at = room.desk(tx.conn, site), room.now()
            return phone_acts.once(tx, desk, said, at, lambda: act(tx, desk, at))
    except IdTaken:
        raise
    except Refusal:
        with room.store.begin([site]) as tx:
            phone_acts.refused(tx, room.desk(tx.conn, site), said, room.now())
        raise


def _said(person: str, phone: OfPhone, sent: dict[str, Any], name: str) -> Said:
    words = {k: v for k, v in sent["body"].items() if k != "phone"}
    mark = sent["body"]["phone"]
    whole = {**{k: mark[k] for k in ("id", "n", "prev", "said_at")}, "path": sent["path"], "body": words}
    return Said(
        id=phone.id,
        act=name,
        client=phone.client,
        person=person,
        said_at=phone.said_at,
        kept=phone.kept,
        link=Link(phone.n, phone.prev, outbox.digest(whole, outbox.ACT)),
        raw=msgspec.json.encode(whole),
    )
