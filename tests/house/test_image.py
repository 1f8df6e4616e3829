"""The Dockerfile, as far as it can be judged without building it."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

TOP = Path(__file__).parents[2]
LINES = re.sub(r"\\\n", " ", (TOP / "deploy/Dockerfile").read_text()).splitlines()
STEPS = [line.split(maxsplit=1) for line in LINES if line and not line.startswith("#")]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())


def _stages() -> list[list[list[str]]]:
    stages: list[list[list[str]]] = []
    for step in STEPS:
        if step[0] == "FROM":
            stages.append([])
        stages[-1].append(step)
    return stages


def _let_through(path: str) -> bool:
    """Whether .dockerignore leaves a top-level path in the build."""
    verdict = True
    for line in (TOP / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#") and fnmatch(path, line.removeprefix("!")):
            verdict = line.startswith("!")
    return verdict


def test_node_and_the_build_tools_stay_behind() -> None:
    stages = _stages()
    assert len(stages) == 3
    final = stages[-1]
    assert final[0][1].startswith("python:3.11-slim")
    assert not any("npm" in step[1] or "pip " in step[1] or "uv " in step[1] for step in final)


def test_it_runs_as_nobody_in_particular_and_says_whether_it_is_well() -> None:
    final = dict(_stages()[-1])
    assert final["USER"] == "10001:10001"
    assert "/api/v1/health" in final["HEALTHCHECK"]
    assert final["ENTRYPOINT"] == '["watchroom"]'


def test_what_it_copies_exists_and_is_not_ignored() -> None:
    for step in STEPS:
        if step[0] == "COPY" and "--from" not in step[1]:
            for source in step[1].split()[:-1]:
                assert (TOP / source).exists(), source
                assert source == "." or _let_through(source.split("/")[0]), source


def test_every_package_of_the_wheel_gets_into_the_image() -> None:
    for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert _let_through(package), package
    for file in ("pyproject.toml", "uv.lock", "hatch_build.py", "README.md", "LICENSE"):
        assert _let_through(file), file


def test_secrets_and_this_machines_folders_do_not() -> None:
    for path in (".env", ".git", ".venv", ".setup", "deploy", "var", "tests"):
        assert not _let_through(path), path
