"""What the words of a duty line mean in a site's rows: which hand-over, which item of it, which roster, which entry.

Both worlds ask here, so that a line means the same in memory and in running processes.
"""

from sqlalchemy import Connection

from core.errors import NotFound
from duty import away_store, handover_store, mode_store, presence_store, request_store, roster_store
from duty.away import Away
from duty.errors import NoSuchRoster
from duty.handover_errors import NoSuchHandover, NoSuchItem
from duty.handover_packet import Item
from duty.handovers import Handover
from duty.mode_errors import NoSuchMode
from duty.modes import Called
from duty.presence import Check
from duty.presence_errors import NoSuchAway, NoSuchCheck
from duty.request_errors import NoSuchRequest
from duty.requests import Request
from duty.rosters import Roster
from ingest import packet
from logbook import entries
from logbook.errors import NoSuchEntry
from logbook.forms import WRITTEN
from simulators.scenario.duty_acts import Writes
from simulators.scenario.story import find_alert
from sites.duty_words import Mode
from sites.register import Register

_NEWEST = 200


def handover(conn: Connection, register: Register, seat: str) -> Handover:
    """The hand-over of a seat that is under way, else its last one, with what is true now. Raises NoSuchHandover."""
    found = handover_store.live(conn, register.site_id, seat)
    if not found:
        found = [h for h in handover_store.newest(conn, register.site_id, _NEWEST) if h.seat == seat][:1]
    if not found:
        raise NoSuchHandover
    return packet.current(conn, register, found[-1])


def item(conn: Connection, register: Register, h: Handover, ref: str) -> str:
    """The key of the item that a line means: by its name, by the alert it is about, else by what was written. Raises
    NoSuchItem.
    """
    for fits in (_by_name, _by_words):
        for one in reversed(h.items):
            if fits(one, ref):
                return one.key
    try:
        key = f"alert/{find_alert(conn, register.site_id, ref).id}"
    except NotFound:
        key = ""
    if not any(i.key == key for i in h.items):
        raise NoSuchItem(field="key", key=ref)
    return key


def left(h: Handover) -> list[str]:
    """The items of which the incoming person has said nothing yet."""
    return [i.key for i in h.items if i.unconfirmed]


def roster(conn: Connection, register: Register, month: str) -> Roster:
    """The roster of a month that is on its way, else the one that stands. Raises NoSuchRoster."""
    site = register.site_id
    found = roster_store.open_one(conn, site, month) or roster_store.published_one(conn, site, month)
    if found is None:
        raise NoSuchRoster
    return found


def request(conn: Connection, register: Register, whose: str) -> Request:
    """The newest request that somebody made and that is open, else their newest. Raises NoSuchRequest."""
    found = [r for r in request_store.listed(conn, register.site_id, _NEWEST, None, (), None) if r.asked_by == whose]
    if not found:
        raise NoSuchRequest
    return next((r for r in found if r.open), found[0])


def check(conn: Connection, register: Register, seat: str) -> Check:
    """The presence check that waits at a seat, else its last one. Raises NoSuchCheck."""
    waiting = presence_store.live_checks(conn, register.site_id, seat)
    found = waiting[-1:] or presence_store.newest_checks(conn, register.site_id, 1, None, seat)
    if not found:
        raise NoSuchCheck
    return found[0]


def away(conn: Connection, register: Register, seat: str) -> Away:
    """The leave of a seat that goes on, else its last one. Raises NoSuchAway."""
    site = register.site_id
    found = [a for a in (*away_store.live(conn, site), *away_store.newest(conn, site, _NEWEST)) if a.seat_id == seat]
    if not found:
        raise NoSuchAway
    return found[0]


def entry(conn: Connection, register: Register, deed: Writes) -> int:
    """The number of the entry that is corrected: as it is written, or the last that this person wrote. Raises NoSuchEntry."""
    if deed.corrects != "last":
        return int(deed.corrects)
    site = register.site_id
    for n in range(entries.head(conn, site).size, 0, -1):
        found = entries.one(conn, site, n)
        if found is not None and found.act == WRITTEN and found.actor == deed.person:
            return n
    raise NoSuchEntry(field="n")


def _by_name(one: Item, ref: str) -> bool:
    """A checklist's line, a device or a gateway; with or without the word before the stroke."""
    return one.key == ref or (not one.key.startswith(("alert/", "free/")) and one.key.partition("/")[2] == ref)


def _by_words(one: Item, ref: str) -> bool:
    return one.key.startswith("free/") and ref in {one.text, one.kind.value}


def mode(conn: Connection, register: Register, which: Mode) -> Called:
    """Reinforced duty or all hands that is on or planned, else the last one. Raises NoSuchMode."""
    found = [m for m in mode_store.live(conn, register.site_id) if m.mode is which]
    found = found or [m for m in mode_store.newest(conn, register.site_id, _NEWEST) if m.mode is which]
    if not found:
        raise NoSuchMode
    return found[0]
