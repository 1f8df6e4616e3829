"""The life of a hand-over: one state field, one table, one function.

The outgoing person prepares and signs, the incoming one goes through it item by item and signs; only then does the seat
change hands (HND-03). Each act gives the hand-over after it and the line that the logbook will hold.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from duty.handover_errors import (
    ChecksOwed,
    ClockSetBack,
    ExplanationOwed,
    HandoverBlocked,
    HandoverDisputed,
    HandoverNotAllowed,
    ItemStays,
    ItemsUnconfirmed,
    NoSuchItem,
    NotIncoming,
    NotOutgoing,
    SamePerson,
    WordsOwed,
)
from duty.handover_packet import CHECKED, COUNTED, FREE, Item, Verdict, blocking, joint
from duty.handover_signatures import Mark, Signature, digest
from logbook.rules import Line
from sites.duty_policies import HandoverBlock


class HandoverState(StrEnum):
    """Where a hand-over stands."""

    OPEN = "open"  # the outgoing person prepares it
    OFFERED = "offered"  # the outgoing person has signed
    DISPUTED = "disputed"  # signed, but the incoming person disputes an item
    DONE = "done"  # both have signed
    CANCELLED = "cancelled"
    OVERRIDDEN = "overridden"  # a manager had the seat change hands without the signatures that were missing


class Act(StrEnum):
    """What can happen to a hand-over."""

    EDIT = "edit"
    OFFER = "offer"
    WITHDRAW = "withdraw"  # the outgoing person takes the signature back
    FIND = "find"  # the incoming person found something
    EXPLAIN = "explain"
    CONFIRM = "confirm"
    DISPUTE = "dispute"
    RESOLVE = "resolve"  # a supervisor decides an item
    AGREE = "agree"  # nothing is disputed any more
    TAG = "tag"  # it shows that a rule should change
    LIFT = "lift"  # a manager lets it pass in spite of unfinished work
    SIGN = "sign"
    OVERRIDE = "override"
    CANCEL = "cancel"


S, A = HandoverState, Act
NEXT: Final[Mapping[tuple[HandoverState, Act], HandoverState]] = {
    (S.OPEN, A.EDIT): S.OPEN,
    (S.OPEN, A.LIFT): S.OPEN,
    (S.OPEN, A.OFFER): S.OFFERED,
    (S.OFFERED, A.WITHDRAW): S.OPEN,
    (S.OFFERED, A.FIND): S.OFFERED,
    (S.OFFERED, A.EXPLAIN): S.OFFERED,
    (S.OFFERED, A.CONFIRM): S.OFFERED,
    (S.OFFERED, A.DISPUTE): S.DISPUTED,
    (S.OFFERED, A.LIFT): S.OFFERED,
    (S.OFFERED, A.SIGN): S.DONE,
    (S.DISPUTED, A.WITHDRAW): S.OPEN,
    (S.DISPUTED, A.FIND): S.DISPUTED,
    (S.DISPUTED, A.EXPLAIN): S.DISPUTED,
    (S.DISPUTED, A.CONFIRM): S.DISPUTED,
    (S.DISPUTED, A.DISPUTE): S.DISPUTED,
    (S.DISPUTED, A.RESOLVE): S.DISPUTED,
    (S.DISPUTED, A.LIFT): S.DISPUTED,
    (S.DISPUTED, A.AGREE): S.OFFERED,
    **{(s, A.TAG): s for s in (S.OPEN, S.OFFERED, S.DISPUTED)},
    **{(s, A.OVERRIDE): S.OVERRIDDEN for s in (S.OPEN, S.OFFERED, S.DISPUTED)},
    **{(s, A.CANCEL): S.CANCELLED for s in (S.OPEN, S.OFFERED, S.DISPUTED)},
}
LIVE: Final = frozenset({S.OPEN, S.OFFERED, S.DISPUTED})
PASSWORD: Final = Mark()
SLACK: Final = timedelta(seconds=2)  # what clocks of several servers may differ by: the later time is written


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """One seat from one person to the next. `expected`: who comes by roster; `since`: when the outgoing
    person took the seat; `joint`: alerts that both stay responsible for;
    `changed_at`: the last act's time, before which nothing more can happen.
    """

    site_id: str
    id: str
    seat: str
    state: HandoverState = HandoverState.OPEN
    version: int = 1
    outgoing: str
    incoming: str | None = None
    expected: str | None = None
    planned_end: datetime | None = None
    opened_at: datetime
    opened_by: str
    since: datetime | None = None
    offered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    reason: str = ""
    lifted_by: str | None = None
    lifted_for: str = ""
    items: tuple[Item, ...] = ()
    joint: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    changed_at: datetime | None = None

    @property
    def live(self) -> bool:
        """It has not ended."""
        return self.state in LIVE

    def overtime_s(self, at: datetime) -> int:
        """How long the outgoing person stayed after the planned end, until it was done or until now (HND-04)."""
        until = self.ended_at or at
        return 0 if self.planned_end is None else max(0, int((until - self.planned_end).total_seconds()))

    def not_before(self, at: datetime) -> datetime:
        """`at`, or the last act's time if that is later: times never go backwards."""
        return max(at, self.changed_at or self.opened_at)

    def back_s(self, at: datetime) -> int:
        """How far the clock was set back since the last act, beyond what clocks differ by; 0: it was not."""
        back = (self.changed_at or self.opened_at) - at
        return int(back.total_seconds()) if back > SLACK else 0


