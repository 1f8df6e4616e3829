"""What a run shows: a progress bar on a terminal, plain lines elsewhere, and what went otherwise in full."""

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.text import Text

from app.scenario_explain import span
from app.scenario_reports import CRASHED, FAILED, PASSED, UNREADABLE, Outcome, figures
from simulators.scenario.report import ascii_only

if TYPE_CHECKING:
    from rich.progress import Progress

_MARKS = {PASSED: ("✓", "green"), FAILED: ("✗", "red"), CRASHED: ("!", "red"), UNREADABLE: ("?", "yellow")}
QUIET, LOUD = -1, 1


class Screen:
    """Told of one outcome after the other, in the order of the files. `error`: standard output belongs to a program."""

    def __init__(self, total: int, *, loud: int = 0, error: bool = False) -> None:
        self.out = Console(stderr=error, highlight=False, soft_wrap=True)
        self.loud = loud
        self.simple = not self.out.encoding.lower().startswith("utf")
        self.bar = _bar(self.out, total) if self.out.is_terminal and loud > QUIET else None

    def __enter__(self) -> Self:
        if self.bar is not None:
            self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def tell(self, outcome: Outcome) -> None:
        """One line; the report below it when something went otherwise."""
        if self.bar is not None:
            self.bar.advance(self.bar.task_ids[0])
        if outcome.verdict != PASSED or self.loud > QUIET:
            self._print(_line(outcome))
        if outcome.verdict != PASSED:
            self._print(_coloured(_indented(outcome.report)))
        elif self.loud >= LOUD:
            self._print(Text(_indented("\n".join(outcome.timeline)), style="dim"))
        if outcome.rewritten:
            self._print(Text(_indented(outcome.rewritten)))

    def _print(self, text: Text) -> None:
        self.out.print(Text(ascii_only(text.plain)) if self.simple else text)

    def sum_up(self, outcomes: Sequence[Outcome], took_s: float) -> None:
        """The last line."""
        made = figures(outcomes, took_s)
        words = {PASSED: "went as written", FAILED: "did not", CRASHED: "crashed", UNREADABLE: "cannot be read"}
        parts = [f"{made[verdict]} {what}" for verdict, what in words.items() if made[verdict]]
        simulated = span(timedelta(seconds=made["simulated_s"]))
        line = f"{', '.join(parts)}: {simulated} in {took_s:.2f} s"
        self.out.print(Text(line, style="bold green" if made[PASSED] == len(outcomes) else "bold red"))


def _bar(out: Console, total: int) -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    bar = Progress(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=out, transient=True)
    bar.add_task("", total=total)
    return bar


def _line(outcome: Outcome) -> Text:
    mark, style = _MARKS[outcome.verdict]
    line = Text().append(mark, style=style).append(f" {outcome.name}")
    told = f"  {span(timedelta(seconds=outcome.simulated_s))} in {outcome.took_s * 1000:.0f} ms"
    return line.append(told, style="dim") if outcome.simulated_s else line


def _coloured(report: str) -> Text:
    """What is wrong stands out from what is beside it."""
    styles = {"✗": "red", "+": "yellow", "→": "yellow", "✓": "green"}
    lines = [Text(line, style=styles.get(line.strip()[:1], "")) for line in report.splitlines()]
    return Text("\n").join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
