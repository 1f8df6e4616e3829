"""Order (I10): a gateway's words count in the order in which they were said, whatever the way here did to them; old news
is marked as such.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from core.kinds import Effect, Ends, kind_of
from simulators.hunter.kept import Kept
from simulators.hunter.record import Record

Found = Iterator[tuple[int | None, str]]

TEST: Final = 1
HISTORY: Final = 2
RETAINED: Final = 4
UNKNOWN: Final = 8
LATE: Final = 32


class _Words(msgspec.Struct):
    test: bool = False
    history: bool = False
    data: dict[str, Any] = {}


_words = msgspec.json.Decoder(_Words).decode


def order(record: Record, kept: Kept) -> Found:
    """I10: flags tell the truth, and every condition ends as its device last said."""
    newest: dict[tuple[str, str, str], int] = {}
    for e in kept.events:
        if e["gateway_id"] == "":
            continue
        words, when = _words(bytes(e["raw"])), record.true_of_event(e["place"])
        unknown = _unknown(record, e)
        for bit, name, true in (
            (TEST, "test", words.test),
            (HISTORY, "history", words.history),
            (RETAINED, "retained", e["id"] in record.retained),
            (UNKNOWN, "unknown", unknown),
        ):
            if bool(e["flags"] & bit) != true:
                yield when, f"event {e['id']} ({e['device_id']} {e['kind']}) is {'' if true else 'not '}{name}"
        if unknown or words.test or kind_of(e["kind"]).effect not in {Effect.RAISE, Effect.PULSE}:
            continue
        key = e["device_id"], e["kind"], e["boot"]
        if e["seq"] < newest.get(key, 0) and not e["flags"] & LATE and _one_boot(kept, key):
            yield when, f"event {e['id']} ({e['device_id']} {e['kind']} {e['seq']}) came late and is not marked"
        newest[key] = max(e["seq"], newest.get(key, 0))
    yield from _last_words(record, kept)


def _unknown(record: Record, e: dict[str, Any]) -> bool:
    device = record.register.devices.get(e["device_id"])
    return bool(e["device_id"] != e["gateway_id"] if device is None else device.gateway != e["gateway_id"])


def _one_boot(kept: Kept, key: tuple[str, str, str]) -> bool:
    return all(e["boot"] == key[2] for e in kept.events if (e["device_id"], e["kind"]) == key[:2])


def _last_words(record: Record, kept: Kept) -> Found:
    """What a device said last, by its gateway's own order, is what we believe now."""
    spoken: dict[str, list[tuple[str, int, str, dict[str, Any]]]] = {}
    for e in kept.events:
        words = _words(bytes(e["raw"]))
        if e["gateway_id"] and not _unknown(record, e) and not words.test:
            spoken.setdefault(e["device_id"], []).append((e["boot"], e["seq"], e["kind"], words.data))
    voices = {s.boot for sents in record.sent.values() for s in sents if not s.spooled}
    active = {(c["subject"], c["name"]): bool(c["active"]) for c in kept.conditions}
    for device, said in spoken.items():
        if voices.isdisjoint(boot for boot, *_ in said):
            yield from _believed(device, sorted(said, key=lambda s: s[:2]), active)


def _believed(
    device: str, said: list[tuple[str, int, str, dict[str, Any]]], active: dict[tuple[str, str], bool]
) -> Found:
    true: dict[str, bool] = {}
    for _, _, name, data in said:
        kind = kind_of(name)
        if kind.effect is Effect.RAISE:
            true[name] = True
        elif kind.effect is Effect.CLEAR:
            only = data.get("of")
            true |= {n: False for n in true if n.startswith(kind.clears) and only in {None, n}}
    for name, is_on in true.items():
        if kind_of(name).ends in {Ends.DEVICE, Ends.BOTH} and active.get((device, name), False) != is_on:
            yield None, f"{device} last said that {name} is {'on' if is_on else 'over'}; we believe the opposite"