Stepped = tuple[Handover, list[Line]]


def step(
    h: Handover, act: Act, *, at: datetime, by: str, told: Mapping[str, Any] | None = None, **change: Any
) -> Stepped:
    """The hand-over after `act`, with its line. Raises `HandoverNotAllowed` when the table has no such edge."""
    try:
        state = NEXT[h.state, act]
    except KeyError:
        raise HandoverNotAllowed(state=h.state, act=act) from None
    at, back = h.not_before(at), h.back_s(at)
    after = msgspec.structs.replace(h, state=state, version=h.version + 1, changed_at=at, **change)
    said = {"seat": h.seat, "from": h.state, "to": state, **({"clock_back_s": back} if back else {}), **(told or {})}
    return after, [Line(at, f"handover.{act}", by, f"handover/{h.id}", said)]


def ask_clock(h: Handover, at: datetime) -> None:
    """Refuse to go on with a clock that was set back; a manager may still end it, and the line says by how much."""
    if h.back_s(at):
        raise ClockSetBack(last=h.changed_at or h.opened_at, now=at)


def opened(h: Handover) -> Line:
    """The line of a hand-over that was just made."""
    told = {"seat": h.seat, "to": h.state, "outgoing": h.outgoing, "expected": h.expected, "items": len(h.items)}
    return Line(h.opened_at, "handover.open", h.opened_by, f"handover/{h.id}", told)


# -- the outgoing person


def edit(h: Handover, key: str, *, by: str, at: datetime, **said: Any) -> Stepped:
    """Count, check or explain an item: any of `counted`, `fine`, `explanation`, and of free items `text`."""
    _outgoing(h, by)
    item = _item(h, key)
    said = {k: v for k, v in said.items() if v is not None}
    if ("counted" in said and item.kind not in COUNTED) or ("fine" in said and item.kind not in CHECKED):
        raise NoSuchItem(field=next(iter(said)), key=key)
    if "text" in said and item.live:
        raise ItemStays(field="text", key=key)
    return step(h, A.EDIT, at=at, by=by, told={"item": key, **said}, items=_with(h, item, **said))


def add(h: Handover, item: Item, *, by: str, at: datetime) -> Stepped:
    """Write something more into it: the outgoing person anything, the incoming one what they found (HND-10)."""
    if item.kind not in FREE:
        raise NoSuchItem(field="kind")
    if not item.text:
        raise WordsOwed(field="text")
    told = {"item": item.key, "kind": item.kind, "text": item.text, "explanation": item.explanation}
    if h.state is S.OPEN:
        _outgoing(h, by)
        return step(h, A.EDIT, at=at, by=by, told=told, items=(*h.items, item))
    _incoming(h, by)
    found = msgspec.structs.replace(item, explanation="")
    return step(h, A.FIND, at=at, by=by, told={**told, "explanation": ""}, items=(*h.items, found), incoming=by)


def remove(h: Handover, key: str, *, by: str, at: datetime) -> Stepped:
    """Take out what was written freely; what the site's data or its checklist says stays (HND-05)."""
    _outgoing(h, by)
    item = _item(h, key)
    if item.live or item.listed:
        raise ItemStays(field="key", key=key)
    left = tuple(i for i in h.items if i.key != key)
    return step(h, A.EDIT, at=at, by=by, told={"item": key, "removed": item.text}, items=left)


