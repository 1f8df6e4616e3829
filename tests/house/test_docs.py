"""The documentation agrees with the code and with itself."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

TOP = Path(__file__).parents[2]
PAGES = sorted([*(TOP / "docs").rglob("*.md"), TOP / "README.md", TOP / "CONTRIBUTING.md", TOP / "CHANGELOG.md"])
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", TOP / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_blocks_are_what_the_code_says_now() -> None:
    """After a change of the tables: python docs/generate.py."""
    old = [str(page.relative_to(TOP)) for page, wanted in _generator().pages() if page.read_text("utf-8") != wanted]
    assert old == []


def test_every_generated_block_is_used() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    assert set(re.findall(r"<!-- generated: ([a-z-]+) -->", text)) == set(_generator().BLOCKS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(TOP)))
def test_a_link_leads_somewhere(page: Path) -> None:
    dead = [target for target in _LINK.findall(page.read_text("utf-8")) if not (page.parent / target).exists()]
    assert dead == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = (TOP / "docs/README.md").read_text("utf-8")
    listed = {(TOP / "docs" / target).resolve() for target in _LINK.findall(index)}
    pages = {p for p in PAGES if p.is_relative_to(TOP / "docs") and p.name != "README.md"}
    assert pages - listed == set()


def test_the_commands_told_do_not_depend_on_what_was_asked_before() -> None:
    from app.__main__ import whole

    first = [group.name for group in whole().registered_groups]
    whole("scenario")
    assert [group.name for group in whole().registered_groups] == first
