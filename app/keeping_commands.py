"""`watchroom db …`: keeping the house."""

import typer

db_app = typer.Typer(no_args_is_help=True, help="The database's schema.")


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema up to this version."""
    from app.settings import Settings
    from store.db import Store
    from store.migrate import upgrade

    was, is_now = upgrade(Store(Settings().store_url))
    typer.echo(f"{was or 'empty'} -> {is_now}")


@db_app.command("current")
def db_current() -> None:
    """Tell which revision the database is at."""
    from app.settings import Settings
    from store.db import Store
    from store.migrate import current

    typer.echo(current(Store(Settings().store_url)) or "empty")
