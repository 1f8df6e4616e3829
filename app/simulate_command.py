"""`watchroom simulate`: repeat the random night of a seed, or hunt through many."""

import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from simulators.hunter.hunt import Catch
    from simulators.hunter.night import Tell
    from simulators.virtual.server import Shores


def simulate(
    seed: Annotated[int | None, typer.Option(help="The night to repeat.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Many nights, as FIRST..LAST.")] = None,
    hours: Annotated[float, typer.Option(min=2.0, help="How long a night is.")] = 24.0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that hunt side by side.")] = 1,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print everything that is done.")] = False,
) -> None:
    """Play random nights with faults and check that every promise holds. The same seed is the same night, to the byte."""
    if (seed is None) == (seeds is None):
        raise typer.BadParameter("give --seed N, or --seeds FIRST..LAST")
    if seed is not None:
        caught = _one(seed, hours, verbose=verbose)
        _tell(caught)
        raise typer.Exit(1 if caught.broken else 0)
    found = re.fullmatch(r"(\d+)\.\.(\d+)", str(seeds))
    if found is None or int(found[1]) > int(found[2]):
        raise typer.BadParameter("FIRST..LAST, such as 1..200", param_hint="--seeds")
    began, bad, nights = time.perf_counter(), 0, range(int(found[1]), int(found[2]) + 1)
    for caught in _many(nights, hours, jobs):
        if caught.broken:
            bad += 1
            _tell(caught)
    typer.echo(
        f"{len(nights)} nights of {hours:g} h in {time.perf_counter() - began:.1f} s: {bad} with something broken"
    )
    if not bad:
        typer.echo(
            f"no failure in {len(nights)} nights: with 95 % confidence fewer than {min(1.0, 3 / len(nights)):.2%} fail"
        )
    raise typer.Exit(1 if bad else 0)


def shores_of_a_hunt(tell: "Tell") -> "Shores":
    """A virtual house's shores, with two notifiers on its store."""
    from functools import partial

    import msgspec

    from app.scenario_worlds import shores
    from app.two_notifiers import send_twice_looked

    return msgspec.structs.replace(shores(), send_notices=partial(send_twice_looked, tell=tell))


def _one(seed: int, hours: float, *, verbose: bool = False) -> "Catch":
    import logging

    import structlog

    from simulators.hunter.hunt import hunt

    # what went wrong on the way is told by the promises; a hunt is full of deaths that are meant
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)

    def say(at: "datetime", what: str) -> None:
        typer.echo(f"{at:%m-%d %H:%M:%S.%f}"[:-3] + f"  {what}")

    return hunt(seed, shores_of_a_hunt, hours, say) if verbose else hunt(seed, shores_of_a_hunt, hours)


def _many(seeds: Sequence[int], hours: float, jobs: int) -> Iterator["Catch"]:
    if jobs == 1:
        yield from (_one(seed, hours) for seed in seeds)
        return
    from concurrent.futures import ProcessPoolExecutor
    from functools import partial

    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(_one, hours=hours), seeds, chunksize=5)


def _tell(caught: "Catch") -> None:
    from core.clock import instant

    counts = ", ".join(f"{n} {what}" for what, n in caught.counts.items())
    typer.echo(f"seed {caught.seed}: {caught.hours:g} h in {caught.zone}, {caught.took_s:.2f} s: {counts}")
    typer.echo(f"head {caught.head}")
    for one in caught.broken:
        moment = "" if one.true is None else f"{instant(one.true):%m-%d %H:%M:%S} UTC "
        typer.echo(f"BROKEN {one.promise}: {moment}{one.said}")
    if caught.broken:
        more = "" if caught.hours == 24.0 else f" --hours {caught.hours:g}"
        typer.echo(f"repeat it: watchroom simulate --seed {caught.seed}{more} --verbose")
