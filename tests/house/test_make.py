"""The Makefile and the scripts behind it."""

import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
TARGETS = ("demo", "test", "check", "types", "bench", "scenario", "clean")


def test_make_alone_tells_what_there_is() -> None:
    said = subprocess.run(["make", "-s"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    for target in TARGETS:
        assert f"make {target} " in said


def test_make_scenario_plays_nights_and_its_exit_code_is_the_verdict() -> None:
    def make(file: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "-s", "scenario", f"FILES={file}"], cwd=TOP, capture_output=True, text=True, check=False
        )

    good = make("examples/ci/scenarios/bo_answers_the_smoke.yaml")
    assert good.returncode == 0, good.stdout + good.stderr
    assert "✓ bo_answers_the_smoke" in good.stdout
    bad = make("docs/howto/broken-on-purpose.yaml")
    assert bad.returncode != 0
    assert "3 of 5 expectations failed" in bad.stdout


def test_ci_runs_the_command_that_the_readme_names() -> None:
    assert "exec make test" in (TOP / ".ci/run").read_text()
    readme = (TOP / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme


@pytest.mark.parametrize(
    ("codes", "looks", "passes"),
    [
        ((0, 0), False, True),
        ((1, 0), True, True),
        ((0, 1), True, True),
        ((1, 1), True, True),
        ((3, 1), False, False),  # it broke off: what it did not reach might have failed, too
        ((1, 2), False, False),
        ((5, 0), False, False),
    ],
)
def test_only_a_run_that_went_through_gets_a_second_look(
    tmp_path: Path, codes: tuple[int, int], looks: bool, passes: bool
) -> None:
    """Whoever plays Python here ends as told, and finds nothing wrong at the second look."""
    python = tmp_path / "python"
    rules, pages = codes
    python.write_text(
        f'#!/bin/bash\necho "$2" >> {tmp_path}/calls\n'
        f'case "$*" in *second_look*) exit 0 ;; *--ignore*) exit {rules} ;; *) exit {pages} ;; esac\n'
    )
    python.chmod(0o755)
    done = subprocess.run(["make", "-s", "py-test", f"PY={python}"], cwd=TOP, capture_output=True, check=False)
    assert (done.returncode == 0) == passes
    calls = (tmp_path / "calls").read_text().split()
    assert calls == ["pytest", "pytest", *(["tests.second_look"] if looks else [])]


@pytest.mark.parametrize("script", [".ci/run", "deploy/setup/prepare", "deploy/setup/secrets"])
def test_a_script_can_be_run_and_stops_at_the_first_error(script: str) -> None:
    path = TOP / script
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", path], check=True)


def test_a_fresh_clone_is_prepared_once(tmp_path: Path) -> None:
    """A stamp that fits is believed: with uv out of reach, preparing again would fail."""
    clone = tmp_path / "clone"
    script = clone / "deploy/setup/prepare"
    script.parent.mkdir(parents=True)
    script.write_bytes((TOP / "deploy/setup/prepare").read_bytes())
    (clone / "pyproject.toml").write_text("[project]\n")
    (clone / "uv.lock").write_text("")
    uv = tmp_path / "bin/uv"
    uv.parent.mkdir()
    uv.write_text(
        '#!/bin/bash\n[ "$1" = --version ] && { echo "uv 0.13.9"; exit; }\necho "$@" >> calls\n'
        "mkdir -p .venv/bin && ln -sf /bin/true .venv/bin/python\n"
    )
    uv.chmod(0o755)
    npm = tmp_path / "bin/npm"
    npm.write_text(
        '#!/bin/bash\necho "npm $@" >> ../calls\nmkdir -p node_modules ../api/static/guard\n: > ../api/static/index.html\n: > ../api/static/guard/index.html\n'
    )
    npm.chmod(0o755)
    node = tmp_path / "bin/node"
    node.write_text("#!/bin/bash\necho true\n")
    node.chmod(0o755)
    (clone / "web").mkdir()
    (clone / "web/package-lock.json").write_text("{}")
    (clone / "core/words").mkdir(parents=True)
    (clone / "core/words/en.json").write_text("{}")

    def prepare() -> list[str]:
        (clone / "calls").write_text("")
        path = f"{uv.parent}:/usr/bin:/bin"
        subprocess.run(["bash", script, "demo"], cwd=clone, env={"PATH": path}, check=True, capture_output=True)
        return [line.split()[0] + " " + line.split()[1] for line in (clone / "calls").read_text().splitlines()]

    assert prepare() == ["sync --frozen", "npm ci", "npm run"]
    (clone / "core/words/__pycache__").mkdir()
    (clone / "core/words/__pycache__/words.pyc").write_text("made by running it")
    assert prepare() == []
    (clone / "web/main.ts").write_text("changed")
    assert prepare() == ["npm run"]
    (clone / "uv.lock").write_text("changed")
    assert prepare() == ["sync --frozen"]
