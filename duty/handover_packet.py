"""What is handed over with a seat, item by item. Values in, values out.

Items of the kinds that we see ourselves (`live`) are made anew from the site's data whenever the packet is looked at; what
people said of them stays. Neither they nor the lines of the seat's checklist can be taken out (HND-05).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from sites.duty_policies import BlockMode, HandoverBlock


class HandoverKind(StrEnum):
    """What an item is."""

    ALERT_OPEN = "alert_open"  # rings: nobody has answered it
    ALERT_ACKED = "alert_acked"  # in somebody's custody
    DEVICE_SILENT = "device_silent"
    GATEWAY_AWAY = "gateway_away"
    POINT_MISSED = "point_missed"
    EQUIPMENT_DUE = "equipment_due"
    EQUIPMENT_FAILED = "equipment_failed"
    PRE_CHECK = "pre_check"  # of those that the shift began with: left open, or not in order
    OVERLAY = "overlay"
    NOTE = "note"
    CHECK = "check"
    ITEM = "item"
    KEY = "key"
    ANOMALY = "anomaly"
    TEXT = "text"
    FOLLOW_UP = "follow_up"  # the last hand-over left it to be seen to


COUNTED: Final = frozenset({HandoverKind.ITEM, HandoverKind.KEY})
CHECKED: Final = frozenset({HandoverKind.CHECK, HandoverKind.FOLLOW_UP})
FREE: Final = frozenset({HandoverKind.TEXT, HandoverKind.NOTE, HandoverKind.ANOMALY})
_ALERTS: Final = frozenset({HandoverKind.ALERT_OPEN, HandoverKind.ALERT_ACKED})


class Verdict(StrEnum):
    """What the incoming person said of an item."""

    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item. `explanation` is the outgoing person's word, `comment` the incoming one's; `answer` is the outgoing person's to a
    dispute, `resolution` a supervisor's.

    `live`: made from the site's data; `listed`: stands on the seat's checklist, or was left by the last hand-over; `over`:
    it ended before the hand-over did; `last`: what was counted at the last one; `follow_up`: the next shift is to see to it;
    `review`: what it says about the site's own rules (HND-18).
    """

    key: str
    kind: HandoverKind
    text: str = ""
    data: Mapping[str, Any] = {}
    live: bool = False
    listed: bool = False
    mandatory: bool = False
    expected: int | None = None
    counted: int | None = None
    fine: bool | None = None
    explanation: str = ""
    verdict: Verdict | None = None
    comment: str = ""
    answer: str = ""
    resolution: str = ""
    over: bool = False
    last: int | None = None
    follow_up: bool = False
    review: str = ""

    @property
    def differs(self) -> bool:
        """Whether there are more or fewer than the last hand-over counted."""
        return None not in (self.counted, self.last) and self.counted != self.last

    @property
    def owed(self) -> bool:
        """Whether the outgoing person has yet to count it or to see to it (HND-15)."""
        if not self.mandatory:
            return False
        if self.kind in COUNTED:
            return self.counted is None
        return self.fine is None if self.kind in CHECKED else not self.text and not self.explanation

    @property
    def unexplained(self) -> bool:
        """Whether something is wrong that nobody has explained (HND-06, HND-10)."""
        due = self.last if self.expected is None else self.expected
        short = self.counted is not None and due is not None and self.counted != due
        return (short or self.fine is False or self.kind is HandoverKind.ANOMALY) and not self.explanation

    @property
    def unconfirmed(self) -> bool:
        """Whether the incoming person has yet to say something of it (HND-09)."""
        return self.verdict is None and not self.over


def carried(ended: Iterable[Item]) -> list[Item]:
    """What a hand-over leaves to the next one: what its incoming person wanted followed up, and what still is not done."""
    left = [i for i in ended if i.follow_up or (i.kind is HandoverKind.FOLLOW_UP and i.fine is False)]
    return [
        Item(
            key=i.key if i.kind is HandoverKind.FOLLOW_UP else f"follow/{i.key}",
            kind=HandoverKind.FOLLOW_UP,
            text=i.text,
            data=i.data if i.kind is HandoverKind.FOLLOW_UP else {**i.data, "of": i.kind.value, "said": i.comment},
            listed=True,
            mandatory=True,
        )
        for i in left
    ]


def refreshed(items: Iterable[Item], live: Iterable[Item]) -> tuple[Item, ...]:
    """The packet with what is true now. What ended stays, marked; what became another thing must be confirmed anew."""
    now = {item.key: item for item in live}
    made = []
    for item in items:
        found = now.pop(item.key, None)
        if not item.live:
            made.append(item)
        elif found is None:
            made.append(msgspec.structs.replace(item, over=True))
        else:
            same = found.kind is item.kind and not item.over
            kept = {} if same else {"verdict": None, "resolution": ""}
            made.append(
                msgspec.structs.replace(item, kind=found.kind, text=found.text, data=found.data, over=False, **kept)
            )
    return (*made, *now.values())


def blocking(items: Iterable[Item], policy: HandoverBlock) -> list[Item]:
    """The important unfinished work that stands in the way (HND-08)."""
    if policy.mode not in {BlockMode.STRICT, BlockMode.LENIENT}:
        return []
    return [
        i for i in _important(items, policy) if policy.mode is BlockMode.STRICT or i.kind is HandoverKind.ALERT_OPEN
    ]


def joint(items: Iterable[Item], policy: HandoverBlock) -> tuple[str, ...]:
    """The alerts, by id, for which both people stay responsible (HND-16)."""
    if policy.mode is not BlockMode.JOINT:
        return ()
    return tuple(i.key.removeprefix("alert/") for i in _important(items, policy))


def _important(items: Iterable[Item], policy: HandoverBlock) -> list[Item]:
    return [i for i in items if i.kind in _ALERTS and not i.over and i.data["priority"] in policy.priorities]
