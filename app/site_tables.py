"""What the site commands share: where the store is, and how differences are shown."""

from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sites.changes import Change, How
from sites.register import Register

StoreUrl = Annotated[
    str | None, typer.Option("--store", help="sqlite:///FILE or postgresql://…; unset: the settings'.")
]

HUES: Final = {How.ADDED: "green", How.REMOVED: "red", How.CHANGED: "yellow"}
MARKS: Final = {How.ADDED: "+", How.REMOVED: "-", How.CHANGED: "~"}


def show_changes(old: Register, changes: list[Change]) -> None:
    """One row for each difference."""
    if not changes:
        out().print(f"{old.site_id}: no change (version {old.version})")
        return
    out().print(Text(f"{old.site_id}: {len(changes)} changes from version {old.version}", style="bold"))
    table = Table()
    for column in ("", "section", "id", "field", "was", "will be"):
        table.add_column(column, overflow="fold")
    for change in changes:
        cells = (MARKS[change.how], change.section, change.id, change.field, _cell(change.old), _cell(change.new))
        table.add_row(*(Text(cell) for cell in cells), style=HUES[change.how])
    out().print(table)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def out() -> Console:
    """Where answers go."""
    return Console(highlight=False)
