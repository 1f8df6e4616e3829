"""A register written as a site pack, so that what a simulation made up can be checked and imported like any other."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from sites.register import Register, Rota

_PLAIN = msgspec.json.Encoder()


def write(register: Register, folder: Path) -> list[Path]:
    """Write the pack's files into `folder`, which is made; returns them. Policies stay the defaults, plans are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "site.yaml": [_site(register)],
        "zones.yaml": [_list("zones", register.zones.values())],
        "devices.yaml": [_list("gateways", register.gateways.values()), _list("devices", register.devices.values())],
        "patrol.yaml": [_list("checkpoints", register.checkpoints.values())],
        "people.yaml": [_list("people", register.people.values())],
        "duty.yaml": [
            _list("posts", register.posts.values()),
            _list("seats", register.seats.values()),
            _list("shifts", [_shift(t) for t in register.templates.values()]),
            _list("rotas", [_rota(r) for r in register.rotas]),
            _list("ladders", register.ladders.values()),
            _list("routes", register.routes),
        ],
    }
    for name, parts in files.items():
        (folder / name).write_text("\n".join(parts), encoding="utf-8")
    return [folder / name for name in files]


def _site(register: Register) -> str:
    site = {"id": register.site_id, "name": register.name, "time_zone": register.time_zone}
    return f"# Made by `watchroom sim pack`; what is changed here is lost when it is made again.\nsite: {_flow(site)}\n"


def _list(section: str, items: Iterable[Any]) -> str:
    """A section with one entry a line; JSON is YAML, too."""
    return "\n".join([f"{section}:", *(f"  - {_flow(item)}" for item in items), ""])


def _flow(item: Any) -> str:
    plain = msgspec.to_builtins(item, str_keys=True)
    kept = {k: v for k, v in plain.items() if v is not None and v not in ((), [], {}, "")}
    return _PLAIN.encode(kept).decode()


def _shift(template: Any) -> Mapping[str, Any]:
    starts, ends = template.starts.strftime("%H:%M"), template.ends.strftime("%H:%M")
    return {"id": template.id, "name": template.name, "starts": starts, "ends": ends}


def _rota(rota: Rota) -> Mapping[str, Any]:
    return {"seat": rota.seat, "from_day": rota.from_day, "days": rota.days}