def offer(h: Handover, *, by: str, at: datetime, policy: HandoverBlock, mark: Mark = PASSWORD) -> Stepped:
    """Sign as the outgoing person: everything is counted, checked and explained, nothing important is left lying."""
    _outgoing(h, by)
    _edge(h, A.OFFER)
    owed = [i.key for i in h.items if i.owed]
    if owed:
        raise ChecksOwed(field="items", items=owed)
    _explained(h)
    _unblocked(h, policy)
    at = h.not_before(at)
    before_end = None if h.planned_end is None else int((h.planned_end - at).total_seconds())
    signature, told = _signed(h, A.OFFER, by, at, mark)
    told |= {"before_end_s": before_end, "differs": [i.key for i in h.items if i.differs]}
    return step(h, A.OFFER, at=at, by=by, told=told, offered_at=at, signatures=(signature,))


def withdraw(h: Handover, *, by: str, at: datetime) -> Stepped:
    """Take the signature back to change something; the incoming person looks through it again."""
    _outgoing(h, by)
    clean = tuple(msgspec.structs.replace(i, verdict=None, resolution="") for i in h.items)
    return step(h, A.WITHDRAW, at=at, by=by, offered_at=None, items=clean, signatures=())


def explain(h: Handover, key: str, words: str, *, by: str, at: datetime) -> Stepped:
    """Answer what the incoming person found or disputes."""
    _outgoing(h, by)
    item, words = _item(h, key), _words(words, "explanation")
    field = "answer" if item.verdict is Verdict.DISPUTED else "explanation"
    return step(h, A.EXPLAIN, at=at, by=by, told={"item": key, field: words}, items=_with(h, item, **{field: words}))


# -- the incoming person


def confirm(h: Handover, key: str, comment: str, *, by: str, at: datetime, follow_up: bool = False) -> Stepped:
    """Say that an item is so. Of a disputed one: both agree, which needs the outgoing person's answer (HND-11).

    `follow_up`: it stays to be seen to, and comes up again at the next hand-over of the seat (HND-09).
    """
    _incoming(h, by)
    item = _item(h, key)
    if item.verdict is Verdict.DISPUTED and not item.answer:
        raise ExplanationOwed(field="key", items=[key])
    said = comment.strip() or item.comment
    items = _with(h, item, verdict=Verdict.CONFIRMED, comment=said, follow_up=follow_up)
    told = {"item": key, "comment": comment.strip()} | ({"follow_up": True} if follow_up else {})
    return _agreed(*step(h, A.CONFIRM, at=at, by=by, told=told, items=items, incoming=by), at=at, by=by)


def dispute(h: Handover, key: str, comment: str, *, by: str, at: datetime) -> Stepped:
    """Say that an item is not so, and why."""
    _incoming(h, by)
    item, comment = _item(h, key), _words(comment, "comment")
    items = _with(h, item, verdict=Verdict.DISPUTED, comment=comment, answer="", resolution="")
    return step(h, A.DISPUTE, at=at, by=by, told={"item": key, "comment": comment}, items=items, incoming=by)


def sign(h: Handover, *, by: str, at: datetime, policy: HandoverBlock, mark: Mark = PASSWORD) -> Stepped:
    """Sign as the incoming person: from here on the seat is theirs."""
    _incoming(h, by)
    if h.state is S.DISPUTED:
        raise HandoverDisputed(items=[i.key for i in h.items if i.verdict is Verdict.DISPUTED])
    _edge(h, A.SIGN)
    open_ = [i.key for i in h.items if i.unconfirmed]
    if open_:
        raise ItemsUnconfirmed(field="items", items=open_)
    _explained(h)
    _unblocked(h, policy)
    at, both = h.not_before(at), joint(h.items, policy)
    signature, how = _signed(h, A.SIGN, by, at, mark)
    told = {"outgoing": h.outgoing, "incoming": by, "overtime_s": h.overtime_s(at), "joint": list(both), **how}
    ended = {"ended_at": at, "ended_by": by, "joint": both, "signatures": (*h.signatures, signature)}
    return step(h, A.SIGN, at=at, by=by, told=told, incoming=by, **ended)


# -- those above


