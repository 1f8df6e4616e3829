"""The load: 256-byte events of 400 devices, of which one in five opens a new condition and the rest repeat open ones.

They go out one by one, or packed as our gateway packs what waits.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

import msgspec

from core.ids import derived
from core.kinds import Effect, Ends, Kind, Klass
from core.wire import Event
from gateway.order import Order, Tier, Waiting
from sites.register import (
    Device,
    Gateway,
    Ladder,
    Person,
    Policies,
    Post,
    Register,
    Role,
    Rota,
    Route,
    Rung,
    Seat,
    ShiftTemplate,
    Words,
    Zone,
)

SITE, GATEWAY = "bench", "gw-1"
DEVICES = 400
NEW_EVERY = 5
BYTES = 256
WHO = Words("甲", "A")


def register(kinds: int = 80) -> Register:
    """A site whose devices can have `kinds` different things wrong with them."""
    names = [f"bench.k{i:02}" for i in range(kinds)]
    return Register(
        site_id=SITE,
        name=Words("测试", "Bench"),
        time_zone="Asia/Shanghai",
        version=0,
        zones={"z": Zone("z", WHO, "site")},
        plans={},
        gateways={GATEWAY: Gateway(GATEWAY, WHO, supervision_s=3600)},
        devices={f"d{i:03}": Device(f"d{i:03}", WHO, "smoke", "z", GATEWAY) for i in range(DEVICES)},
        checkpoints={},
        posts={"centre": Post("centre", WHO)},
        seats={"centre": Seat("centre", "centre", WHO)},
        people={"p": Person("p", WHO, "bench-p", (Role.OPERATOR,))},
        ladders={"l": Ladder("l", (Rung(0, "seat:centre"), Rung(3600, "seat:centre")), 3600)},
        routes=(Route("l", "centre"),),
        templates={"d": ShiftTemplate("d", WHO, time(0), time(0))},
        rotas=(Rota("centre", "2026-01-01", ({"d": "p"},)),),
        externals=(),
        policies=Policies(
            kinds={n: Kind(n, Klass.ALARM, Effect.RAISE, 2, Ends.DEVICE, 90) for n in names},
        ),
    )


def events(count: int, seed: int = 7, boot: str = "01a00000-0000-7000-8000-000000000001") -> Iterator[bytes]:
    """`count` events in the order of one gateway; the same seed gives the same bytes but for nothing."""
    chance = random.Random(seed)
    fresh_pairs = [(f"d{d:03}", f"bench.k{k:02}") for k in range(80) for d in range(DEVICES)]
    opened = 0
    now_wrong: dict[str, str] = {}  # what each device says again and again: its newest condition
    at = datetime(2026, 11, 1, tzinfo=UTC)
    for seq in range(1, count + 1):
        if not now_wrong or seq % NEW_EVERY == 0:
            pair = fresh_pairs[opened]
            now_wrong[pair[0]] = pair[1]
            opened += 1
        else:
            device = f"d{chance.randrange(len(now_wrong)):03}"
            pair = (device, now_wrong[device])
        body = {
            "id": derived(
                at + timedelta(microseconds=seq * 60), boot, str(seq)
            ),  # as time-ordered as at 16,000 a second
            "boot": boot,
            "seq": seq,
            "device": pair[0],
            "kind": pair[1],
            "said_at": "2026-11-01T00:00:00+08:00",
            "data": {"pad": ""},
        }
        short = BYTES - len(msgspec.json.encode(body))
        body["data"] = {"pad": "x" * max(0, short)}
        yield msgspec.json.encode(body)


def packed(payloads: Sequence[bytes]) -> list[bytes]:
    """The messages in which the gateway sends these events when they all wait: its own order cuts them into arrays."""
    order = Order()
    for n, payload in enumerate(payloads):
        event = msgspec.json.decode(payload, type=Event)
        order.add([Waiting(n, event.boot, event.seq, event.device, True, 0, len(payload))])
    made = []
    while parcel := order.take(Tier.LIVE, 0):
        made.append(b"[" + b",".join([payloads[row.n] for row in parcel.rows]) + b"]")
    return made
