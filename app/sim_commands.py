"""`watchroom sim ...`: simulated devices, through a real gateway; and guards with their phones."""

import asyncio
import difflib
import logging
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from app.walk_command import walk

sim_app = typer.Typer(
    no_args_is_help=True, help="Simulated devices, through a real gateway, and guards with their phones."
)
sim_app.command("walk")(walk)

SEARCHED = "var/demo/**/estate.json"


@sim_app.command("list")
def stories() -> None:
    """The stories and models there are: each can be played with `sim run`."""
    from simulators.scenes import SCENES
    from simulators.story import STORIES

    for title, known in (("stories, for a whole site", STORIES), ("models, one thing at a time", SCENES)):
        print(f"{title}:")
        for story in known.values():
            print(f"  {story.name:16} {story.about}")


@sim_app.command("run")
def run(
    story: Annotated[str | None, typer.Argument(help="A story or a model; see `watchroom sim list`.")] = None,
    site: Annotated[Path, typer.Option(help="The site pack that the story plays in.")] = Path("packs/harbour-garden"),
    intake: Annotated[
        str | None, typer.Option(help="HOST:PORT of one gateway; without it, the running demo's.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same story.")] = 1,
    speed: Annotated[float, typer.Option(min=0.01, help="How many times faster than life.")] = 1.0,
    seconds: Annotated[float, typer.Option(help="Stop this far into the story; 0 goes on.")] = 0.0,
    dry: Annotated[bool, typer.Option("--dry", help="Print the story instead of playing it.")] = False,
    runtime: Annotated[Path | None, typer.Option(help="The running demo's estate.json.")] = None,
    devices: Annotated[
        int, typer.Option(min=0, help="Instead of a story: a crowd of so many devices, of the site of `sim pack`.")
    ] = 0,
    rate: Annotated[
        float, typer.Option(min=0.001, help="Events a second that the crowd says together, held or exit 1.")
    ] = 2000.0,
    outage: Annotated[
        list[str] | None, typer.Option(help="FROM-TO in seconds: nothing gets through, it comes later. Repeatable.")
    ] = None,
    duplicate: Annotated[float, typer.Option(min=0, max=1, help="Share that is said a second time.")] = 0.0,
    reorder: Annotated[int, typer.Option(min=0, help="Out of order, by up to so many.")] = 0,
    delay: Annotated[float, typer.Option(min=0, help="Late, by up to so many seconds.")] = 0.0,
    lose: Annotated[
        float, typer.Option(min=0, max=1, help="Share that is lost; with --as, it leaves a gap in the numbers.")
    ] = 0.0,
    as_gateway: Annotated[
        str | None, typer.Option("--as", help="Speak to the broker as this gateway of the site, without a real one.")
    ] = None,
    broker: Annotated[str, typer.Option(help="For --as: mqtt://HOST:PORT or mqtts://HOST:PORT.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="For --as: the gateway's password.")] = None,
    ca: Annotated[str | None, typer.Option(help="For --as: the broker's CA.")] = None,
) -> None:
    """Play a story or a model through a gateway's intake (or print it), or let a crowd speak at a rate."""
    from app.clock import now

    if (story is None) == (not devices):
        raise typer.BadParameter("name a story, or give --devices", param_hint="STORY")
    if devices:
        from app.crowd_run import run_crowd

        if outage or duplicate or reorder or delay or lose or as_gateway:
            raise typer.BadParameter("a crowd has a good line; bad lines are for stories", param_hint="--devices")
        run_crowd(devices, rate, seed, seconds, _place(intake) if intake else None, dry)
        return
    from simulators.gateways import Troubles
    from simulators.player import Mouth, play
    from simulators.sayings import text

    logging.basicConfig(level=logging.WARNING)
    troubles = Troubles(tuple(map(_span, outage or [])), duplicate, reorder=reorder, delay_s=delay, gap=lose)
    register, told = _told(str(story), site, seed, seconds, troubles, None if dry else now(), as_gateway)
    if as_gateway and not dry:
        _speak_as(as_gateway, register.site_id, told, broker, password_file, ca, speed)
        return
    if dry:
        for one in text(told):
            typer.echo(one, nl=False)
        return
    mouths = _mouths(Mouth, intake, runtime, [d.id for d in register.devices.values()])

    async def tell() -> int:
        return await play(told, mouths, now, asyncio.Event(), speed=speed)

    try:
        print(f"{asyncio.run(tell())} sayings taken")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _told(
    name: str, site: Path, seed: int, seconds: float, troubles: Any, on: Any, gateway: str | None
) -> tuple[Any, Any]:
    """The site, and the story that is told there over its line, good or bad."""
    from itertools import takewhile

    from simulators.gateways import troubled
    from simulators.sayings import dice
    from simulators.scenes import SCENES
    from simulators.story import STORIES, stream
    from sites.pack import read

    known = STORIES | SCENES
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise typer.BadParameter(f"no story or model {name!r}{hint} See `watchroom sim list`.", param_hint="STORY")
    register = read(site if site.exists() else Path("packs") / site)
    told: Any = stream(known[name], register, seed, on)
    if gateway is not None:
        if gateway not in register.gateways:
            raise typer.BadParameter(f"one of {', '.join(register.gateways)}", param_hint="--as")
        told = (s for s in told if s.kind and register.devices[s.device].gateway == gateway)
    if troubles.any or gateway is not None:
        told = troubled(told, troubles, dice(seed, "line"))
    return register, takewhile(lambda s: s.t <= seconds, told) if seconds else told


def _speak_as(
    gateway: str, site: str, told: Any, broker: str, password_file: Path | None, ca: str | None, speed: float
) -> None:
    import aiomqtt

    from app.clock import now
    from gateway.process import link_of
    from simulators.phantom import speak

    try:
        link = link_of(broker, password_file.read_text().strip() if password_file else None, ca)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--broker") from None

    async def tell() -> int:
        return await speak(told, link, site, gateway, now, asyncio.Event(), speed=speed)

    try:
        print(f"{asyncio.run(tell())} messages taken by the broker")
    except (aiomqtt.MqttError, OSError) as wrong:
        typer.echo(f"no broker for {gateway} at {link.host}:{link.port}: {wrong}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _span(words: str) -> tuple[float, float]:
    since, _, until = words.partition("-")
    try:
        made = float(since), float(until)
    except ValueError:
        raise typer.BadParameter("FROM-TO, in seconds", param_hint="--outage") from None
    if made[0] >= made[1]:
        raise typer.BadParameter("FROM must come before TO", param_hint="--outage")
    return made


@sim_app.command("pack")
def pack(
    devices: Annotated[int, typer.Option(min=1, help="How many devices the site shall have.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write the pack into.")],
) -> None:
    """Write the site of `sim run --devices N` as a pack: the same number, the same ids."""
    from app.crowd_run import write_pack

    write_pack(devices, out)


@sim_app.command("estate")
def estate(
    site: Annotated[str, typer.Argument(help="An imported site.")],
    broker: Annotated[str, typer.Option(help="mqtts://host:port, where gateways come in; the CA is SSL_CERT_FILE's.")],
    story: Annotated[str, typer.Option(help="A story; see `watchroom sim list`.")] = "demo",
    seed: Annotated[int, typer.Option(help="The same seed, the same story.")] = 1,
) -> None:
    """Run every gateway of an imported site and play a story through them, for a server that runs elsewhere."""
    import signal
    import threading

    from app.clock import now
    from app.settings import Settings
    from ingest.credentials import gateway_password
    from simulators.estate import as_role
    from sites.store import load
    from store.db import Store

    logging.basicConfig(level=logging.INFO)
    settings, stopping = Settings(), threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stopping.set())
    store = Store(settings.store_url)
    try:
        with store.read() as conn:
            register = load(conn, site)
    finally:
        store.close()
    if register is None:
        typer.echo(f"site {site!r} is not imported yet", err=True)
        raise typer.Exit(1)
    passwords: dict[str, str | None] = {
        g.id: gateway_password(settings.secret(), site, g.id, g.key_version) for g in register.gateways.values()
    }
    as_role(register, broker, passwords, settings.data / "estate" / site, now, story=story, seed=seed)(stopping)


@sim_app.command("trigger")
def trigger(
    kind: Annotated[str, typer.Argument(help="An event kind, such as fire.alarm.")],
    device: Annotated[str, typer.Option(help="The device that says it.")],
    data: Annotated[str, typer.Option(help="More about it, as a JSON object.")] = "{}",
    intake: Annotated[str | None, typer.Option(help="HOST:PORT of a gateway; without it, the running demo's.")] = None,
    runtime: Annotated[Path | None, typer.Option(help="The running demo's estate.json.")] = None,
) -> None:
    """Let one device of the running demo say one thing."""
    from app.clock import now
    from simulators.player import Mouth, line
    from simulators.sayings import Saying

    try:
        more = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--data") from None
    mouth = _mouths(Mouth, intake, runtime, [device]).get(device)
    if mouth is None:
        raise typer.BadParameter(f"the running estate has no device {device!r}", param_hint="--device")
    said = line(Saying(t=0, device=device, kind=kind, data=more), now)

    async def say() -> Any:
        try:
            return await mouth.say(said, patience_s=2)
        finally:
            await mouth.close()

    try:
        answer = asyncio.run(say())
    except OSError as wrong:
        typer.echo(f"no gateway answers at {mouth.host}:{mouth.port}: {wrong}", err=True)
        raise typer.Exit(1) from None
    if "error" in answer:
        typer.echo(f"refused: {answer['error']}", err=True)
        raise typer.Exit(1)
    print(f"{kind} of {device} kept as {answer['id']} (number {answer['seq']})")


def _mouths(mouth: Any, intake: str | None, runtime: Path | None, devices: list[str]) -> dict[str, Any]:
    """A mouth for each device: all at one intake, or each at its own gateway of the running estate."""
    if intake is not None:
        return dict.fromkeys(devices, mouth(*_place(intake)))
    from simulators.estate import Runtime

    found = [runtime] if runtime else sorted(Path().glob(SEARCHED))
    if not found or not found[0].exists():
        typer.echo("no demo is running here (no var/demo/**/estate.json); name a gateway with --intake", err=True)
        raise typer.Exit(1)
    estates = [msgspec.json.decode(f.read_bytes(), type=Runtime) for f in found]
    estate = max(estates, key=lambda e: len(e.devices.keys() & set(devices)))  # the site that has them
    mouths = {gateway: mouth("127.0.0.1", port) for gateway, port in estate.gateways.items()}
    return {d: mouths[estate.devices[d]] for d in devices if d in estate.devices}


def _place(intake: str) -> tuple[str, int]:
    host, _, port = intake.rpartition(":")
    if not port.isdigit():
        raise typer.BadParameter("HOST:PORT", param_hint="--intake")
    return host or "127.0.0.1", int(port)