def resolve(h: Handover, key: str, reason: str, *, by: str, at: datetime) -> Stepped:
    """A supervisor, neither of the two, decides a disputed item (HND-11)."""
    _third(h, by)
    _edge(h, A.RESOLVE)
    item, reason = _item(h, key), _words(reason, "reason")
    if item.verdict is not Verdict.DISPUTED:
        raise HandoverNotAllowed(state=h.state, act=A.RESOLVE, key=key)
    items = _with(h, item, verdict=Verdict.CONFIRMED, resolution=reason)
    return _agreed(*step(h, A.RESOLVE, at=at, by=by, told={"item": key, "reason": reason}, items=items), at=at, by=by)


def lift(h: Handover, reason: str, *, by: str, at: datetime) -> Stepped:
    """A manager lets it pass in spite of unfinished work, with a reason (HND-08)."""
    _third(h, by)
    reason = _words(reason, "reason")
    return step(h, A.LIFT, at=at, by=by, told={"reason": reason}, lifted_by=by, lifted_for=reason)


def override(h: Handover, incoming: str, reason: str, *, by: str, at: datetime) -> Stepped:
    """A manager has the seat change hands without the signatures that are missing; what was open stays written down."""
    if incoming == h.outgoing:
        raise SamePerson(field="incoming")
    _third(msgspec.structs.replace(h, incoming=incoming), by)
    reason = _words(reason, "reason")
    left = [i.key for i in h.items if i.owed or i.unexplained or i.unconfirmed or i.verdict is Verdict.DISPUTED]
    told = {
        "reason": reason,
        "outgoing": h.outgoing,
        "incoming": incoming,
        "left": left,
        "overtime_s": h.overtime_s(at),
    }
    end = h.not_before(at)
    return step(h, A.OVERRIDE, at=at, by=by, told=told, incoming=incoming, reason=reason, ended_at=end, ended_by=by)


def cancel(h: Handover, reason: str, *, by: str, at: datetime) -> Stepped:
    """End it without the seat changing hands."""
    end = h.not_before(at)
    return step(h, A.CANCEL, at=at, by=by, told={"reason": reason}, reason=reason, ended_at=end, ended_by=by)


def _signed(h: Handover, act: Act, by: str, at: datetime, mark: Mark) -> tuple[Signature, dict[str, Any]]:
    signature = Signature(by=by, at=at, act=act, how=mark.how, digest=digest(h, act, by))
    told = {"how": mark.how, "digest": signature.digest}
    return signature, told | ({"evidence": dict(mark.evidence)} if mark.evidence else {})


def tag(h: Handover, key: str, words: str, *, by: str, at: datetime) -> Stepped:
    """Mark an item as something the site's rules should be looked at for, and say why; for anybody who may see to it."""
    item, words = _item(h, key), _words(words, "words")
    return step(h, A.TAG, at=at, by=by, told={"item": key, "words": words}, items=_with(h, item, review=words))


def _agreed(h: Handover, lines: list[Line], *, at: datetime, by: str) -> Stepped:
    if h.state is not S.DISPUTED or any(i.verdict is Verdict.DISPUTED for i in h.items):
        return h, lines
    after, more = step(h, A.AGREE, at=at, by=by)
    return after, lines + more


def _outgoing(h: Handover, by: str) -> None:
    if by != h.outgoing:
        raise NotOutgoing(outgoing=h.outgoing)


def _incoming(h: Handover, by: str) -> None:
    if by == h.outgoing:
        raise SamePerson
    if h.incoming is not None and h.incoming != by:
        raise NotIncoming(incoming=h.incoming)


def _third(h: Handover, by: str) -> None:
    if by in {h.outgoing, h.incoming}:
        raise SamePerson


def _edge(h: Handover, act: Act) -> None:
    if (h.state, act) not in NEXT:
        raise HandoverNotAllowed(state=h.state, act=act)


def _explained(h: Handover) -> None:
    owed = [i.key for i in h.items if i.unexplained]
    if owed:
        raise ExplanationOwed(field="items", items=owed)


def _unblocked(h: Handover, policy: HandoverBlock) -> None:
    stuck = blocking(h.items, policy)
    if stuck and h.lifted_by is None:
        raise HandoverBlocked(items=[i.key for i in stuck], mode=policy.mode)


def _item(h: Handover, key: str) -> Item:
    for item in h.items:
        if item.key == key:
            return item
    raise NoSuchItem(field="key", key=key)


def _with(h: Handover, item: Item, **change: Any) -> tuple[Item, ...]:
    after = msgspec.structs.replace(item, **change)
    return tuple(after if i.key == item.key else i for i in h.items)


def _words(text: str, field: str) -> str:
    if not text.strip():
        raise WordsOwed(field=field)
    return text.strip()
