"""What stands of the roster: published ahead by its owner's rota or drafts, and settled at once for whoever sits there."""

from datetime import date, datetime, timedelta

from duty import calendar_acts, calendar_store
from duty import store as duty_store
from duty.rules import dated
from ingest.acts import settle_seats
from ingest.scene import Desk
from sites.duty_words import DayType
from sites.register import Register
from store.db import Tx


def extend_roster(tx: Tx, register: Register, at: datetime) -> None:
    """Publish the rota's shifts up to the site's horizon, when the last one comes within it."""
    horizon = timedelta(days=register.policies.roster_horizon_days)
    last = duty_store.last_published(tx.conn, register.site_id)
    if last is None or last < at + horizon - timedelta(days=1):
        publish_roster(tx, register, at)


def publish_roster(tx: Tx, register: Register, at: datetime) -> int:
    """Publish the rota's shifts from yesterday to the horizon; begun shifts stay as they were. Returns how many stand."""
    first = (at.astimezone(register.zone_info) - timedelta(days=1)).date()
    days = register.policies.roster_horizon_days + 2
    made = dated(register, first, days, calendar_store.calendar(tx.conn, register, first, first + timedelta(days=days)))
    return duty_store.publish(tx, register.site_id, made, at)


def set_day(tx: Tx, desk: Desk, day: date, kind: DayType, reason: str, by: str, at: datetime) -> None:
    """Override what a day is; the shifts to come follow at once."""
    calendar_acts.set_day(tx, desk.register, day, kind, reason, by, at)
    _replanned(tx, desk, at)


def clear_day(tx: Tx, desk: Desk, day: date, by: str, at: datetime) -> None:
    """Take an override back; the shifts to come follow at once."""
    calendar_acts.clear_day(tx, desk.register, day, by, at)
    _replanned(tx, desk, at)


def _replanned(tx: Tx, desk: Desk, at: datetime) -> None:
    if any(t.day_types for t in desk.register.templates.values()):
        publish_roster(tx, desk.register, at)
        settle_seats(tx, desk, at)
