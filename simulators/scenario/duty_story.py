"""Lines of the log about duty, in the words of `Happening`. No id is told: two runs of one night do not share them."""

from collections.abc import Mapping
from typing import Any, Final

from logbook.forms import CORRECTED, WRITTEN
from logbook.reviews import REVIEWED
from simulators.scenario.model import Happening

HANDOVER: Final[Mapping[str, str]] = {
    "open": "opened",
    "edit": "edited",
    "offer": "offered",
    "withdraw": "withdrawn",
    "find": "found",
    "explain": "explained",
    "confirm": "confirmed",
    "dispute": "disputed",
    "resolve": "resolved",
    "agree": "agreed",
    "lift": "lifted",
    "sign": "signed",
    "override": "overridden",
    "cancel": "cancelled",
}
SMALL: Final = frozenset(
    {"edited", "found", "explained", "confirmed"}
)  # done item by item: `nothing else` does not ask
ROSTER: Final[Mapping[str, str]] = {
    "make": "made",
    "edit": "reopened",
    "submit": "submitted",
    "approve": "approved",
    "send_back": "sent_back",
    "publish": "published",
    "supersede": "superseded",
    "withdraw": "withdrawn",
    "amend": "amended",
}
REQUEST: Final[Mapping[str, str]] = {
    "ask": "asked",
    "agree": "agreed",
    "approve": "approved",
    "arrange": "arranged",
    "call": "called",
    "refuse": "refused",
    "withdraw": "withdrawn",
    "lapse": "lapsed",
    "hear": "heard",
}
PRESENCE: Final[Mapping[str, str]] = {
    "ask": "asked",
    "extend": "extended",
    "answer": "answered",
    "witness": "witnessed",
    "miss": "missed",
    "late": "late",
    "void": "void",
}
AWAY: Final[Mapping[str, str]] = {
    "ask": "asked",
    "leave": "left",
    "accept": "accepted",
    "decline": "declined",
    "recall": "recalled",
    "overdue": "overdue",
    "return": "returned",
    "end": "ended",
}
ENTRY: Final[Mapping[str, str]] = {WRITTEN: "written", CORRECTED: "corrected"}
_MORE: Final = (
    *("overtime_s", "reason", "comment", "outgoing", "incoming", "expected", "version", "why"),
    *("person", "stand_in", "other", "override", "contact"),
)


def told(said: Any, by: tuple[str, ...], alerts: Mapping[str, str]) -> Happening | None:
    """The happening that a line is, None when it is about something else. `alerts`: the subject of each alert's id."""
    family, _, act = said.act.partition(".")
    data: Mapping[str, Any] = said.data
    if family == "handover":
        more = _more(data)
        if "item" in data:
            more["item"] = _item(data["item"], alerts)
        return Happening(said.at, "handover", (data["seat"],), HANDOVER[act], by, more)
    if family == "roster":
        return Happening(said.at, "roster", (data["month"],), ROSTER[act], by, _more(data))
    if family == "request":
        return Happening(said.at, "request", (data["kind"],), REQUEST[act], by, _more(data))
    if family in {"presence", "away"}:
        words = PRESENCE if family == "presence" else AWAY
        return Happening(said.at, family, (data["seat"],), words[act], by, _more(data))
    if said.act == "attendance.absent":
        return Happening(said.at, "duty", (data["seat"],), "absent", (data["person"],))
    if said.act in ENTRY:
        text = next((f["value"] for f in data["fields"] if f["id"] == "text"), "")
        more = {"late": data["late"], "text": text} | ({"reason": data["reason"]} if "reason" in data else {})
        return Happening(said.at, "entry", (data["form"]["id"],), ENTRY[said.act], by, more)
    if said.act == REVIEWED:
        return Happening(said.at, "review", (data["day"],), "signed", by, _more(data))
    return None


def _more(data: Mapping[str, Any]) -> dict[str, Any]:
    more = {key: data[key] for key in _MORE if data.get(key) not in {None, ""}}
    if "why" in more:
        more["why"] = more["why"].partition("/")[0]  # what asked for it, without its id
    return more


def _item(key: str, alerts: Mapping[str, str]) -> str:
    """An item by its name; one that was written freely has none."""
    kind, _, name = key.partition("/")
    return alerts.get(name, "") if kind == "alert" else "" if kind == "free" else name
