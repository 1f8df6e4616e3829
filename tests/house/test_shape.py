"""The shape of the house: its rooms, its names, and a few habits that no linter knows."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
ROOMS = (
    *("core", "store", "sites", "logbook", "duty", "alerts", "patrol", "ingest", "gateway", "api", "notify"),
    *("simulators", "app", "web", "migrations", "docs", "bench", "deploy", "tests", "packs"),
)
CODE = tuple(room for room in ROOMS if room not in {"web", "docs", "tests"})
BANNED = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "service", "misc"}


def _modules(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((TOP / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_the_design_stands_at_the_top(room: str) -> None:
    assert (TOP / room).is_dir()


@pytest.mark.parametrize(
    "file", ["docker-compose.yml", "README.md", "Makefile", "pyproject.toml", "uv.lock", "LICENSE"]
)
def test_a_file_of_the_design_stands_at_the_top(file: str) -> None:
    assert (TOP / file).is_file()


def test_no_module_is_named_after_nothing() -> None:
    found = [str(p.relative_to(TOP)) for p in _modules(*CODE) if {p.stem, *p.relative_to(TOP).parts} & BANNED]
    assert found == []


def test_no_room_hides_a_module_of_the_standard_library() -> None:
    assert not set(CODE) & set(sys.stdlib_module_names)


def test_sql_outside_the_store_is_never_an_f_string() -> None:
    found = [
        f"{path.relative_to(TOP)}:{call.lineno}"
        for path in _modules(*(room for room in CODE if room not in {"store", "migrations", "bench"}))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and _executes(call) and call.args and isinstance(call.args[0], ast.JoinedStr)
    ]
    assert found == []


def _executes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"execute", "executemany", "exec_driver_sql", "text"}


def test_no_test_is_skipped() -> None:
    """Except for what the platform itself does not have."""
    mark = re.compile(r"pytest\.mark\.(skip(?!if\(sys\.platform)|xfail)|pytest\.(skip|xfail)\(|importorskip")
    here = Path(__file__)
    found = [str(p.relative_to(TOP)) for p in _modules("tests") if p != here and mark.search(p.read_text("utf-8"))]
    assert found == []


def test_nothing_is_left_for_later_in_the_code() -> None:
    mark = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = [str(p.relative_to(TOP)) for p in _modules(*CODE) if mark.search(p.read_text("utf-8"))]
    assert found == []
