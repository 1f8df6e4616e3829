"""The path, top to bottom: decode, keep new, load scene, judge, commit; the caller acknowledges when this returns.

It runs in the thread that reads the broker, because a hop to another thread costs half the rate. A batch is one
transaction. If the store is away the error goes up, nothing is acknowledged, and the broker delivers again.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from alerts import store as alert_store
from alerts.rules import State
from core import wire
from core.clock import Clock, micros
from core.kinds import Effect
from core.wire import Channel, Garbled, Why
from duty import reach_store
from ingest import majors, proofs, rounds, store, taps, urgent
from ingest.batches import Message
from ingest.commit import commit, hand_over
from ingest.counts import Counts
from ingest.desks import Desks
from ingest.gateways import behind, hear_status
from ingest.mail import Mail, first_heard, last_heard, positions, sort
from ingest.rules import Judgement
from ingest.scene import Boot, Desk, Heard, Scene
from ingest.seats import held_now, own_conditions
from patrol.rounds import PatrolRound
from store.db import Store, Tx, take_heads
from store.telemetry import Telemetry

Publish = Callable[[str, bytes], None]
PIECE = 100  # events that are judged before the store is given them


class Flow:
    """Handles batches of deliveries. `publish` sends receipts; it must not block."""

    def __init__(self, db: Store, desks: Desks, telemetry: Telemetry, now: Clock, publish: Publish) -> None:
        self.db = db
        self.desks = desks
        self.telemetry = telemetry
        self.now = now
        self.publish = publish
        self.counts = Counts()

    def handle(self, messages: Sequence[Message]) -> None:
        """Take one batch to its commit. Raises only when the store does; one bad message never takes its neighbours along."""
        try:
            try:
                self._handle(messages)
            except IntegrityError:  # an id that stands for something else already, most likely
                self._handle(messages, doubt=True)
        except DBAPIError as wrong:
            if len(messages) > 1 and not wrong.connection_invalidated and _about_the_data(wrong):
                self._one_by_one(messages)
            elif _about_the_data(wrong):
                self._set_aside(messages[0], wrong)
            else:
                raise
        except Exception as wrong:  # noqa: BLE001 - it is said, and each message then tried alone
            _log().exception("ingest.unjudged", messages=len(messages))
            if len(messages) > 1:
                self._one_by_one(messages)
            else:
                self._set_aside(messages[0], wrong)

    def _handle(self, messages: Sequence[Message], *, doubt: bool = False) -> None:
        """One transaction. `doubt`: look every id up, not only those whose place in their gateway's order was filled."""
        at = self.now()
        mails, lost = sort(messages)
        counts = Counts()
        with self.db.begin() as tx:
            known = self._open(tx, mails, lost, at, counts)
            receipts = [
                r for site, desk in known.items() for r in self._site(tx, desk, mails[site], at, counts, doubt=doubt)
            ]
        self.counts.add(counts)  # only what was committed counts
        for place, receipt in receipts:
            self.publish(place, receipt)
        for site in known:
            if mails[site].samples:
                self.telemetry.write(site, mails[site].samples, at)

    def _open(
        self, tx: Tx, mails: dict[str, Mail], lost: list[tuple[str, Garbled]], at: datetime, counts: Counts
    ) -> dict[str, Desk]:
        """Take the heads of the sites that exist; keep the rest as rejects."""
        known: dict[str, Desk] = {}
        for site, mail in mails.items():
            desk = self.desks.get(tx.conn, site, first_heard(mail, at))
            if desk is not None:
                known[site] = desk
                continue
            lost += [(topic, g) for _, topic, g in mail.garbled]
            lost += [
                (wire.topic(site, g, Channel.EVENTS), Garbled(s.raw, Why.UNKNOWN_SITE, f"no site {site!r}"))
                for g, _, s in mail.said
            ]
        take_heads(tx, known)
        for topic, garbled in lost:
            counts.rejected(garbled.why)
            store.keep_reject(tx, "", topic, at, garbled.why, garbled.detail, garbled.raw)
        return known

    def _site(
        self, tx: Tx, desk: Desk, mail: Mail, at: datetime, counts: Counts, *, doubt: bool
    ) -> list[tuple[str, bytes]]:
        """One site's part: keep new, load, judge, commit. Returns the receipts to send after the commit."""
        site = desk.register.site_id
        boots = store.boots(tx.conn, site, positions(mail))
        stood = {key: boot.through for key, boot in boots.items()}
        new = _keep_new(tx, site, mail, at, {} if doubt else boots, counts)
        for gateway, _, said in mail.said:
            boots[gateway, said.event.boot].add(said.event.seq)
        for gateway, _, garbled in mail.garbled:
            if garbled.boot is not None and garbled.seq is not None:
                boots[gateway, garbled.boot].add(garbled.seq)
        if new or mail.statuses:
            walked = _walked(tx, desk, at, new)
            asked = [*rounds.asked(walked), *taps.asked(tx.conn, desk.register, new, walked)]
            if asked:
                asked += proofs.asked(tx.conn, site)
            scene = load_scene(tx, desk, at, new, asked)
            if any(heard.event.kept_at is not None for heard in new):
                live = [(g, status, message.at or at) for g, message, status in mail.statuses if not message.retained]
                scene.behind = behind(tx.conn, site, live)
            judgement = Judgement(scene)
            for begin in range(0, len(new), PIECE):
                if begin:
                    hand_over(tx, site, judgement.changes)
                for heard in new[begin : begin + PIECE]:
                    judgement.hear(heard)
            for gateway, message, status in mail.statuses:
                hear_status(tx, judgement, gateway, status, retained=message.retained, at=message.at or at)
            taps.judged(tx, judgement, walked)
            urgent.reroute(tx, judgement)
            proofs.owe(tx, judgement)
            majors.owe(tx, judgement)
            commit(tx, scene, judgement.changes)
            counts.judged(judgement.changes)
        if boots:
            _due(boots, stood, at, desk.register.policies.gateway_gap_s)
            store.save_boots(tx, site, at, boots)
            store.gateways_heard(tx, site, last_heard(mail, boots, at))
        return [
            (wire.topic(site, gateway, Channel.RECEIPT), wire.encode(wire.Receipt(boot, b.through)))
            for (gateway, boot), b in boots.items()
        ]

    def _one_by_one(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.handle([message])

    def _set_aside(self, message: Message, wrong: Exception) -> None:
        """A message that we cannot judge is our fault, not the gateway's: kept, counted, and out of its neighbours' way."""
        _log().error("ingest.set_aside", topic=message.topic, error=repr(wrong))
        self.counts.rejected(Why.UNJUDGED)
        place = wire.parse_topic(message.topic)
        with self.db.begin() as tx:
            site = place.site if place is not None and self.desks.get(tx.conn, place.site) else ""
            store.keep_reject(tx, site, message.topic, self.now(), Why.UNJUDGED, repr(wrong), message.payload)


def _log() -> Any:
    """The program's log, loaded when there is something to say: a scenario starts much quicker without it."""
    import structlog

    return structlog.get_logger()


def _keep_new(
    tx: Tx, site: str, mail: Mail, at: datetime, boots: dict[tuple[str, str], Boot], counts: Counts
) -> list[Heard]:
    """What we had not heard before, in order; garbled and re-used ids go to the rejects.

    What comes again comes in its old place, so ids are looked for only where `boots` has the place filled (or does not
    know the boot). An id that stands for something else in a new place is for the table's key to refuse.
    """
    for gateway, topic, garbled in mail.garbled:
        counts.rejected(garbled.why)
        where = topic or wire.topic(site, gateway, Channel.EVENTS)
        store.keep_reject(tx, site, where, at, garbled.why, garbled.detail, garbled.raw)
    doubtful = []
    for gateway, _, said in mail.said:
        boot = boots.get((gateway, said.event.boot))
        if boot is None or boot.has(said.event.seq):
            doubtful.append(said.event.id)
    seen = store.known(tx.conn, site, doubtful) if doubtful else {}
    new: list[Heard] = []
    for gateway, message, said in mail.said:
        event = said.event
        stands_for = (event.boot, event.seq, event.device, event.kind)
        if event.id not in seen:
            seen[event.id] = stands_for
            new.append(Heard(gateway, event, said.raw, message.retained, message.at))
        elif seen[event.id] == stands_for:
            counts.duplicates += 1
        else:
            counts.rejected(Why.ID_REUSED)
            where = wire.topic(site, gateway, Channel.EVENTS)
            store.keep_reject(tx, site, where, at, Why.ID_REUSED, f"id {event.id} stands for another event", said.raw)
    return new


def _due(boots: dict[tuple[str, str], Boot], stood: dict[tuple[str, str], int], at: datetime, gap_s: int) -> None:
    """A gap that stands still becomes a trouble after `gap_s`; every advance starts that span anew. `stood`: how far each
    boot was known before. What comes in above the gap does not fill it, and moves nothing.
    """
    for key, boot in boots.items():
        if not boot.ahead:
            boot.due_at, boot.gap_told = None, False
        elif boot.due_at is None or boot.through != stood[key]:
            boot.due_at, boot.gap_told = micros(at) + gap_s * 1_000_000, False


def _walked(tx: Tx, desk: Desk, at: datetime, new: Sequence[Heard]) -> list[PatrolRound]:
    """The rounds that the taps among these may count for."""
    told = [h for h in new if h.event.kind == taps.TAP]
    times = [(h.event.said_at, h.event.kept_at or h.at or at, h.at or at) for h in told]
    return rounds.tapped(tx.conn, desk.register.site_id, times) if times else []


def load_scene(
    tx: Tx, desk: Desk, at: datetime, new: Sequence[Heard] = (), also: Iterable[tuple[str, str]] = ()
) -> Scene:
    """Everything the judgement may look at, in four queries however long the batch. `also`: conditions that the caller
    may raise itself.
    """
    register = desk.register
    asked = frozenset(also)
    pairs: set[tuple[str, str]] = set(asked)
    whole: set[str] = set()
    for heard in new:
        event = heard.event
        meaning = desk.meanings.get((event.device, event.kind)) or desk.meaning(event.device, event.kind)
        if event.device == heard.gateway and meaning.device is None:
            pairs.update((f"gateway/{heard.gateway}", name) for name in (event.kind, *meaning.ended_by))
        elif meaning.device is None or meaning.device.gateway != heard.gateway:
            pairs.add((f"gateway/{heard.gateway}", "device.unknown"))
        elif meaning.kind.effect is Effect.CLEAR:
            whole.add(event.device)
            pairs.add((event.device, event.kind))
        elif meaning.kind.effect is not Effect.NOTE:
            pairs.add((event.device, event.kind))
            if meaning.ended_by:
                pairs.update((event.device, name) for name in meaning.ended_by)
    own = own_conditions(register)
    pairs.update(own)
    conditions = alert_store.conditions(tx.conn, register.site_id, pairs, whole)
    stepping = {
        cond.alert_id
        for (subject, name), cond in conditions.items()
        if cond.alert_id is not None
        and (
            subject in whole
            or cond.clear_said
            or cond.state in _MAY_STEP
            or name == "device.offline"
            or (subject, name) in own
            or (subject, name) in asked
        )
    }
    alerts = alert_store.some(tx.conn, register.site_id, stepping)
    held, _, _ = held_now(tx.conn, register, at)
    number, far = tx.heads[register.site_id].alert_no + 1, reach_store.unreached(tx.conn, register, held, at)
    return Scene(desk, at, held, conditions, alerts, number, frozenset(pairs), far)


_MAY_STEP = frozenset({State.CLEARED, State.SETTLING})


def _about_the_data(wrong: DBAPIError) -> bool:
    """The database refuses this data, rather than being away: trying the same again would only block the queue."""
    return isinstance(wrong, DataError | IntegrityError | ProgrammingError)
