"""The JSON Schema of a scenario file, for editors: keys, their meaning, and what a line may look like.

It is made from the tables that the reader itself uses. It knows no names of a site; the reader does.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from duty.calendar import MONTH
from simulators.scenario import given_patrol
from simulators.scenario.expects import FIRST_WORDS
from simulators.scenario.given import AS_IN_A_PACK
from simulators.scenario.lines import VERBS
from simulators.scenario.load import KEYS, LIVES
from simulators.scenario.times import ONE
from sites.duty_policies import DutyPolicies
from sites.duty_words import FieldType
from sites.patrol_words import PatrolPolicies
from sites.register import MODELS, ZONE_KINDS, Role

FILE: Final = Path(__file__).with_name("scenario.schema.json")

_SPAN: Final = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"
_TOLERANCE: Final = r"((±|\+-|~)[0-9.]+(ms|s|m|h|d)([0-9.]+(ms|s|m|h|d))*)?"
_WHEN: Final = rf"^{ONE}\s+\S+\s+\S"
_THEN: Final = rf"^((later|{ONE}(\.\.{ONE})?{_TOLERANCE})\s+)?({'|'.join(FIRST_WORDS)})(\s|$)"
_SPAN_OF_HOURS: Final = r"[0-9]{2}:[0-9]{2}\s*-\s*[0-9]{2}:[0-9]{2}"
_HOURS: Final = rf"^\S+\s+{_SPAN_OF_HOURS}(\s*\+\s*{_SPAN_OF_HOURS})*(\s+on\s+[a-z+]+)?$"
_LISTED: Final = r"^([0-9]+|check|note|(item|key)\s+[0-9]+)$"
_PLAN: Final = re.sub(r"\(\?P<\w+>", "(", f"^{given_patrol.PLAN}$")
_RUNG: Final = (
    r"^(repeat\s+[0-9.]+[smh]|[0-9.]+(ms|s|m|h)\S*\s+((seat|post|role|person|external):\S+|external)(\s+\S+)?)$"
)

ABOUT: Final = {
    "about": "What happens, in a sentence, in any language. Without it, the comment that the file begins with.",
    "site": "A shipped site pack by its name, or a path to one from this file. Without it: the small built-in site.",
    "zone": "The time zone, where no site is named.",
    "start": "When the night begins, on the wall clock of the site.",
    "end": "When it ends. Without it: ten minutes after the last line of `when` or `then`.",
    "life": "What devices say by themselves. `beats`: supervised devices give their life signs.",
    "seed": "The same seed, the same night.",
    "given": "What is so at the site, put over what its pack says.",
    "when": "What is done, line by line, in order of time.",
    "then": "What must come of it.",
}
TOLD: Final = {
    "people": "id: role, [roles], or roles, email and name.",
    "devices": "id: model, or model, zone, gateway, supervision and key.",
    "gateways": "id: how long it may be silent.",
    "zones": "id: kind of zone, or kind and parent.",
    "seats": "id: required or optional.",
    "checkpoints": "id: the UID of its tag.",
    "roster": "seat: who stands there at which hours, daily. An empty list is nobody; a seat not named keeps its rota.",
    "ladder": "Who is called when, for every alert; or the ladders of the pack that are replaced.",
    "policies": "The site's numbers, and its duty rules.",
    "kinds": "An event kind: ack, priority; for a new one also klass, effect, ends and clears.",
    "staffing": "post: how many it needs, with which certificates; without hours, the whole day round.",
    "checklists": "seat: what is gone through when it is handed over: things counted, `check`, `key N`, `note`.",
    "forms": "form of the log: its fields and their types.",
    "patrol": "`plans`: the pack's own rounds are to be walked. Else none are but those of the plans given here, in few words.",
    "signed_on": "seat: who signed on before the start.",
    "published": "Months whose roster stood before the start, as the rotas have it.",
}
_TEXT: Final = {"type": "string"}


def schema() -> dict[str, Any]:
    """The whole schema."""
    made: dict[str, dict[str, Any]] = {
        "about": {"type": "string"},
        "site": {"type": "string"},
        "zone": {"type": "string", "examples": ["Asia/Shanghai"]},
        "start": {
            "type": "string",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}",
            "examples": ["2026-03-01T22:00"],
        },
        "end": {"type": "string", "pattern": f"^{ONE}$", "examples": ["23:30", "+1d 06:00"]},
        "life": {"enum": list(LIVES), "default": "beats"},
        "seed": {"type": "integer", "minimum": 0, "default": 1},
        "given": given(),
        "when": _lines(_WHEN, [f"22:04 {verb.example}" for verb in VERBS]),
        "then": _lines(_THEN, ["22:04 alert B2-07 fire.alarm raised to wang", "no notice to zhao", "nothing else"]),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Watchroom scenario",
        "description": "A night shift as a file: what is done, and what must come of it.",
        "type": "object",
        "required": ["start"],
        "anyOf": [{"required": ["when"]}, {"required": ["then"]}],
        "additionalProperties": False,
        "properties": {key: {"description": ABOUT[key], **made[key]} for key in KEYS},
    }


def given() -> dict[str, Any]:
    """The words of `given`, in their order."""
    words = _who_and_what() | _duty() | _rules() | _forms() | _rest()
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": TOLD[key], **words[key]} for key in words},
    }


def _who_and_what() -> dict[str, Any]:
    """People and things."""
    span = {"type": "string", "pattern": _SPAN}
    roles = _one_or_more({"enum": [r.value for r in Role]})
    return {
        "people": _each(
            roles,
            {"roles": roles, "email": _TEXT, "name": _TEXT}
            | {key: {"description": "As in a site pack."} for key in AS_IN_A_PACK},
        ),
        "devices": _each(
            {"enum": list(MODELS)},
            {
                "model": {"enum": list(MODELS)},
                "zone": _TEXT,
                "gateway": _TEXT,
                "supervision": span,
                "key": {"type": "boolean"},
                "name": _TEXT,
            },
        ),
        "gateways": {"type": "object", "additionalProperties": span},
        "zones": _each(
            {"enum": list(ZONE_KINDS)}, {"kind": {"enum": list(ZONE_KINDS)}, "parent": _TEXT, "name": _TEXT}
        ),
        "seats": {"type": "object", "additionalProperties": {"enum": ["required", "optional"]}},
        "checkpoints": _each(
            _one_or_more(_tag()), {"tags": _one_or_more(_tag()), "zone": _TEXT, "name": _TEXT, "post": _TEXT}
        ),
    }


def _duty() -> dict[str, Any]:
    """Who stands where, and who is called."""
    hours = {"type": "array", "items": {"type": "string", "pattern": _HOURS}}
    rungs = {"type": "array", "items": {"type": "string", "pattern": _RUNG}, "minItems": 1}
    return {
        "roster": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    hours,
                    {
                        "type": "object",
                        "properties": {"daily": hours},
                        "patternProperties": {"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": hours},
                        "additionalProperties": False,
                    },
                ]
            },
        },
        "ladder": {"anyOf": [rungs, {"type": "object", "additionalProperties": rungs}]},
    }


def _rules() -> dict[str, Any]:
    """The site's numbers."""
    span = {"type": "string", "pattern": _SPAN}
    return {
        "policies": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "handle_by": {"type": "object", "patternProperties": {"^[1-4]$": span}, "additionalProperties": False},
                "clock_skew": span,
                "gateway_gap": span,
                "checkpoint_every": span,
                "key_zone_raises_priority": {"type": "boolean"},
                "major": {"description": "Which alerts are major incidents, as in a site pack."},
                "duty": {
                    "description": "The duty rules, as in a site pack.",
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {name: {} for name in DutyPolicies.__struct_fields__},
                },
            },
        },
    }


