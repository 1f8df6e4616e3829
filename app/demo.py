"""`watchroom demo`: a sample estate in one process, with its broker, gateways and simulated devices around it."""

import shutil
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from api.accounts import give_demo_passwords
from app.clock import now
from app.house import House
from app.imports import import_site
from app.serve import listen, serve
from app.settings import Settings
from ingest.acts import sign_on
from ingest.credentials import gateway_password
from ingest.deliveries import Address
from ingest.seats import held_now
from simulators.estate import as_role
from sites import acts, pack
from sites.register import Register

PACKS = Path(__file__).parent.parent / "packs"
STAGE = "harbour-garden"
SEAT = "centre"
PASSWORD = "demo"  # noqa: S105 - it is printed, and works in the demo alone

console = Console(highlight=False)


def run_demo(settings: Settings, *, story: str | None, keep: bool, seed: int, packs: Path | None = None) -> None:
    """Import the packs in that folder (None: the sample ones), start everything, and play `story` (None: only what people
    trigger).
    """
    sock = listen(settings.host, settings.port)
    if not keep and settings.data.exists():
        shutil.rmtree(settings.data)
    house = House(settings, "demo")
    house.prepare()
    registers = _import(house, packs or PACKS)
    register = registers.get(STAGE) or next(iter(registers.values()))
    _person_on_duty(house, register)
    address = house.add_broker()
    house.add_ingest(address)
    house.add_sweep()
    house.add_notify()
    for site in registers.values():
        _add_estate(house, site, address, story if site is register or story is None else "calm", seed)
    serve(house, sock, on_ready=lambda url: _welcome(house, register, url))


def _add_estate(house: House, register: Register, address: Address, story: str | None, seed: int) -> None:
    """The site's gateways as processes of their own, and devices that speak through them."""
    passwords = {
        g.id: gateway_password(house.secret, register.site_id, g.id, g.key_version) for g in register.gateways.values()
    }
    folder = house.settings.data / "estate" / register.site_id
    url = f"mqtt://{address.host}:{address.port}"
    run = as_role(register, url, passwords, folder, now, story=story, seed=seed)
    house.roles.add(f"estate {register.site_id}", run)


def _import(house: House, packs: Path) -> dict[str, Register]:
    registers = {}
    for folder in sorted(p for p in packs.iterdir() if p.is_dir()):
        register = acts.check(folder)
        import_site(house.store, house.desks, register, pack.digest(register), now(), "system")
        registers[register.site_id] = register
    with house.store.begin() as tx:
        give_demo_passwords(tx, now(), word=PASSWORD)
    return registers


def _person_on_duty(house: House, register: Register) -> None:
    """Somebody has come on duty in the monitoring centre: whoever the roster names."""
    with house.store.begin([register.site_id]) as tx:
        desk = house.desks.get(tx.conn, register.site_id)
        held, _, stays = held_now(tx.conn, register, now())
        seat = next((s for s in register.seats if s.startswith(SEAT)), next(iter(register.seats)))
        person = held[seat].person
        if desk is not None and person is not None and not any(a.person == person and a.off_at is None for a in stays):
            there = register.checkpoints.get(register.posts[register.seats[seat].post].checkpoint or "")
            sign_on(tx, desk, seat, person, now(), token=there.tags[0] if there and there.tags else None)


def _welcome(house: House, register: Register, url: str) -> None:
    with house.store.read() as conn:
        held, _, _ = held_now(conn, register, now())
    table = Table(title="值班室 Watchroom · demo", title_justify="left", show_header=True, box=None, pad_edge=False)
    for name in ("login", "姓名 name", "在岗 seat"):
        table.add_column(name)
    seats = {h.person: s for s, h in held.items() if h.person}
    for person in register.people.values():
        seat = seats.get(person.id)
        table.add_row(person.login, f"{person.name.zh} {person.name.en}", register.seats[seat].name.zh if seat else "")
    console.print(table)
    console.print(f"password of everybody: {PASSWORD}    (demo only: nothing here is secret)")
    console.print(f"\n  打开 open   [bold]{url}[/bold]\n")
    console.print("The first alarm comes in a few seconds. Ctrl-C ends it all.", style="dim")
    runtime = {"url": url, "site": register.site_id, "broker": house.broker.port if house.broker else None}
    (house.settings.data / "server.json").write_bytes(msgspec.json.encode(runtime))
