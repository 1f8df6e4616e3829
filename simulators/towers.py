"""A made-up estate of any size: towers of twenty-five floors, twenty devices a floor, one gateway, a handful of people.

Everything follows from the number of devices alone, so that a pack written today fits a crowd that speaks tomorrow; a
smaller estate is the beginning of a larger one.
"""

from collections.abc import Iterator
from datetime import time
from typing import Any, Final

from simulators.sayings import dice
from sites.register import (
    Checkpoint,
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

SITE: Final = "population"
GATEWAY: Final = "gw-1"
MOST: Final = 25_000  # more would not fit into one pack: a file may hold 500,000 values
FLOORS: Final = 25
DAY_S: Final = 90_000  # battery devices and loop points report daily: 25 h (standards §0)
MAINS_S: Final = 600

# A floor's devices, and those of a tower's entrance hall: (model, how many).
_UPPER: Final = {
    "smoke": 9,
    "resident_call": 2,
    "leak_rope": 2,
    "reader": 2,
    "door": 1,
    "heat": 1,
    "manual_call": 1,
    "waterflow": 1,
    "temperature": 1,
}
_HALL: Final = {
    "smoke": 5,
    "door": 3,
    "reader": 3,
    "lift": 2,
    "fire_panel": 1,
    "manual_call": 1,
    "panic": 1,
    "power": 1,
    "level": 1,
    "valve": 1,
    "handheld": 1,
}
_LETTER: Final = {
    "smoke": "S",
    "heat": "H",
    "manual_call": "M",
    "waterflow": "W",
    "valve": "V",
    "fire_panel": "F",
    "leak_rope": "L",
    "level": "T",
    "door": "D",
    "reader": "R",
    "panic": "P",
    "resident_call": "C",
    "handheld": "G",
    "power": "U",
    "temperature": "K",
    "lift": "E",
}
_ZH: Final = {
    "smoke": "烟感",
    "heat": "温感",
    "manual_call": "手报",
    "waterflow": "水流指示器",
    "valve": "信号阀",
    "fire_panel": "消防主机",
    "leak_rope": "漏水绳",
    "level": "液位",
    "door": "门禁",
    "reader": "读卡器",
    "panic": "紧急按钮",
    "resident_call": "住户呼叫",
    "handheld": "巡更手持机",
    "power": "电源",
    "temperature": "温度",
    "lift": "电梯",
}
_DAILY: Final = frozenset({"smoke", "heat", "manual_call", "waterflow", "valve", "leak_rope", "resident_call", "panic"})


def estate(devices: int) -> Register:
    """The register of an estate of that many devices. The same number makes the same estate."""
    if not 1 <= devices <= MOST:
        raise ValueError(f"{devices} devices; from 1 to {MOST}")
    places = list(_devices(devices))
    floors = dict.fromkeys(d.zone for d in places)
    towers = dict.fromkeys(f.partition("-")[0] for f in floors)
    zones = [Zone("estate", Words("仿真小区", "Simulated estate"), "site")]
    zones += [Zone(t, Words(f"{t[1:]}座", f"Tower {t[1:]}"), "building", "estate") for t in towers]
    zones += [Zone(f, _floor(f), "floor", f.partition("-")[0]) for f in floors]
    points = [Checkpoint(f"CP-{f}", _floor(f), f, (_tag(f),)) for f in floors]
    return Register(
        site_id=SITE,
        name=Words("仿真小区", "Simulated estate"),
        time_zone="Asia/Shanghai",
        version=0,
        zones={z.id: z for z in zones},
        plans={},
        gateways={GATEWAY: Gateway(GATEWAY, Words("一号网关", "Gateway 1"))},
        devices={d.id: d for d in places},
        checkpoints={c.id: c for c in points},
        policies=Policies(),
        externals=(),
        **_house(),
    )


def _devices(count: int) -> Iterator[Device]:
    made = 0
    for n in range(count):
        tower, floor = divmod(n, FLOORS)
        zone = f"t{tower + 1:02}-f{floor + 1:02}"
        for model, many in (_UPPER if floor else _HALL).items():
            for k in range(1, many + 1):
                if made == count:
                    return
                made += 1
                name = f"{tower + 1:02}{floor + 1:02}-{_LETTER[model]}{k:02}"
                where = _floor(zone)
                words = Words(f"{where.zh}{_ZH[model]}{k}", f"{where.en} {model.replace('_', ' ')} {k}")
                supervision = 0 if model == "handheld" else DAY_S if model in _DAILY else MAINS_S
                yield Device(name, words, model, zone, GATEWAY, supervision_s=supervision)


def _floor(zone: str) -> Words:
    tower, _, floor = zone.partition("-f")
    return Words(f"{tower[1:]}座{int(floor)}层", f"Tower {tower[1:]} floor {int(floor)}")


def _tag(zone: str) -> str:
    """A 7-byte UID of an NXP tag (they begin with 04; standards §5)."""
    return f"04{dice(0, 'tag', zone).getrandbits(48):012X}"


def _house() -> dict[str, Any]:
    """The few people without whom nobody would answer."""
    people = [
        Person("operator-a", Words("值机甲", "Operator A"), "population-a", (Role.OPERATOR,)),
        Person("operator-b", Words("值机乙", "Operator B"), "population-b", (Role.OPERATOR,)),
        Person("guard-a", Words("护管甲", "Guard A"), "population-c", (Role.GUARD,)),
        Person("guard-b", Words("护管乙", "Guard B"), "population-d", (Role.GUARD,)),
        Person("leader", Words("班长", "Leader"), "population-e", (Role.SUPERVISOR,)),
        Person("manager", Words("经理", "Manager"), "population-f", (Role.MANAGER,)),
    ]
    rungs = (Rung(0, "seat:centre"), Rung(90, "role:supervisor"), Rung(300, "role:manager"))
    days = ({"day": "operator-a", "night": "operator-b"},)
    walks = ({"day": "guard-a", "night": "guard-b"},)
    shifts = [
        ShiftTemplate("day", Words("白班", "Day"), time(8), time(20)),
        ShiftTemplate("night", Words("夜班", "Night"), time(20), time(8)),
    ]
    return {
        "posts": {
            p: Post(p, w) for p, w in (("centre", Words("监控中心", "Centre")), ("patrol", Words("巡逻岗", "Patrol")))
        },
        "seats": {
            "centre": Seat("centre", "centre", Words("监控值机", "Centre operator")),
            "patrol": Seat("patrol", "patrol", Words("巡逻护管", "Patrol guard"), required=False),
        },
        "people": {p.id: p for p in people},
        "ladders": {
            "all": Ladder("all", rungs),
            "doors": Ladder("doors", (Rung(0, "seat:centre"), Rung(60, "post:patrol"))),
        },
        "routes": (Route("doors", "centre", kinds=("access",)), Route("all", "centre")),
        "templates": {s.id: s for s in shifts},
        "rotas": (Rota("centre", "2026-01-01", days), Rota("patrol", "2026-01-01", walks)),
    }
