"""`watchroom site …`: check a site pack, see what it would change, import it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from app import version_commands
from app.site_tables import MARKS, StoreUrl, out, show_changes
from core.errors import Refusal
from sites import acts, patrol_edits, store
from sites.acts import ImportResult
from sites.changes import How
from sites.errors import PackRefused
from sites.pack import digest
from sites.parameters import values
from sites.presets import PRESETS
from sites.register import Register
from sites.versions import Terms
from store.db import Store

OpenStore = Callable[[str], Store]
ImportInto = Callable[[Store, Register, str, str, bool, Terms], ImportResult]
OpenSubjects = Callable[[Store, str], Iterable[str]]

Pack = Annotated[Path, typer.Argument(help="A pack: a folder of YAML files, or one file.")]
Packs = Annotated[list[Path], typer.Argument(help="Packs: folders of YAML files, or single files.")]


def site_app(
    default_store: Callable[[], str],
    open_store: OpenStore,
    import_into: ImportInto,
    open_subjects: OpenSubjects,
    withdraw: version_commands.Withdraw,
) -> typer.Typer:
    """The sub-commands. `import_into(store, register, digest, by, over_edits, terms)` is the whole import in one transaction;
    `open_subjects(store, site)` names what has an open alert.
    """
    app = typer.Typer(no_args_is_help=True)

    @app.command()
    def check(packs: Packs) -> None:
        """Read packs and tell every fault, each with file, line and field."""
        for register in _read_all(packs):
            _show_counts(register)
            _show_preset(register)

    @app.command("diff")
    def compare(pack: Pack, url: StoreUrl = None) -> None:
        """Tell what importing a pack would change. Writes nothing."""
        (register,) = _read_all([pack])
        db = open_store(url or default_store())
        try:
            with db.read() as conn:
                old = store.load(conn, register.site_id)
                edit = patrol_edits.found(conn, register.site_id)
            changes = acts.diff(old, register)
            if old is None:
                out().print(f"{register.site_id} is not imported yet: all of it is new")
                _show_counts(register)
            else:
                show_changes(old, changes)
                _show_edit(old, register, edit)
            _warn(acts.warnings(changes, open_subjects(db, register.site_id)))
        finally:
            db.close()

    @app.command("import")
    def bring_in(
        packs: Packs,
        url: StoreUrl = None,
        by: Annotated[str, typer.Option(help="Who imports, for the log.")] = "system",
        over_edits: Annotated[
            bool, typer.Option("--over-edits", help="Routes and plans edited at the console become the pack's again.")
        ] = False,
        effective_from: Annotated[
            str,
            typer.Option(
                "--effective-from", metavar="TIME", help="From when: the site's clock, 2026-12-01T08:00. Else now."
            ),
        ] = "",
        reason: Annotated[str, typer.Option(help="Why, for the log.")] = "",
        approved_by: Annotated[str, typer.Option("--approved-by", help="Who approved it: somebody else.")] = "",
    ) -> None:
        """Make packs the sites' own. The same pack again changes nothing, and what was edited at the console stays."""
        registers = _read_all(packs)
        db = open_store(url or default_store())
        try:
            for register in registers:
                subjects = set(open_subjects(db, register.site_id))
                begins = version_commands.moment(effective_from, register.zone_info)
                terms = Terms(begins, reason, approved_by or None)
                result = _import(db, register, by, import_into, terms, over_edits=over_edits)
                _show_result(register, result)
                _warn(acts.warnings(result.changes, subjects))
        finally:
            db.close()

    @app.command("patrol")
    def write_patrol(site: Annotated[str, typer.Argument(help="The site's id.")], url: StoreUrl = None) -> None:
        """Write a site's patrol routes and plans as they stand, edits of the console too, as a file for its pack."""
        db = open_store(url or default_store())
        try:
            with db.read() as conn:
                register = store.load(conn, site)
        finally:
            db.close()
        if register is None:
            _err().print(Text(f"{site}: no such site", style="bold red"))
            raise typer.Exit(1)
        typer.echo(patrol_edits.written(register), nl=False)

    version_commands.add(app, default_store, open_store, withdraw)
    return app


