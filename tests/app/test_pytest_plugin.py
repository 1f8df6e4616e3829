"""The pytest plugin as an outside project has it: from the wheel, in an environment of its own, far from this checkout."""

import os
import shutil
import site
import subprocess
import venv
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.app.running import ROOT
from tests.app.test_scenario_command import GOOD, TYPO, WRONG

Done = subprocess.CompletedProcess[str]
# Plugins of ours that nobody else need have; pytest-asyncio warns where it is not set up, and a warning is an error.
OURS = ("-p", "no:asyncio", "-p", "no:schemathesis", "-p", "no:cacheprovider")


class Outside:
    """An environment with the wheel in it; the other packages are lent by ours, without what is editable there."""

    def __init__(self, folder: Path) -> None:
        wheel = build(folder / "dist")
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        self.bin = folder / "venv/bin"
        lent = next(folder.glob("venv/lib/python*/site-packages")) / "lent.pth"
        lent.write_text("\n".join(site.getsitepackages()))
        uv("pip", "install", "--offline", "--no-deps", "--python", self.bin / "python", wheel)

    def run(self, cwd: Path, *words: object, program: str = "python") -> Done:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "COV", "VIRTUAL_ENV"))}
        return subprocess.run(
            [self.bin / program, *map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, check=False
        )

    def pytest(self, cwd: Path, *words: object) -> Done:
        return self.run(cwd, "-m", "pytest", *OURS, *words)


def uv(*words: object) -> Done:
    found = shutil.which("uv") or str(ROOT / ".setup/uv/bin/uv")
    done = subprocess.run([found, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def build(folder: Path) -> Path:
    """The wheel. The set-up has fetched what builds it; where that is gone, it is fetched again."""
    words = ("build", "--wheel", "--quiet", "--out-dir", folder, ROOT)
    try:
        uv(*words, "--offline")
    except AssertionError:
        uv(*words)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Outside:
    return Outside(tmp_path_factory.mktemp("outside"))


def test_the_example_project_is_green_with_nothing_but_the_wheel(outside: Outside, tmp_path: Path) -> None:
    """EMG-11, IOT-05: what an engineer copies from examples/ci works as it stands."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples/ci", project)
    where = outside.run(project, "-c", "import app.pytest_plugin; print(app.pytest_plugin.__file__)")
    assert where.stdout.startswith(str(outside.bin.parent)), where.stdout + where.stderr
    done = outside.pytest(project, "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "scenarios/nobody_hears_the_leak.yaml::nobody_hears_the_leak PASSED" in done.stdout
    assert "8 passed" in done.stdout
    shell = outside.run(project, "scenario", "run", "scenarios", "--junit", "nights.xml", program="watchroom")
    assert shell.returncode == 0, shell.stdout + shell.stderr
    assert ET.parse(project / "nights.xml").getroot().get("tests") == "3"


def test_a_scenario_is_a_test_and_its_failure_is_the_report(outside: Outside, tmp_path: Path) -> None:
    nights = tmp_path / "elsewhere/nights"
    nights.mkdir(parents=True)
    for name, text in {"good": GOOD, "wrong": WRONG, "typo": TYPO}.items():
        (nights / f"{name}.yaml").write_text(text)
    project = tmp_path / "project"
    project.mkdir()
    (project / "beside.yaml").write_text("not: ours")
    (project / "test_one.py").write_text("def test_one(): pass\n")
    done = outside.pytest(project, "-q", "-rA", "--watchroom-scenarios", "../elsewhere/nights", "--junitxml", "all.xml")
    assert done.returncode == 1
    assert "2 failed, 2 passed" in done.stdout, done.stdout
    assert "✗ 22:04:25 alert B2-07 acked by wang" in done.stdout
    assert 'typo.yaml:5: unknown verb "aks"; did you mean "acks"?' in done.stdout
    assert "app/pytest_plugin.py" not in done.stdout, "where we found out is nobody's business"
    assert "22:04:20 alert B2-07 fire.alarm acked by wang" in done.stdout, "-rA shows what went well, too"
    failed = ET.parse(project / "all.xml").getroot().findall(".//failure")
    assert any("came at 22:04:20" in (f.text or "") for f in failed)


CHOOSY = """
import pytest, sys

@pytest.fixture
def clock():
    return "my own"

def test_a_fixture_of_ones_own_comes_first(clock):
    assert clock == "my own"

def test_nothing_is_imported_for_those_who_do_not_ask():
    assert not {"simulators", "sqlalchemy", "ingest", "msgspec", "rich"} & sys.modules.keys()

@pytest.mark.watchroom(site="lakeside-office", start="2026-03-07T23:00")
def test_a_shipped_pack(night, site):
    assert site.site_id == "lakeside-office"
    night.until("+1d 03:00")
    assert (night.clock().hour, night.clock().minute) == (8, 0)  # the hour that summer time left out is no hour

def test_without_a_word_it_is_the_small_site(night, site):
    assert site.site_id == "small"
    night.does("B2-07 fire.alarm")
    night.expect("22:00 alert B2-07 raised to wang")

@pytest.mark.watchroom(place="nowhere")
def test_a_wrong_mark_says_what_it_takes(night):
    pass
"""


def test_the_fixtures_know_their_place(outside: Outside, tmp_path: Path) -> None:
    (tmp_path / "test_choosy.py").write_text(CHOOSY)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    done = outside.pytest(tmp_path, "-q")
    assert "4 passed, 1 error" in done.stdout, done.stdout
    assert "watchroom(site=…, start=…, life=…)" in done.stdout


def test_a_folder_that_is_not_there_is_a_mistake_on_the_command_line(outside: Outside, tmp_path: Path) -> None:
    done = outside.pytest(tmp_path, "--watchroom-scenarios", "nowhere")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "nowhere (--watchroom-scenarios)" in done.stderr


def test_who_names_a_test_does_not_want_every_scenario_of_the_settings(outside: Outside, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nwatchroom_scenarios = nights\n")
    (tmp_path / "nights").mkdir()
    (tmp_path / "nights/typo.yaml").write_text(TYPO)
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n")
    assert "1 passed in" in outside.pytest(tmp_path, "test_one.py", "-q").stdout
    assert "1 failed, 1 passed in" in outside.pytest(tmp_path, "-q", "-n", "2").stdout
