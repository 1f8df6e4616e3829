"""`watchroom sim walk`: a guard's phone on its round over real HTTP, or one trick of those that are tried with taps."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from patrol.keys import Ring
    from simulators.cheats import Cheat, Stage
    from simulators.phones import Phone
    from simulators.walks import Stop


def walk(
    person: Annotated[str, typer.Option(help="Login of the guard on duty.")],
    url: Annotated[str, typer.Option(help="The running server.")] = "http://127.0.0.1:8080",
    password: Annotated[str, typer.Option(help="Everybody's password here; the demo's, if not said.")] = "demo",  # noqa: S107
    pin: Annotated[str, typer.Option(help="Sign in once more, by this PIN.")] = "",
    site: Annotated[str, typer.Option(help="The site; the guard's own, if not said.")] = "",
    route: Annotated[str, typer.Option(help="The route to walk; any that is open, if not said.")] = "",
    pace: Annotated[float, typer.Option(min=0.01, help="Metres a second between two points of one plan.")] = 1.3,
    look: Annotated[float, typer.Option(min=0, help="Seconds at each point.")] = 10.0,
    offline: Annotated[bool, typer.Option("--offline", help="No line: everything is brought at the end.")] = False,
    page: Annotated[bool, typer.Option("--page", help="By the page that each tag's address opens.")] = False,
    cheat: Annotated[
        str, typer.Option(help="Instead of the round: the flag that a trick earns, `all` of them, or `list`.")
    ] = "",
    leader: Annotated[str, typer.Option(help="Login of a leader, who may see and hang tags.")] = "",
    other: Annotated[str, typer.Option(help="Login of a guard who is not on duty, for tricks of two.")] = "",
    tag_key: Annotated[
        Path | None, typer.Option(help="The server's DATA/keys/tags, for reads that are proved.")
    ] = None,
    foreign: Annotated[str, typer.Option(help="The number of another site's tag.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the answers.")] = 1,
) -> None:
    """Walk the open round of a running server by phone, or try to cheat it. Exit code 1: a tap fared otherwise than it should."""
    from app.clock import now
    from patrol.keys import Ring
    from simulators import cheats, walks
    from simulators.phones import Phone, Refused

    if cheat == "list":
        for name, one in cheats.CHEATS.items():
            typer.echo(f"  {name:14} {one.about}")
        return
    if cheat and cheat != "all" and cheat not in cheats.CHEATS:
        raise typer.BadParameter("see --cheat list", param_hint="--cheat")
    ring = Ring(bytes.fromhex(tag_key.read_text(encoding="ascii").strip())) if tag_key else None
    with ExitStack() as phones:

        def known(login: str, by_pin: str = "") -> Phone:
            phone = phones.enter_context(Phone(url, login, now))
            phone.sign_in(password, by_pin, site)
            return phone

        try:
            guard = known(person, pin)
            above = known(leader) if leader else None
            if not cheat:
                hung = walks.chips(above, ring) if above is not None and ring is not None else {}
                way = walks.Pace(pace, look)
                word = (pin or password) if page else ""
                made = walks.walk(guard, time.sleep, Random(seed), route, way, hung, offline=offline, page=word)  # noqa: S311
                good = _told(made)
            elif above is None:
                raise typer.BadParameter("tricks take a --leader, who hangs their tags", param_hint="--cheat")
            else:
                stage = _stage(guard, above, known(other) if other else None, ring, foreign)
                good = _tried(stage, dict(cheats.CHEATS) if cheat == "all" else {cheat: cheats.CHEATS[cheat]})
        except Refused as wrong:
            typer.echo(str(wrong), err=True)
            raise typer.Exit(1) from None
    if not good:
        raise typer.Exit(1)


def _stage(guard: "Phone", leader: "Phone", other: "Phone | None", ring: "Ring | None", foreign: str) -> "Stage":
    from simulators.cheats import Stage, apart

    register = guard.get("register")
    here, there = apart(register)
    return Stage(guard, leader, here, there, register["policies"]["patrol"], other, ring, foreign)


def _told(made: "Iterator[Stop]") -> bool:
    good, count = True, 0
    for stop in made:
        typer.echo(f"{stop.checkpoint:16} {stop.state:12} {' '.join(stop.flags)} {stop.page}".rstrip())
        good, count = good and stop.fine, count + 1
    typer.echo(f"{count} points" + ("" if good else ", not all as they should be"))
    return good and count > 0


def _tried(stage: "Stage", tricks: "dict[str, Cheat]") -> bool:
    from simulators.cheats import seen
    from simulators.phones import Refused

    good = True
    for name, trick in tricks.items():
        try:
            flags: tuple[str, ...] = seen(stage, trick)
        except Refused as wrong:
            flags = (f"({wrong})",)
        found = name in flags
        typer.echo(f"{name:14} {'seen' if found else 'NOT SEEN':8} {' '.join(flags)}")
        good = good and found
    return good