def _err() -> Console:
    return Console(stderr=True, highlight=False)


def _read_all(paths: Iterable[Path]) -> list[Register]:
    """Every pack, or exit 1 after telling what is wrong with any of them."""
    registers, refused = [], False
    for path in paths:
        try:
            registers.append(acts.check(path))
        except PackRefused as no:
            refused = True
            for fault in no.errors:
                _err().print(Text(str(fault)), soft_wrap=True)
            faults = f"{len(no.errors)} fault{'s' * (len(no.errors) != 1)}"
            _err().print(Text(f"{path}: refused, {faults}", style="bold red"))
    if refused:
        raise typer.Exit(1)
    return registers


def _import(
    db: Store, register: Register, by: str, import_into: ImportInto, terms: Terms, *, over_edits: bool
) -> ImportResult:
    spinner = Progress(SpinnerColumn(), TextColumn("{task.description}"), console=_err(), transient=True)
    try:
        with spinner:
            spinner.add_task(f"importing {register.site_id}", total=None)
            return import_into(db, register, digest(register), by, over_edits, terms)
    except Refusal as no:
        _err().print(Text(f"{register.site_id}: {no.detail}", style="bold red"))
        raise typer.Exit(1) from None


def _show_counts(register: Register) -> None:
    out().print(Text(f"{register.name.zh} {register.name.en} ({register.site_id})", style="bold"))
    table = Table()
    table.add_column("section")
    table.add_column("count", justify="right")
    for name, count in acts.counts(register).items():
        table.add_row(name, str(count))
    out().print(table)
    out().print(Text(f"{register.site_id}: no faults, hash {digest(register)[:12]}", style="green"))


def _show_preset(register: Register) -> None:
    """What the site's service grade gave, and what the pack said itself (SITE-05)."""
    grade, gave = register.policies.service_grade, set(register.policies.preset)
    if not grade:
        return
    if not PRESETS[grade]:
        out().print(f"service grade {grade}: no numbers of it are known; the usual ones stand")
    for value in values(register):
        if value.name in PRESETS[grade]:
            said = (
                f"grade {grade}"
                if value.name in gave
                else f"the pack's own (grade {grade}: {PRESETS[grade][value.name]})"
            )
            out().print(Text(f"{value.name} = {value.value} {value.unit}: {said}"), soft_wrap=True)


def _show_edit(old: Register, new: Register, edit: patrol_edits.Edit | None) -> None:
    """What an import would do about routes and plans that were edited at the console."""
    if edit is None:
        return
    if patrol_edits.digest(new) == patrol_edits.digest(old):
        what = "the pack says the same now"
    elif patrol_edits.digest(new) == edit.base:
        what = f"the import keeps them; `watchroom site patrol {old.site_id}` writes them for the pack"
    else:
        what = "the pack changed them, too: the import is refused without --over-edits"
    who = f"{edit.by}, {edit.at:%Y-%m-%d %H:%M} UTC: {edit.reason}"
    out().print(Text(f"patrol routes and plans were edited at the console ({who}); {what}", style="yellow"))


def _show_result(register: Register, result: ImportResult) -> None:
    if not result.changed:
        out().print(f"{result.site_id}: no change, version {result.version} stands")
        return
    told = ", ".join(
        f"{MARKS[How(how)]}{n} {section}"
        for section, row in acts.summary(result.changes).items()
        for how, n in row.items()
    )
    out().print(
        Text(f"{result.site_id}: version {result.version} ({register.name.zh} {register.name.en})", style="green")
    )
    out().print(Text(f"  {told}"), soft_wrap=True)
    if result.waits_until is not None:
        begins = result.waits_until.astimezone(register.zone_info)
        out().print(Text(f"  comes into force at {begins:%Y-%m-%d %H:%M} ({register.time_zone})", style="yellow"))
    if result.accounts_made:
        out().print(Text(f"  accounts without a password yet: {', '.join(result.accounts_made)}"), soft_wrap=True)


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        _err().print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)
