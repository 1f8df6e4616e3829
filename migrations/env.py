"""Alembic's way in: runs on the connection it is handed, inside the transaction that is open on it."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from logbook import guards
from store.metadata import Instant, Json, metadata


def plain(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    """A revision names the types at rest, never ours: it must mean the same when ours have moved on."""
    if kind == "type" and isinstance(thing, Instant):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(thing, Json):
        return "sa.Text()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
    render_item=plain,
    compare_type=True,
)
context.run_migrations()
guards.install(context.config.attributes["connection"])  # what no table can say; see there
