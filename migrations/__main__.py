"""For developers. `python -m migrations make "what changes"` writes the next revision from the tables as they now are;
`python -m migrations regenerate` writes the newest one anew (only while it is not released). Read what it wrote.
"""

import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from alembic import command

from store import migrate
from store.db import Store

HERE = Path(__file__).parent
VERSIONS = HERE / "versions"


def load_tables() -> None:
    """Import every slice's tables, so that the metadata is whole."""
    for tables in sorted(HERE.parent.glob("*/tables.py")):
        import_module(f"{tables.parent.name}.tables")


def make(number: int, what: str) -> Path:
    """Write revision `number` as the difference between the revisions before it and the tables."""
    load_tables()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/schema.db")
        if number > 1:
            migrate.upgrade(store)
        with store.begin() as tx:
            command.revision(migrate.config(tx.conn), what, autogenerate=True, rev_id=f"{number:04}")
        store.close()
    (made,) = VERSIONS.glob(f"{number:04}_*.py")
    lines = made.read_text(encoding="utf-8").splitlines(keepends=True)
    made.write_text("".join(line for line in lines if "# ###" not in line), encoding="utf-8")
    for step in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, str(made)], check=False)
    return made


def main() -> int:
    """Make the next revision, or the newest anew."""
    match sys.argv[1:]:
        case ["make", what]:
            known = migrate.revisions()
            made = make(int(known[-1]) + 1 if known else 1, what)
        case ["regenerate"]:
            (old,) = VERSIONS.glob(f"{migrate.newest()}_*.py")
            what = old.read_text(encoding="utf-8").split('"""')[1].strip().rstrip(".")
            old.unlink()
            made = make(int(old.name[:4]), what)
        case _:
            print(__doc__)
            return 2
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
