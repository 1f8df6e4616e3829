"""The photos behind an alert that a guard's answer raised (PAT-03, PAT-13): those of each tap that found it, or found it again."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from alerts.rules import Alert
from ingest.findings import FINDING
from logbook import entries
from logbook.entries import Entry
from patrol import store as tap_store
from patrol import violation_store
from patrol.violations import BEGUN, KINDS, SEEN


class FoundPhotos(msgspec.Struct, frozen=True):
    """What one tap brought, or one report (`tap`: its line in the log, `log/N`): who was where, when, and the photos by the hash of
    what the phone sent.
    """

    tap: str
    at: datetime
    person: str | None
    checkpoint: str | None
    photos: tuple[str, ...]


def of_alert(conn: Connection, alert: Alert) -> list[FoundPhotos]:
    """The oldest first; of an alert that nobody on a round raised, none."""
    said = _said(conn, alert)
    taps = tap_store.some(conn, alert.site_id, {str(e.data["tap"]) for e in said if "tap" in e.data})
    found = [FoundPhotos(t.event_id, t.at, t.person_id, t.checkpoint_id, t.photos) for t in taps.values() if t.photos]
    found += [
        FoundPhotos(f"log/{e.n}", e.at, e.actor, str(e.data["checkpoint"]), tuple(e.data["photos"]))
        for e in said
        if "photos" in e.data and "tap" not in e.data
    ]
    return sorted(found, key=lambda one: (one.at, one.tap))


def _said(conn: Connection, alert: Alert) -> list[Entry]:
    """What the log says of who found it. A later step of a violation is about the same as its first."""
    site, subject = alert.site_id, alert.subject
    if alert.kind == FINDING:
        said = entries.said(conn, site, subject, {FINDING}, alert.heard_at)
        return [e for e in said if e.data.get("alert") == alert.id]
    if alert.kind in KINDS.values():
        one = violation_store.standing(conn, site, subject, alert.heard_at)
        return [] if one is None else entries.said(conn, site, subject, {BEGUN, SEEN}, one.found_at, one.ended_at)
    return []
