"""The API's description: what is committed is what the server does, and the client's types can trust it."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

import api
from alerts.ladder import Frozen
from alerts.rules import Alert
from api.alert_shapes import Alert as AlertShape
from api.openapi import document
from api.register_shapes import Register as RegisterShape
from api.shapes import Shape
from ingest.store import Brief
from sites.register import Register

COMMITTED = Path(__file__).parents[2] / "web/shared/api/openapi.json"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """The description as the code stands."""
    return document()


def test_the_committed_description_is_the_one_of_this_code(made: dict[str, Any]) -> None:
    """`python -m api.openapi` writes it anew."""
    assert msgspec.json.decode(COMMITTED.read_bytes()) == msgspec.json.decode(msgspec.json.encode(made))


def test_no_answer_has_a_field_that_may_be_missing(made: dict[str, Any]) -> None:
    """An output field with a default becomes `?:` in the client; there are none."""
    taken = [
        importlib.import_module(f"api.{m.name}")
        for m in pkgutil.iter_modules(api.__path__)
        if m.name.endswith("bodies")
    ]
    told = {name for name in made["components"]["schemas"] if not any(hasattr(bodies, name) for bodies in taken)}
    for name in told:
        schema = made["components"]["schemas"][name]
        if schema.get("type") == "object":
            assert sorted(schema.get("required", [])) == sorted(schema["properties"]), name


def test_every_command_may_be_refused_in_the_documented_form(made: dict[str, Any]) -> None:
    for path, methods in made["paths"].items():
        for method, route in methods.items():
            for status in ("401", "403", "422", "429", "500", "503"):
                assert list(route["responses"][status]["content"]) == ["application/problem+json"], (method, path)


def test_the_feed_is_a_closed_set_told_apart_by_its_type(made: dict[str, Any]) -> None:
    push = made["components"]["schemas"]["Push"]
    assert push["discriminator"]["propertyName"] == "type"
    assert set(push["discriminator"]["mapping"]) == {
        "alert", "away", "conditions", "devices", "duty", "events", "gateway", "handover", "log", "mandate", "mode",
        "presence", "register", "repeats", "request", "roster", "round", "step", "taps", "told",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("struct", "shape"),
    [(Alert, "Alert"), (Frozen, "FrozenLadder"), (Brief, "EventBrief"), (Register, "Register")],
)
def test_the_shapes_name_their_fields_as_the_domain_does(made: dict[str, Any], struct: Any, shape: str) -> None:
    assert set(made["components"]["schemas"][shape]["properties"]) == set(struct.__struct_fields__)


def test_shapes_are_strict() -> None:
    assert issubclass(AlertShape, Shape)
    assert RegisterShape.model_config["extra"] == "forbid"
