"""The path, top to bottom: decode, keep new, load scene, judge, commit; the caller acknowledges what has ended.

It runs in the thread that reads the broker, because a hop to another thread costs half the rate. A batch is one
transaction; while it is being committed, the next one is read and decoded. If the store is away the error goes up, nothing
is acknowledged, and the broker delivers again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from core import wire
from core.clock import Clock, micros
from core.wire import Channel, Garbled, Sample, Why
from ingest import majors, proofs, rounds, store, taps, urgent
from ingest.batches import Message
from ingest.commit import commit, hand_over
from ingest.counts import Counts
from ingest.desks import Desks
from ingest.gateways import behind, hear_status
from ingest.loading import load_scene
from ingest.mail import Letters, Mail, first_heard, last_heard, positions, sort
from ingest.memory import Memory
from ingest.rules import Changes, Judgement
from ingest.scene import Boot, Desk, Heard, Scene
from patrol.rounds import PatrolRound
from store.db import Head, Store, Tx, commit_soon, take_heads
from store.telemetry import Telemetry

Publish = Callable[[str, bytes], None]
PIECE = 100  # events that are judged before the store is given them


class Flow:
    """Takes batches of deliveries to their commit. `publish` sends receipts; it must not block."""

    def __init__(self, db: Store, desks: Desks, telemetry: Telemetry, now: Clock, publish: Publish) -> None:
        self.db = db
        self.desks = desks
        self.telemetry = telemetry
        self.now = now
        self.publish = publish
        self.counts = Counts()
        self._memories: dict[str, Memory] = {}

    def handle(self, messages: Sequence[Message]) -> None:
        """Take one batch to its commit. Raises only when the store does; one bad message never takes its neighbours along."""
        sent = self.begin(messages)
        if sent is not None:
            sent.end()

    def begin(self, messages: Sequence[Message], former: Callable[[], None] = lambda: None) -> "Sent | None":
        """`handle` without waiting for the commit, where the database can be sent one; see `Handler`."""
        letters = None
        with suppress(Exception):  # it comes again below, where it is seen to
            letters = sort(messages)
        former()
        with self.seeing_to(messages):
            return self._send(messages, letters or sort(messages))
        return None

    @contextmanager
    def seeing_to(self, messages: Sequence[Message], *, doubted: bool = False) -> Iterator[None]:
        """What goes wrong with a batch inside: only what keeps the store from taking anything goes up."""
        try:
            yield
        except IntegrityError as wrong:  # an id that stands for something else already, most likely
            if doubted:
                self._apart(messages, wrong)
                return
            with self.seeing_to(messages, doubted=True):
                sent = self._send(messages, sort(messages), doubt=True)
                if sent is not None:
                    sent.confirm()
        except DBAPIError as wrong:
            if wrong.connection_invalidated or not isinstance(wrong, DataError | ProgrammingError):
                raise  # the database is away: trying the same again would only block the queue
            self._apart(messages, wrong)
        except Exception as wrong:  # noqa: BLE001 - it is said, and each message then tried alone
            _log().exception("ingest.unjudged", messages=len(messages))
            self._apart(messages, wrong)

    def _apart(self, messages: Sequence[Message], wrong: Exception) -> None:
        """Each message alone; one that is alone already is set aside: our fault, not the gateway's."""
        if len(messages) > 1:
            for message in messages:
                self.handle([message])
        else:
            self._set_aside(messages[0], wrong)

    def _send(self, messages: Sequence[Message], letters: Letters, *, doubt: bool = False) -> "Sent | None":
        """One transaction. `doubt`: look every id up, not only those whose place in their gateway's order was filled."""
        at = self.now()
        mails, lost = letters
        owed = Owed(at)
        with ExitStack() as opened:
            tx = opened.enter_context(self.db.begin())
            known = self._open(tx, mails, list(lost), at, owed.counts)
            for site, desk in known.items():
                self._site(tx, desk, mails[site], at, owed, doubt=doubt)
            answer = commit_soon(tx)
            sent = Sent(self, messages, opened.pop_all(), answer, owed)
        if answer is not None:
            return sent
        sent.confirm()
        return None

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

    def _site(self, tx: Tx, desk: Desk, mail: Mail, at: datetime, owed: "Owed", *, doubt: bool) -> None:
        """One site's part: keep new, load, judge, commit."""
        site, counts = desk.register.site_id, owed.counts
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
            memory = self._memories.setdefault(site, Memory())
            scene = load_scene(tx, desk, at, new, asked, memory)
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
            owed.judged.append((memory, tx.heads[site], scene, judgement.changes))
        if boots:
            _due(boots, stood, at, desk.register.policies.gateway_gap_s)
            store.save_boots(tx, site, at, boots)
            store.gateways_heard(tx, site, last_heard(mail, boots, at))
        owed.receipts += [
            (wire.topic(site, gateway, Channel.RECEIPT), wire.encode(wire.Receipt(boot, b.through)))
            for (gateway, boot), b in boots.items()
        ]
        if mail.samples:
            owed.samples[site] = mail.samples

    def _set_aside(self, message: Message, wrong: Exception) -> None:
        """A message that we cannot judge: kept, counted, and out of its neighbours' way."""
        _log().error("ingest.set_aside", topic=message.topic, error=repr(wrong))
        self.counts.rejected(Why.UNJUDGED)
        place = wire.parse_topic(message.topic)
        with self.db.begin() as tx:
            site = place.site if place is not None and self.desks.get(tx.conn, place.site) else ""
            store.keep_reject(tx, site, message.topic, self.now(), Why.UNJUDGED, repr(wrong), message.payload)


@dataclass(slots=True)
class Owed:
    """What is told, counted and remembered of a batch once it is committed."""

    at: datetime
    counts: Counts = field(default_factory=Counts)
    receipts: list[tuple[str, bytes]] = field(default_factory=list)
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    judged: list[tuple[Memory, Head, Scene, Changes]] = field(default_factory=list)


@dataclass(slots=True)
class Sent:
    """A batch whose rows the store has been given. Closing `opened` waits for its commit; `answer` becomes readable with it."""

    flow: Flow
    messages: Sequence[Message]
    opened: ExitStack
    answer: int | None
    owed: Owed

    def fileno(self) -> int:
        """See `UnderWay`."""
        return -1 if self.answer is None else self.answer

    def end(self) -> None:
        """See `UnderWay`."""
        with self.flow.seeing_to(self.messages):
            self.confirm()

    def confirm(self) -> None:
        """Wait for the commit, and only then do what is owed."""
        self.opened.close()
        flow, owed = self.flow, self.owed
        flow.counts.add(owed.counts)
        for memory, head, scene, changes in owed.judged:
            memory.keep(head, scene, changes)
        for place, receipt in owed.receipts:
            flow.publish(place, receipt)
        for site, samples in owed.samples.items():
            flow.telemetry.write(site, samples, owed.at)


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
