"""Who may fail once: nobody whose verdict does not hang on other processes."""

import json
from pathlib import Path

import pytest

from tests import second_look

PAGE, RULE = "tests/e2e/test_queue.py::test_a", "tests/alerts/test_life.py::test_b"


@pytest.mark.parametrize(
    ("failed", "may"),
    [
        ([PAGE], True),
        ([f"{PAGE}[{n}]" for n in range(second_look.AT_MOST)], True),
        ([f"{PAGE}[{n}]" for n in range(second_look.AT_MOST + 1)], False),
        ([RULE], False),
        ([PAGE, RULE], False),
        (["tests/e2e/test_queue.py"], False),  # it could not even be read
        ([], False),  # it ended without telling what failed
    ],
)
def test_only_a_few_and_only_what_waits_for_processes(failed: list[str], may: bool) -> None:
    assert second_look.eligible(failed) == may


def test_every_folder_it_names_exists() -> None:
    for folder in (*second_look.PROCESSES, second_look.NIGHTS):
        assert (second_look.TOP / folder).exists()


def test_failures_are_read_from_what_pytest_keeps(tmp_path: Path) -> None:
    assert second_look.failures(tmp_path) == []
    kept = tmp_path / "v/cache"
    kept.mkdir(parents=True)
    (kept / "lastfailed").write_text(json.dumps({RULE: True, PAGE: True}))
    assert second_look.failures(tmp_path) == [RULE, PAGE]


def test_a_failing_look_is_the_verdict(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A test that does not exist cannot pass; nor does anything else end as a success."""
    assert second_look.main([]) == 1
    assert second_look.main([RULE]) == 1
    assert capfd.readouterr().out == ""
    assert second_look.main(["tests/e2e/test_pages.py::test_that_is_not_there"]) != 0
    assert "PASSED" not in capfd.readouterr().out
