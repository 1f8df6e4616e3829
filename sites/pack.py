"""A site pack: a folder of YAML files (or one file) that says everything about a site.

`read` answers with the register, or refuses with every fault it found, each with file, line and field. The top-level
sections may be spread over the files as the author likes; each section stands once.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from core.wire import SLUG
from sites import duty_shapes, equipment_shapes, patrol_shapes, plans, policy_shapes, shapes, tree
from sites.checks import cross_check
from sites.errors import Fault, PackRefused
from sites.fields import Spot, unknown
from sites.register import Plan, Register, plain
from sites.tree import Mapped
from store.metadata import json_text

MAX_FILES: Final = 64
MAX_FAULTS: Final = 200

_LISTS: Final = (
    "plans",
    "zones",
    "gateways",
    "devices",
    "checkpoints",
    "posts",
    "seats",
    "people",
    "shifts",
    "ladders",
    "rotations",
    "forms",
    "categories",
    "equipment_tests",
    "patrol_routes",
    "patrol_plans",
)
_NEEDED: Final = (
    "site",
    "zones",
    "gateways",
    "devices",
    "posts",
    "seats",
    "people",
    "shifts",
    "rotas",
    "ladders",
    "routes",
)
SECTIONS: Final = ("site", "policies", "kinds", "externals", "rotas", "routes", "checklists", "pre_checks", *_LISTS)

Amend = Callable[[dict[str, Spot]], None]


def read(path: Path, amend: Amend | None = None) -> Register:
    """The register (version 0) that a pack stands for. Raises `PackRefused` with every fault. `amend` may change the
    sections as they were written before anything is judged, so that what it changes is checked like the rest.
    """
    faults: list[Fault] = []
    register = _register(_Pack(path, faults, amend))
    if faults:
        raise PackRefused(sorted(set(faults))[:MAX_FAULTS])
    return register


def digest(register: Register) -> str:
    """The hash of what a pack says: the same for any spelling, order of keys or layout of files."""
    bare = msgspec.structs.replace(register, version=0)
    return hashlib.sha256(json_text(plain(bare)).encode()).hexdigest()


class _Pack:
    """The sections of a pack, each with its place, and the ids that each of them declares."""

    def __init__(self, path: Path, faults: list[Fault], amend: Amend | None = None) -> None:
        self.path, self.faults = path, faults
        self.folder = path if path.is_dir() else path.parent
        self.sections: dict[str, Spot] = {}
        for file in self._files():
            self._take(file)
        if amend is not None:
            amend(self.sections)
        if not faults or self.sections:
            faults.extend(Fault(str(path), 1, n, "missing section") for n in _NEEDED if n not in self.sections)
        self.ids = {name: declared(self.section(name)) for name in (*_LISTS, "externals")}

    def section(self, name: str) -> Spot:
        """A section, or an empty place when the pack has none."""
        return self.sections.get(name) or Spot(None, str(self.path), name, self.faults)

    def _files(self) -> Iterator[Path]:
        if not self.path.is_dir():
            yield self.path
            return
        try:
            found = sorted(p for p in self.path.iterdir() if p.suffix in {".yaml", ".yml"})
        except OSError:
            found = []
        if not found:
            self.faults.append(Fault(str(self.path), 1, "", "no .yaml file in this folder"))
        if len(found) > MAX_FILES:
            self.faults.append(Fault(str(self.path), 1, "", f"{len(found)} files, at most {MAX_FILES}"))
        yield from found[:MAX_FILES]

    def _take(self, file: Path) -> None:
        data = tree.read_bytes(file, tree.MAX_BYTES)
        if isinstance(data, str):
            self.faults.append(Fault(str(file), 1, "", data))
            return
        root = tree.parse(data, str(file))
        if isinstance(root, Fault):
            self.faults.append(root)
        elif not isinstance(root, Mapped):
            self.faults.append(Fault(str(file), 1, "", "expected sections such as `zones:` at the top"))
        else:
            for name, spot in Spot(root, str(file), "", self.faults).entries():
                self._place(name, spot)

    def _place(self, name: str, spot: Spot) -> None:
        if name not in SECTIONS:
            spot.wrong(unknown("section", name, SECTIONS))
        elif name in self.sections:
            first = self.sections[name]
            spot.wrong(f"section stands in {first.file}:{first.line} already")
        else:
            self.sections[name] = spot


def declared(section: Spot) -> dict[str, Spot]:
    """The ids a section declares, each with the place of its `id`; a second one is noted."""
    found: dict[str, Spot] = {}
    muted = Spot(section.node, section.file, section.path, [], section.line)
    for item in muted.items():
        if not isinstance(item.node, Mapped):
            continue
        entry = next((e for e in item.node.entries if e.key == "id"), None)
        if entry is None or not (name := item.part(entry.node, ".id", entry.line).text()):
            continue
        spot = Spot(entry.node, section.file, f"{item.path}.id", section.faults, entry.line)
        if name in found:
            spot.wrong(f'duplicate id "{name}"; it stands in {found[name].file}:{found[name].line} already')
        else:
            found[name] = spot
    return found


def _register(pack: _Pack) -> Register:
    site = pack.section("site").fields()
    names = shapes.Names({name: frozenset(ids) for name, ids in pack.ids.items()})
    kinds = dict(policy_shapes.kinds(pack.section("kinds")))
    policies = policy_shapes.policies(pack.section("policies"), kinds, names)
    usual_min = policies.patrol.interval_min
    register = Register(
        site_id=site.need("id").name(SLUG, "a-z, 0-9 and -, at most 63"),
        name=site.need("name").words(),
        time_zone=shapes.time_zone(site.need("time_zone")),
        version=0,
        zones={z.id: z for z in (shapes.zone(s, names) for s in pack.section("zones").items(least=1))},
        plans={p.id: p for p in _plans(pack)},
        gateways={g.id: g for g in map(shapes.gateway, pack.section("gateways").items())},
        devices={d.id: d for d in (shapes.device(s, names) for s in pack.section("devices").items())},
        checkpoints={c.id: c for c in (shapes.checkpoint(s, names) for s in pack.section("checkpoints").items())},
        posts={p.id: p for p in (duty_shapes.post(s, names) for s in pack.section("posts").items(least=1))},
        seats={s.id: s for s in (duty_shapes.seat(i, names) for i in pack.section("seats").items(least=1))},
        people={p.id: p for p in (shapes.person(s, names) for s in pack.section("people").items(least=1))},
        ladders={x.id: x for x in (shapes.ladder(s, names) for s in pack.section("ladders").items(least=1))},
        routes=tuple(shapes.route(s, names, kinds) for s in pack.section("routes").items(least=1)),
        templates={t.id: t for t in map(duty_shapes.shift, pack.section("shifts").items(least=1))},
        rotas=tuple(duty_shapes.rota(s, names) for s in pack.section("rotas").items()),
        externals=tuple(map(shapes.external, pack.section("externals").items())),
        policies=policies,
        rotations={r.id: r for r in (duty_shapes.rotation(s, names) for s in pack.section("rotations").items())},
        forms={f.id: f for f in map(duty_shapes.form, pack.section("forms").items())},
        categories={c.id: c for c in map(duty_shapes.choice, pack.section("categories").items(most=200))},
        checklists={name: duty_shapes.checklist(name, s, names) for name, s in pack.section("checklists").entries()},
        pre_checks={name: duty_shapes.pre_checks(name, s, names) for name, s in pack.section("pre_checks").entries()},
        equipment_tests={
            t.id: t
            for t in (
                equipment_shapes.test(s, names)
                for s in pack.section("equipment_tests").items(most=equipment_shapes.MOST)
            )
        },
        patrol_routes={r.id: r for r in (patrol_shapes.route(s, names) for s in pack.section("patrol_routes").items())},
        patrol_plans={
            p.id: p for p in (patrol_shapes.plan(s, names, usual_min) for s in pack.section("patrol_plans").items())
        },
    )
    site.close()
    cross_check(register, pack.section, pack.ids)
    return register


def _plans(pack: _Pack) -> Iterator[Plan]:
    for spot in pack.section("plans").items():
        fields = spot.fields()
        plan_id, file = fields.need("id").name(), fields.need("file")
        fields.close()
        name = file.text()
        if not name:
            continue
        where = pack.folder / name
        try:
            inside = where.resolve().is_relative_to(pack.folder.resolve())
        except (OSError, ValueError, RuntimeError):
            inside = False
        if not inside:
            file.wrong("points outside the pack")
            continue
        data = tree.read_bytes(where, plans.MAX_BYTES)
        if isinstance(data, str):
            file.wrong(f"{name}: {data}")
            continue
        plan = plans.check(plan_id, data, str(where))
        if isinstance(plan, Fault):
            pack.faults.append(plan)
            continue
        yield plan
