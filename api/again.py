"""The caller's own password once more, before what only they themselves may do: an open console is not a person."""

from api.errors import WrongOwnPassword
from api.permits import Caller
from api.room import Room


async def once_more(room: Room, caller: Caller, password: str) -> None:
    """Raises WrongOwnPassword, or TooMany after several wrong ones."""
    mine = caller.signed.account
    place = f"account/{mine.id}"
    room.throttle.ask(place, mine.login)
    if not await room.passwords.fits(password, mine.password_hash):
        raise WrongOwnPassword(field="password")
    room.throttle.right(place, mine.login)
