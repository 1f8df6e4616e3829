"""What the database itself refuses, whoever asks: to delete an entry or a checkpoint, to change one, or to let an entry's
text go before its time or while it is on hold (LOG-03, LOG-04).

Against mistakes, ours and an administrator's. Who owns the database can take a guard away; what they do then, the chain and
the signed checkpoints tell. The time is the log's own: that of its newest entry, so that no clock is asked here.
"""

from typing import Any, Final

from sqlalchemy import Connection, inspect

USUAL_DAYS: Final = 1095
_NEEDED: Final = ("log_entry", "log_checkpoint", "log_hold", "log_retention")
_DAY_US: Final = 86_400_000_000

# What an update of an entry must fulfil: its text goes, its hash comes, and everything else stays.
_MAY_GO: Final = f"""(
  NEW.site_id = OLD.site_id AND NEW.n = OLD.n AND NEW.at = OLD.at AND NEW.chain = OLD.chain
  AND OLD.leaf IS NULL AND length(NEW.leaf) = 32 AND length(NEW.body) = 0
  AND NEW.act = '' AND NEW.actor = '' AND NEW.subject = ''
  AND OLD.at <= (SELECT e.at FROM log_entry e WHERE e.site_id = OLD.site_id ORDER BY e.n DESC LIMIT 1)
    - {_DAY_US} * coalesce((SELECT r.keep_days FROM log_retention r WHERE r.site_id = OLD.site_id), {USUAL_DAYS})
  AND NOT EXISTS (
    SELECT 1 FROM log_hold h WHERE h.site_id = OLD.site_id AND h.lifted_at IS NULL
    AND (h.subject = '' OR h.subject = OLD.subject)
    AND (h.since IS NULL OR OLD.at >= h.since) AND (h.until IS NULL OR OLD.at < h.until))
)"""  # noqa: S608 - constants of ours
_SAYS: Final = "logbook: a text goes only after its time and when it is not on hold; nothing else of an entry changes"
_STAYS: Final = "logbook: this is never deleted or changed"


def install(conn: Connection) -> None:
    """Put the guards up, or up again, where the tables are."""
    if not all(inspect(conn).has_table(name) for name in _NEEDED):
        return
    for statement in _sqlite() if conn.dialect.name == "sqlite" else _postgresql():
        conn.exec_driver_sql(statement)


def remove(conn: Connection) -> None:
    """Take them down: for whoever tests what the chain then tells."""
    for statement in _drops(conn.dialect.name):
        conn.exec_driver_sql(statement)


def after_create(_target: object, conn: Connection, **_: Any) -> None:
    """Where tables are made without migrations."""
    install(conn)


_NAMES: Final = {
    "log_entry_changes": "log_entry",
    "log_entry_stays": "log_entry",
    "log_checkpoint_changes": "log_checkpoint",
    "log_checkpoint_stays": "log_checkpoint",
    "log_hold_stays": "log_hold",
}


def _drops(dialect: str) -> list[str]:
    tails = {name: "" if dialect == "sqlite" else f" ON {table}" for name, table in _NAMES.items()}
    return [f"DROP TRIGGER IF EXISTS {name}{tail}" for name, tail in tails.items()]


def _sqlite() -> list[str]:
    stays = f"BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"
    return [
        *_drops("sqlite"),
        (
            f"CREATE TRIGGER log_entry_changes BEFORE UPDATE ON log_entry WHEN {_MAY_GO} IS NOT TRUE "
            f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
        ),
        f"CREATE TRIGGER log_entry_stays BEFORE DELETE ON log_entry {stays}",
        f"CREATE TRIGGER log_checkpoint_changes BEFORE UPDATE ON log_checkpoint {stays}",
        f"CREATE TRIGGER log_checkpoint_stays BEFORE DELETE ON log_checkpoint {stays}",
        f"CREATE TRIGGER log_hold_stays BEFORE DELETE ON log_hold {stays}",
    ]


def _postgresql() -> list[str]:
    rows, all_at_once = "FOR EACH ROW", "FOR EACH STATEMENT"
    return [
        (
            "CREATE OR REPLACE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_STAYS}'; END $$"
        ),
        (
            "CREATE OR REPLACE FUNCTION log_may_go() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {_MAY_GO} IS NOT TRUE THEN RAISE EXCEPTION '{_SAYS}'; END IF; RETURN NEW; END $$"
        ),
        *_drops("postgresql"),
        f"CREATE TRIGGER log_entry_changes BEFORE UPDATE ON log_entry {rows} EXECUTE FUNCTION log_may_go()",
        f"CREATE TRIGGER log_entry_stays BEFORE DELETE OR TRUNCATE ON log_entry {all_at_once} EXECUTE FUNCTION log_refuse()",
        f"CREATE TRIGGER log_checkpoint_changes BEFORE UPDATE ON log_checkpoint {rows} EXECUTE FUNCTION log_refuse()",
        (
            f"CREATE TRIGGER log_checkpoint_stays BEFORE DELETE OR TRUNCATE ON log_checkpoint {all_at_once} "
            "EXECUTE FUNCTION log_refuse()"
        ),
        f"CREATE TRIGGER log_hold_stays BEFORE DELETE OR TRUNCATE ON log_hold {all_at_once} EXECUTE FUNCTION log_refuse()",
    ]
