"""The compose file, as far as it can be judged without a container engine."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from app.__main__ import whole
from app.settings import Settings

TOP = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if "build" in s}


def test_the_file_follows_the_compose_specification() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_role_of_the_design_has_a_service() -> None:
    assert {"mosquitto", "postgres", "influxdb", "api", "ingest", "sweep", "notify", "simulators", "caddy"} <= set(
        SERVICES
    )
    assert SERVICES["simulators"]["profiles"] == ["simulators"]
    assert SERVICES["caddy"]["profiles"] == ["tls"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_refers_to_is_declared(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    assert set(service.get("networks", ())) <= set(COMPOSE["networks"])
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    for source in (mount.split(":")[0] for mount in service.get("volumes", ())):
        assert (TOP / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_waits_for_another_or_gives_up(name: str) -> None:
    assert "depends_on" not in SERVICES[name]
    assert SERVICES[name]["restart"] in {"unless-stopped", "on-failure"}


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned_to_a_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert any(c.isdigit() for c in tag), SERVICES[name]["image"]
    assert "latest" not in tag


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_a_command_that_exists(name: str) -> None:
    _parse(typer.main.get_command(whole()), [str(word) for word in OURS[name]["command"]])


def _parse(command: Any, words: list[str]) -> None:
    """Follow `words` down to the last command and let it read its options, without running anything."""
    if isinstance(command, TyperGroup):
        assert words, f"{command.name} needs a command after it"
        assert words[0] in command.commands, f"{command.name} has no command {words[0]!r}"
        _parse(command.commands[words[0]], words[1:])
    else:
        command.make_context(command.name, words)


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="has no command 'rule'"):
        _parse(typer.main.get_command(whole()), ["rule", "api"])


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_sets_only_what_the_settings_know(name: str) -> None:
    known = {f"WATCHROOM_{field}".upper() for field in Settings.model_fields}
    assert {variable for variable in OURS[name]["environment"] if variable.startswith("WATCHROOM_")} <= known


@pytest.mark.parametrize("name", [*OURS, "mosquitto"])
def test_a_service_of_ours_can_do_little_harm(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_mosquitto_and_postgres_are_not_root() -> None:
    assert SERVICES["mosquitto"]["user"] == "10001:10001"
    assert SERVICES["postgres"]["user"] == "postgres"


def test_only_the_broker_the_api_and_caddy_can_be_reached_and_the_api_only_from_this_machine() -> None:
    ports = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert ports == {"mosquitto": ["8883:8883"], "api": ["127.0.0.1:8080:8080"], "caddy": ["80:80", "443:443"]}


def test_no_secret_has_a_value_that_works() -> None:
    """Without `deploy/setup/secrets`, docker compose refuses to start."""
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if any(word in key for word in ("PASSWORD", "TOKEN")) or "@" in value:
                assert "{POSTGRES_PASSWORD:?" in value or "{INFLUX_PASSWORD:?" in value or "{INFLUX_TOKEN:?" in value
    assert COMPOSE["secrets"]["server"]["file"] == "./deploy/secrets/server"


def test_secrets_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    script = tmp_path / "deploy/setup/secrets"
    script.parent.mkdir(parents=True)
    script.write_bytes((TOP / "deploy/setup/secrets").read_bytes())

    def run() -> tuple[str, str]:
        subprocess.run(["bash", script], check=True, capture_output=True)
        return (tmp_path / ".env").read_text(), (tmp_path / "deploy/secrets/server").read_text()

    env, server = run()
    assert (env, server) == run()
    words = [line.split("=")[1] for line in env.splitlines() if line.startswith(("POSTGRES", "INFLUX"))]
    assert len(words) == len({*words, server}) - 1
    assert all(len(word) == 64 for word in [*words, server])
    assert (tmp_path / ".env").stat().st_mode & 0o77 == 0
    assert (tmp_path / "deploy/secrets").stat().st_mode & 0o77 == 0
