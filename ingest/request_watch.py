"""The watch over requests: one that nobody decided about before its first shift begins has lapsed (DUTY-06)."""

from datetime import datetime

from sqlalchemy import Connection

from duty import request_store, requests
from duty.request_store import DUE_ROWS, next_due, sites_due
from ingest.requests import keep
from ingest.rules import Judgement
from ingest.scene import Desk
from store.db import Tx

__all__ = ["DUE_ROWS", "conditions", "look", "next_due", "sites_due"]


def conditions(conn: Connection, desk: Desk, at: datetime) -> list[tuple[str, str]]:  # noqa: ARG001 - a watch's question
    """None: who was to be there still is, and whoever does not come is absent."""
    return []


def look(tx: Tx, desk: Desk, judgement: Judgement, at: datetime) -> None:  # noqa: ARG001 - a watch's question
    """Let what is due lapse."""
    for request in request_store.due(tx.conn, desk.register.site_id, at):
        keep(tx, *requests.step(request, requests.Act.LAPSE, by="system", at=at))
