"""What a phone's outbox brings beside taps: reports, notes, entries. Each is done once, however often it comes and from however
many pages; and each stands in the same chain as the taps, so that none is changed or taken out unseen (PAT-11).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.ids import derived
from ingest import store
from ingest.commit import commit
from ingest.loading import load_scene
from ingest.phone_taps import chained
from ingest.rules import Judgement, Origin
from ingest.scene import Desk
from ingest.taps import CHEAT, subject_of
from patrol import outbox_store
from patrol.errors import IdTaken
from patrol.flags import Flag
from patrol.outbox import Link
from patrol.outbox_store import Done
from store.db import Tx


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An act as the phone says it. `act`: which kind of thing it is; `kept`: it waited for a line."""

    id: str
    act: str
    client: str
    person: str
    said_at: datetime
    kept: bool
    link: Link
    raw: bytes = b""


def once(tx: Tx, desk: Desk, said: Said, at: datetime, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do it, unless it was done: then say what it made the first time. Raises `IdTaken` where the id stands for something else."""
    site = desk.register.site_id
    stood = outbox_store.done(tx.conn, site, said.id)
    if stood is None and store.known(tx.conn, site, [said.id]):
        raise IdTaken(field="phone.id")
    if stood is not None and (stood.person, stood.act) != (said.person, said.act):
        raise IdTaken(field="phone.id")
    _linked(tx, desk, said, at, first=stood is None)
    if stood is not None:
        return stood.made
    made = do()
    outbox_store.do(tx, site, said.id, said.client, Done(said.person, said.act, made), said.said_at.astimezone(UTC), at)
    return made


def refused(tx: Tx, desk: Desk, said: Said, at: datetime) -> None:
    """It could not be done; its link is kept all the same, or what comes after it would look as if this had been taken out."""
    _linked(tx, desk, said, at, first=True)


def _linked(tx: Tx, desk: Desk, said: Said, at: datetime, *, first: bool) -> None:
    fresh = {said.id: said} if first else {}
    if chained(tx, desk.register.site_id, said.client, said.person, [said], fresh, at):
        suspect(tx, desk, said.person, {said.id: said.act}, at)


def suspect(tx: Tx, desk: Desk, person: str, edited: Mapping[str, str], at: datetime) -> None:
    """A leader hears of what does not fit its chain, as of a tap that does not. `edited`: which kind of act, by id."""
    subject = subject_of(person)
    judgement = Judgement(load_scene(tx, desk, at, also=[(subject, CHEAT)]))
    for id_, act in edited.items():
        data = {"flag": Flag.OUTBOX_EDITED.value, "act": act, "person": person}
        judgement.occur(subject, CHEAT, Origin(derived(at, id_, Flag.OUTBOX_EDITED.value), at), data)
    commit(tx, judgement.scene, judgement.changes)
