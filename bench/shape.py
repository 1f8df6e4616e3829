"""The shape of the code: how long files and functions are. It reports, it does not gate."""

import ast
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
PACKAGES = [
    "core",
    "store",
    "sites",
    "logbook",
    "duty",
    "alerts",
    "patrol",
    "ingest",
    "gateway",
    "api",
    "notify",
    "simulators",
    "app",
]


def _at(values: list[int], share: float) -> int:
    return values[min(len(values) - 1, int(len(values) * share))]


def run() -> None:
    """Print lines of files and functions at p50, p90, p99 and the longest."""
    files, functions, longest = [], [], ("", 0)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            files.append(len(text.splitlines()))
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    size = (node.end_lineno or node.lineno) - node.lineno + 1
                    functions.append(size)
                    longest = max(longest, (f"{path.relative_to(ROOT)}:{node.name}", size), key=lambda x: x[1])
    table = Table(title="shape, lines")
    for name in ("", "count", "median", "p90", "p99", "max"):
        table.add_column(name, justify="right")
    for name, sizes in (("files", sorted(files)), ("functions", sorted(functions))):
        table.add_row(
            name, *(str(v) for v in (len(sizes), _at(sizes, 0.5), _at(sizes, 0.9), _at(sizes, 0.99), sizes[-1]))
        )
    Console().print(table)
    Console().print(f"longest function: {longest[0]} ({longest[1]})")
