"""Where a scenario is played, wired: the virtual house gets its shores here, and running processes are started here."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from api.rights import PERMITS
from app.imports import import_site
from ingest.desks import Desks
from notify import store as notices
from notify.delivery import Outcome
from notify.settings import NotifySettings
from simulators.scenario.model import Scenario
from simulators.virtual.server import Registers, Shores
from simulators.virtual.world import VirtualWorld
from sites.pack import digest
from sites.register import Register
from store.db import Store

if TYPE_CHECKING:
    from app.real_world import RealWorld

TOOK: Final = Outcome(ok=True, code="250")
FAILED: Final = Outcome(ok=False, code="451", body="told to fail")
_SETTINGS: Final = NotifySettings()


def virtual(scenario: Scenario) -> VirtualWorld:
    """The scenario's world in this process, under a clock that leaps."""
    return VirtualWorld(scenario, shores())


def real(scenario: Scenario, *, speed: float | None = None, keep: Path | None = None) -> "RealWorld":
    """The scenario's world as running processes; everything they keep stays in `keep` if that is given."""
    from app.real_world import RealWorld

    return RealWorld(scenario, speed, keep)


def shores() -> Shores:
    """What a virtual house needs of the rooms above it."""
    return Shores(_import, send_notices, may)


def may(action: str, roles: Iterable[str]) -> bool:
    """Whether HTTP would let somebody with these roles do `action`."""
    return not PERMITS[action].roles.isdisjoint(roles)


def send_notices(store: Store, _: Registers, at: datetime, failing: frozenset[str]) -> int:
    """Send everything that is owed now, as the notify role does: claimed first, tried again after its pauses, given up
    after the last. A channel in `failing` takes nothing for the time being. Returns how many were tried.
    """
    with store.read() as conn:
        waiting = notices.due(conn, at)
    taken = notices.claim(store, waiting, at, _SETTINGS.claim_s)
    for owed in taken:
        outcome = FAILED if owed.channel in failing else TOOK
        notices.tried(store, owed, outcome, at, _SETTINGS.pauses_s)
    return len(waiting)


def _import(store: Store, desks: Desks, register: Register, at: datetime, signed_on: Mapping[str, str]) -> None:
    import_site(store, desks, register, digest(register), at, "system", signed_on=signed_on)
