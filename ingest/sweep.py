"""The sweep: whatever has come due becomes an input like any other. Absence is an event.

Nothing waits in memory: every waiting thing is a row with a `due_at`, so a restart forgets nothing and is at most one
pass late. A pass takes each site that owes something in a transaction of its own.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts import store as alert_store
from core.clock import Clock, micros, seconds
from core.ids import derived
from duty import store as duty_store
from ingest import gateways, majors, store, versions, watches
from ingest.commit import commit
from ingest.counts import Counts
from ingest.desks import Desks
from ingest.loading import load_scene
from ingest.rosters import extend_roster
from ingest.rules import OFFLINE, Judgement, Origin
from ingest.scene import Desk
from ingest.seats import held_now, settle
from sites import store as site_store
from sites.register import Register
from store import outbox
from store.db import Store, Tx

Seal = Callable[[Tx, Register, datetime], None]


class Sweep:
    """One pass at a time. `seal` writes a logbook checkpoint when one is owed.

    It listens since it was made: what fell silent before that may be our own deafness, and gets a moment (I12).
    """

    def __init__(self, db: Store, desks: Desks, now: Clock, seal: Seal, counts: Counts | None = None) -> None:
        self.db = db
        self.desks = desks
        self.now = now
        self.seal = seal
        self.counts = counts or Counts()
        self._since = now()

    def run(self) -> int:
        """Everything that is due by now. Returns how many sites owed something."""
        at = self._now()
        with self.db.read() as conn:
            owing = alert_store.sites_due(conn, at) | store.sites_due(conn, at) | duty_store.sites_due(conn, at)
            owing |= watches.sites_due(conn, at)
        for site in sorted(owing):
            self.site(site)
        return len(owing)

    def _now(self) -> datetime:
        """The time. A clock that was set back takes the moment since when we listen with it."""
        at = self.now()
        self._since = min(self._since, at)
        return at

    def site(self, site: str) -> None:
        """Everything that is due at one site."""
        with self.db.begin([site]) as tx:
            at, since = self._now(), self._since
            versions.come(tx, self.desks, site, at)
            desk = self.desks.get(tx.conn, site)
            if desk is None:
                return
            quiet = store.devices_due(tx.conn, site, at)
            gapped = store.boots_due(tx.conn, site, at)
            settles = site in duty_store.sites_due(tx.conn, at)
            awake = watches.awake(tx.conn, site, at, settles=settles)
            scene = load_scene(
                tx,
                desk,
                at,
                also=[
                    *((d, OFFLINE) for d, _, _ in quiet),
                    *((f"gateway/{g}", gateways.SEQ_GAP) for g, _ in gapped),
                    *watches.conditions(awake, tx.conn, desk, at),
                ],
            )
            judgement = Judgement(scene)
            if settles:
                _, shifts, _ = held_now(tx.conn, desk.register, at)
                settle(tx, scene, shifts, judgement)
            for alert in alert_store.due(tx.conn, site, at):
                if alert.id not in judgement.changes.stepped:
                    if alert.due_at is not None:
                        self.counts.worst_late_s = max(self.counts.worst_late_s, (at - alert.due_at).total_seconds())
                    judgement.due(alert)
            gateways.silent(tx, judgement, at, since)
            _silent_devices(tx, desk, judgement, quiet, at, since)
            gateways.gaps(tx, judgement, gapped, at, since)
            watches.look(awake, tx, desk, judgement, at)
            majors.owe(tx, judgement)
            commit(tx, scene, judgement.changes)
            self.counts.judged(judgement.changes)

    def seldom(self) -> None:
        """What is owed less often: checkpoints, the roster's horizon, and an outbox that does not grow for ever."""
        with self.db.read() as conn:
            sites = list(site_store.versions(conn))
        for site in sites:
            with self.db.begin([site]) as tx:
                desk = self.desks.get(tx.conn, site)
                if desk is not None:
                    at = self.now()
                    self.seal(tx, desk.register, at)
                    extend_roster(tx, desk.register, at)
        before, gone = self.now() - timedelta(hours=24), 1
        while gone:  # bite by bite: nobody waits long for the writer
            with self.db.begin() as tx:
                gone = outbox.trim(tx, before)


def next_due(conn: Connection) -> datetime | None:
    """The earliest moment at which a pass has something to look at; notices are the notify role's to see to."""
    found = (alert_store.next_due(conn), store.next_due(conn), duty_store.next_due(conn), watches.next_due(conn))
    return min((at for at in found if at is not None), default=None)


def _silent_devices(
    tx: Tx, desk: Desk, judgement: Judgement, quiet: list[tuple[str, int, bool]], at: datetime, since: datetime
) -> None:
    """Devices whose moment has come: heard meanwhile, look again later; not heard, that is an alert, once (EVT-10).

    A device behind a gateway that is away is not silent, it is unknown: one line that is cut must not ring four hundred
    times. Its gateway's return sets the moment at which it is looked at again.
    """
    register = desk.register
    gone = gateways.away(tx, register.site_id) if quiet else set()
    listened = micros(since + seconds(gateways.GRACE_S))
    moved: dict[str, tuple[bool, int | None]] = {}
    told: list[str] = []
    for device_id, heard_us, _ in quiet:
        device = register.devices.get(device_id)
        if device is None or not device.supervision_s:
            moved[device_id] = (False, None)
            continue
        span = device.supervision_s * 1_000_000
        due = micros(at) + span if device.gateway in gone else max(heard_us + span, listened)
        if due > micros(at):
            moved[device_id] = (False, due)
            continue
        moved[device_id] = (True, None)
        told.append(device_id)
        judgement.occur(
            device_id, OFFLINE, Origin(derived(at, "silent", device_id), at), {"supervision_s": device.supervision_s}
        )
    store.save_silence(tx, register.site_id, moved)
    if told:
        outbox.append(tx, register.site_id, at, [("devices", store.device_states(tx.conn, register.site_id, told))])
