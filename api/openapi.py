"""The API's description, from which the typed client is made: `python -m api.openapi FILE`."""

import sys
from pathlib import Path
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from api.app import bare
from api.pushes import PUSH, WORDS_OF_THE_FEED
from api.shapes import Problem

_REF = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """OpenAPI 3.1 of every route, with the refusals and the words of the live feed among its schemas."""
    made = bare("1").openapi()
    schemas = made["components"]["schemas"]
    _, extra = models_json_schema([(m, "validation") for m in (Problem, *WORDS_OF_THE_FEED)], ref_template=_REF)
    push = PUSH.json_schema(ref_template=_REF)
    schemas |= extra["$defs"] | push.pop("$defs") | {"Push": push}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    made["components"]["schemas"] = dict(sorted(schemas.items()))
    return made


def write(path: Path) -> None:
    """Write the description where the web client's types are made from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document()), indent=2) + b"\n")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "web/shared/api/openapi.json"))
