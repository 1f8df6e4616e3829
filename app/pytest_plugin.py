"""The pytest plugin: `pytest --watchroom-scenarios DIR` tries every scenario there, and `night` drives one from Python.

pytest loads this from the installed package by its entry point. It is loaded in every run of pytest, so it imports nothing
of ours before a scenario or a fixture is really wanted. It brings the fixtures `site`, `clock` and `night`; a project's
own fixture of the same name comes first.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from app.scenario_reports import Outcome
    from core.clock import Clock
    from simulators.scenario.night import Night
    from sites.register import Register

MARK = "watchroom(site=…, start=…, life=…): the site and the hour of the fixtures `site`, `clock` and `night`"
START = "2026-03-01T22:00"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options and settings."""
    group = parser.getgroup("watchroom", "nights in a watchroom")
    group.addoption(
        "--watchroom-scenarios",
        action="append",
        default=[],
        metavar="DIR",
        help="try every scenario (*.yaml) in DIR; may be given more than once",
    )
    group.addoption(
        "--watchroom-real",
        action="store_true",
        help="play scenarios on running processes and a real broker instead of a virtual house",
    )
    parser.addini("watchroom_scenarios", "folders whose scenarios are tried in every run", type="paths", default=[])
    parser.addini("watchroom_site", "the site of the fixtures: a pack's path or a shipped pack's name", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make sure that the scenarios' folders are among what pytest goes through."""
    config.addinivalue_line("markers", MARK)
    going = [(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args]
    for folder in _asked(config):
        if not folder.exists():
            raise pytest.UsageError(f"there is no folder {folder} (--watchroom-scenarios)")
        if not any(folder.is_relative_to(one) for one in going):
            config.args.append(str(folder))


def _asked(config: pytest.Config) -> list[Path]:
    """Only what this run is about: with scenarios in the settings, `pytest tests/test_one.py` tries none of them."""
    typed = [(config.invocation_params.dir / folder).resolve() for folder in config.getoption("--watchroom-scenarios")]
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return typed
    return [*typed, *(path.resolve() for path in config.getini("watchroom_scenarios"))]


# -- scenarios as tests


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioFile | None":
    """A YAML file in one of the folders is a test."""
    if file_path.suffix not in {".yaml", ".yml"}:
        return None
    config = parent.config
    folders = [*_asked(config), *(path.resolve() for path in config.getini("watchroom_scenarios"))]
    if not any(file_path.resolve().is_relative_to(folder) for folder in folders):
        return None
    made: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return made


class ScenarioFile(pytest.File):
    """One file, one story, one test."""

    def collect(self) -> Iterable["ScenarioItem"]:
        yield ScenarioItem.from_parent(self, name=self.path.stem)


class ScenarioItem(pytest.Item):
    """A scenario. It fails with the report that `watchroom scenario run` prints."""

    outcome: "Outcome | None" = None

    def runtest(self) -> None:
        from app.scenario_reports import PASSED
        from app.scenario_runs import How, outcome_of

        self.outcome = outcome_of(self.path, How(real=self.config.getoption("--watchroom-real")))
        if self.outcome.verdict != PASSED:
            raise ScenarioFailed(self.outcome.report)
        self.add_report_section("call", "timeline", "\n".join(self.outcome.timeline))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report alone: where in our code it was found out tells nobody anything."""
        if isinstance(excinfo.value, ScenarioFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, 0, self.name


class ScenarioFailed(Exception):  # noqa: N818 - what happened
    """The story went otherwise."""


# -- fixtures


@pytest.fixture
def site(request: pytest.FixtureRequest) -> "Register":
    """The site: the marker's, else the setting `watchroom_site`, else the small built-in one."""
    from simulators.scenario.night import register_of

    marked = _marked(request).get("site")
    if marked is not None:
        return register_of(str(marked), request.path.parent)
    named = request.config.getini("watchroom_site")
    return register_of(named, request.config.rootpath) if named else register_of(None, request.path.parent)


@pytest.fixture
def night(request: pytest.FixtureRequest) -> "Iterator[Night]":
    """A night at the `site` in a virtual house, driven by the test itself. See `simulators.scenario.night.Night`."""
    from app.scenario_worlds import virtual
    from simulators.scenario.night import Night

    marked = _marked(request)
    made = Night(virtual, request.getfixturevalue("site"), marked.get("start", START), life=marked.get("life", "beats"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def clock(night: "Night") -> "Clock":
    """The clock of the `night`: what time it is there (UTC)."""
    return night.clock


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("watchroom")
    if marker is None:
        return {}
    unknown = marker.kwargs.keys() - {"site", "start", "life"}
    if unknown or marker.args:
        raise pytest.UsageError(f"@pytest.mark.{MARK}")
    return dict(marker.kwargs)
