"""The JSON Schema that editors get: it is the code's, accepts what the reader accepts, and refuses what cannot be."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from simulators.scenario import schema
from simulators.scenario.expects import FIRST_WORDS
from simulators.scenario.given import KEYS as GIVEN
from simulators.scenario.lines import VERBS
from simulators.scenario.load import KEYS, read

TOP = Path(__file__).parents[2]
SHELF = sorted((TOP / "tests/scenarios").glob("*.yaml"))
GOOD = """\
about: 有人答错了
site: harbour-garden
zone: Asia/Shanghai
start: 2026-03-01T22:00
end: +1d 06:00
life: none
seed: 7
given:
  people: {zhao-li: operator, sun: [operator, guard], yi: {roles: guard, email: a@b.example}}
  devices: {A1-S01: heat, X-1: {model: leak_rope, zone: a-07, gateway: gw-a, supervision: 10m, key: true}}
  gateways: {gw-z: 90s}
  zones: {z1: floor, z2: {kind: room, parent: z1}}
  seats: {duty-manager: required}
  checkpoints: {CP-01: 04A1B2C3D4E5F6, P9: {tags: ["04123456789012"], zone: garden}, P10: 04123456789013}
  roster: {centre: [zhao-li 20:00-08:00], gate: {daily: [], 2026-03-02: [sun 00:00-24:00]}}
  ladder: {life: [0s seat:centre, 1m30s role:manager console+email, 2m external email, repeat 60s]}
  policies: {handle_by: {1: 15m}, clock_skew: 60s, gateway_gap: 60s, key_zone_raises_priority: false}
  kinds: {fire.prealarm: {ack: 60s, priority: 1}}
  signed_on: {centre: zhao-li}
when:
  - 22:04 A1-S01 fire.alarm loop=2 point=7
  - 22:04:05.250 A1-S01 fire.alarm x8 within 1.4s
  - +2h10m server restarts
  - +1d 00:30 zhao-li acks no.1
  - '2026-03-02T01:00+08:00 zhao-li notes no.1 "smell: toast"'
then:
  - 22:04 alert A1-S01 raised to zhao-li
  - 22:06:30±2s alert A1-S01 acked
  - later alert A1-S01 cleared
  - 22:00..23:00 no alert CP-01 raised
  - no notice to sun
  - nothing else
  - end logbook verifies
"""


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    told = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema.FILE), str(path)]
    return subprocess.run(told, capture_output=True, text=True, check=False)


def test_the_committed_schema_is_what_the_code_says_now() -> None:
    """After a change of the words: python docs/generate.py."""
    assert schema.FILE.read_text(encoding="utf-8") == schema.text()


def test_it_is_a_schema_and_knows_every_word() -> None:
    made = schema.schema()
    jsonschema.Draft202012Validator.check_schema(made)
    assert set(made["properties"]) == set(KEYS) == set(schema.ABOUT)
    assert set(made["properties"]["given"]["properties"]) == set(GIVEN)


def test_it_accepts_what_uses_every_word(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    said = checked(path)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("path", SHELF, ids=lambda p: p.stem)
def test_it_accepts_every_shipped_scenario(path: Path) -> None:
    made = read(path)
    lines = {"when": [s.text for s in made.steps], "then": [e.text for e in made.expects]}
    document = {"start": "2026-03-01T22:00", **{key: found for key, found in lines.items() if found}}
    jsonschema.validate(document, schema.schema())


def test_it_accepts_every_example_of_the_language() -> None:
    lines = [f"22:04 {verb.example}" for verb in VERBS]
    expects = [f"22:04 {word} x" for word in FIRST_WORDS]
    jsonschema.validate({"start": "2026-03-01T22:00", "when": lines, "then": expects}, schema.schema())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("about: ", "abuot: "),
        ("start: 2026-03-01T22:00", "start: 22:00"),
        ("life: none", "life: nothing"),
        ("seed: 7", "seed: seven"),
        ("zhao-li: operator", "zhao-li: oprator"),
        ("A1-S01: heat", "A1-S01: heet"),
        ("gw-z: 90s", "gw-z: 90"),
        ("duty-manager: required", "duty-manager: needed"),
        ("zhao-li 20:00-08:00", "zhao-li 20-08"),
        ("0s seat:centre", "soon seat:centre"),
        ("clock_skew", "clock_scew"),
        ("22:04 A1-S01 fire.alarm", "at ten A1-S01 fire.alarm"),
        ("22:04 A1-S01 fire.alarm loop=2 point=7", "22:04"),
        ("- 22:04 alert", "- 22:04 alarm"),
        ("- later alert", "- latter alert"),
        ("22:06:30±2s", "22:06:30±2"),
        ("signed_on", "signedon"),
    ],
)
def test_it_refuses_what_cannot_be(old: str, new: str, tmp_path: Path) -> None:
    import yaml

    assert old in GOOD
    document = yaml.load(GOOD.replace(old, new, 1), Loader=yaml.BaseLoader)
    document["given"]["policies"]["key_zone_raises_priority"] = False  # this loader knows only text
    document["given"].get("devices", {}).get("X-1", {})["key"] = True
    if document["seed"].isdecimal():
        document["seed"] = int(document["seed"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema.schema())


def test_an_editor_is_told_of_a_misspelt_word(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("- 22:04 alert", "- 22:04 alarm"), encoding="utf-8")
    said = checked(path)
    assert said.returncode == 1
    assert "does not match" in said.stdout


def test_it_is_plain_json() -> None:
    assert json.loads(schema.text())["title"] == "A Watchroom scenario"
