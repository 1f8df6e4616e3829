"""A short personal number for signing what is often signed, and for signing in again on a phone where its owner has signed in
by password before. Only its owner's password sets it.

A PIN is easily guessed: after a few wrong ones it is locked, in its row, until the password is right once. The password always
goes on working, so nobody can lock a person out of handing over.
"""

from datetime import datetime
from typing import Final

from anyio import to_thread
from sqlalchemy import delete, select, update

from api.errors import NoPin, PinLocked, WeakPin, WrongPin
from api.room import Room
from sites.tables import account_pin
from store.db import Store, Tx

TRIES: Final = 5
_ROW: Final = "01234567890123456789"


def check_new(pin: str) -> None:
    """Refuse what is tried first: too short, all alike, or counting up or down."""
    digits = pin.isascii() and pin.isdecimal()
    if not digits or not 6 <= len(pin) <= 12 or len(set(pin)) == 1 or pin in _ROW or pin[::-1] in _ROW:
        raise WeakPin(field="pin")


def save(tx: Tx, account_id: str, made: str | None, at: datetime) -> None:
    """Keep the hash of a new PIN, or forget the old one."""
    tx.conn.execute(delete(account_pin).where(account_pin.c.account_id == account_id))
    if made is not None:
        row = {"account_id": account_id, "pin_hash": made, "misses": 0, "set_at": at}
        tx.conn.execute(account_pin.insert().values(**row))


def state(store: Store, account_id: str) -> tuple[bool, bool]:
    """Whether there is a PIN, and whether it is locked."""
    with store.read() as conn:
        found = conn.execute(select(account_pin.c.misses).where(account_pin.c.account_id == account_id)).scalar()
    return found is not None, found is not None and found >= TRIES


async def ask(room: Room, account_id: str, pin: str) -> None:
    """Raises WrongPin, NoPin or PinLocked. A try is counted before it is looked at, so that tries sent at once count too."""
    kept = await to_thread.run_sync(_tried, room.store, account_id)
    if not await room.passwords.fits(pin, kept):
        raise WrongPin(field="pin")
    await to_thread.run_sync(forgive, room.store, account_id)


def forgive(store: Store, account_id: str) -> None:
    """The person has proved to be themselves: their wrong tries are forgotten."""
    mine = (account_pin.c.account_id == account_id, account_pin.c.misses > 0)
    with store.read() as conn:
        if conn.execute(select(account_pin.c.account_id).where(*mine)).first() is None:
            return
    with store.begin() as tx:
        tx.conn.execute(update(account_pin).where(*mine).values(misses=0))


def _tried(store: Store, account_id: str) -> str:
    mine = account_pin.c.account_id == account_id
    with store.begin() as tx:
        counted = update(account_pin).where(mine, account_pin.c.misses < TRIES).values(misses=account_pin.c.misses + 1)
        if tx.conn.execute(counted).rowcount == 1:
            return str(tx.conn.execute(select(account_pin.c.pin_hash).where(mine)).scalar_one())
        known = tx.conn.execute(select(account_pin.c.account_id).where(mine)).first() is not None
    raise PinLocked(field="pin") if known else NoPin(field="pin")