def _forms() -> dict[str, Any]:
    """What is gone through and written."""
    return {
        "staffing": {"type": "object", "additionalProperties": _one_or_more({"type": "object"})},
        "checklists": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": _LISTED}]},
            },
        },
        "forms": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"enum": [t.value for t in FieldType if t is not FieldType.CHOICE]},
            },
        },
        "kinds": {"type": "object", "additionalProperties": {"type": "object"}},
    }


def _rest() -> dict[str, Any]:
    """Rounds, and what was so before the start."""
    return {
        "patrol": {
            "anyOf": [
                {"const": given_patrol.OWN},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "routes": _each(
                            _one_or_more({}), {"stops": {"type": "array"}, "order": _TEXT, "night": {"type": "boolean"}}
                        ),
                        "plans": {
                            "type": "object",
                            "additionalProperties": {
                                "anyOf": [{"type": "string", "pattern": _PLAN}, {"type": "object"}]
                            },
                        },
                        "policies": {
                            "description": "The patrol rules, as in a site pack.",
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {name: {} for name in PatrolPolicies.__struct_fields__},
                        },
                        "elsewhere": {
                            "description": "Tags that hang at another site.",
                            "type": "array",
                            "items": _TEXT,
                        },
                    },
                },
            ]
        },
        "signed_on": {"type": "object", "additionalProperties": _TEXT},
        "published": {"type": "array", "items": {"type": "string", "pattern": MONTH}},
    }


def text() -> str:
    """The schema as the committed file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _lines(pattern: str, examples: list[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "pattern": pattern, "examples": examples}}


def _one_or_more(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _each(short: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """A mapping of ids to a word, or to fields."""
    long = {"type": "object", "properties": fields, "additionalProperties": False}
    return {"type": "object", "additionalProperties": {"anyOf": [short, long]}}


def _tag() -> dict[str, Any]:
    """A tag's UID, which may happen to look like a number."""
    return {"type": ["string", "number"]}
