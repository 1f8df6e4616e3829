"""`watchroom scenario …`, as an engineer and a CI server see it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from app.scenario_commands import scenario_app
from tests.app.running import ROOT

GOOD = """\
about: The person on duty answers.
start: 2026-03-01T22:00
when:
  - 22:04 B2-07 fire.alarm
  - 22:04:20 wang acks B2-07
then:
  - 22:04 alert B2-07 raised to wang
  - 22:04:20 alert B2-07 acked by wang
  - nothing else
"""
WRONG = GOOD.replace("- 22:04:20 alert B2-07 acked by wang", "- 22:04:25 alert B2-07 acked by wang")
TYPO = GOOD.replace("wang acks", "wang aks").replace("raised to wang", "raised to wnag")


@pytest.fixture
def nights(tmp_path: Path) -> Path:
    folder = tmp_path / "nights"
    folder.mkdir()
    return folder


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def watchroom(*words: object) -> Result:
    return CliRunner().invoke(scenario_app, [*map(str, words)], catch_exceptions=False)


# -- run


def test_a_night_that_goes_as_written_is_one_line_and_exit_code_0(nights: Path) -> None:
    done = watchroom("run", write(nights, good=GOOD))
    assert done.exit_code == 0
    first, last = done.stdout.splitlines()
    assert first.startswith("✓ good  14m20s in ")
    assert last.startswith("1 went as written: 14m20s in ")


def test_a_night_that_goes_otherwise_is_told_side_by_side_and_exit_code_1(nights: Path) -> None:
    done = watchroom("run", write(nights, good=GOOD, wrong=WRONG))
    assert done.exit_code == 1
    assert "✗ wrong" in done.stdout
    assert "22:04:25 alert B2-07 acked by wang" in done.stdout
    assert "came at 22:04:20" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 went as written, 1 did not: ")


def test_what_cannot_be_read_is_told_in_full_the_rest_is_played_and_the_exit_code_is_2(nights: Path) -> None:
    done = watchroom("run", write(nights, good=GOOD, typo=TYPO))
    assert done.exit_code == 2
    assert 'typo.yaml:5: unknown verb "aks"; did you mean "acks"?' in done.stdout
    assert 'typo.yaml:7: unknown person "wnag"; did you mean "wang"?' in done.stdout
    assert "✓ good" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("run", "nowhere"),
        ("run", "."),
        ("run", "good.yaml", "--speed", "10"),
        ("run", "good.yaml", "--real", "--speed", "fast"),
        ("run", "good.yaml", "--real", "--speed", "0"),
        ("run", "good.yaml", "--keep", "x"),
        ("run", "good.yaml", "--jobs", "0"),
        ("run",),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(
    nights: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(nights)
    if "good.yaml" in words:
        write(nights, good=GOOD)
    assert watchroom(*words).exit_code == 2


def test_quiet_tells_only_what_went_otherwise_and_verbose_every_timeline(nights: Path) -> None:
    write(nights, good=GOOD, wrong=WRONG)
    assert "good" not in watchroom("run", nights, "-q").stdout
    loud = watchroom("run", nights / "good.yaml", "-v").stdout
    assert "  22:04:20 alert B2-07 fire.alarm acked by wang" in loud.splitlines()


def test_junit_is_written_also_for_what_failed_and_what_cannot_be_read(nights: Path, tmp_path: Path) -> None:
    report = tmp_path / "made/for/ci.xml"
    watchroom("run", write(nights, good=GOOD, typo=TYPO, wrong=WRONG), "--junit", report)
    root = ET.parse(report).getroot()
    assert [root.get(n) for n in ("tests", "failures", "errors")] == ["3", "1", "1"]
    failure = root.find(".//testcase[@name='wrong']/failure")
    assert failure is not None
    assert "came at 22:04:20" in (failure.text or "")


def test_json_is_one_object_alone_on_standard_output(nights: Path) -> None:
    """TRN-06: each person's response time is their acknowledgement minus the raising."""
    told = json.loads(watchroom("run", write(nights, good=GOOD), "--json").stdout)
    assert told["figures"]["passed"] == 1
    (night,) = told["scenarios"]
    assert night["timeline"][0] == "22:04:00 alert B2-07 fire.alarm raised to wang"
    assert night["responses"]["wang"][0]["seconds"] == 20.0


def test_several_processes_print_the_same_in_the_same_order(nights: Path) -> None:
    for n in range(7):
        write(nights, **{f"n{n}": WRONG if n % 3 == 0 else GOOD})

    def told(*more: str) -> list[str]:
        lines = watchroom("run", nights, *more).stdout.splitlines()[:-1]
        return [line.partition(" in ")[0] for line in lines]

    assert told("--jobs", "1") == told("--jobs", "3")


def test_update_writes_what_happened_and_shows_the_change(nights: Path) -> None:
    write(nights, wrong=WRONG)
    done = watchroom("run", nights, "--update")
    assert done.exit_code == 0, done.stdout
    assert "-  - 22:04:25 alert B2-07 acked by wang" in done.stdout
    assert "22:04:20" in (nights / "wrong.yaml").read_text()
    assert watchroom("run", nights).exit_code == 0


# What a night in memory has no use for: HTTP, PostgreSQL's driver, brokers, mail, the solver, reports, calendars, logs.
IDLE = {
    *("aiomqtt", "alembic", "apprise", "api.app", "attr", "fastapi", "gateway.uplink", "holidays", "icalendar"),
    *(
        "influxdb_client",
        "ingest.deliveries",
        "jinja2",
        "joserfc",
        "multiprocessing",
        "openpyxl",
        "ortools",
        "paho",
        "psycopg",
    ),
    *("pydantic_settings", "pygments", "pytest", "requests", "structlog", "typst", "uvicorn", "webauthn", "xlsxwriter"),
}


@pytest.mark.parametrize(
    ("words", "idle"),
    [
        (["scenario", "run", "good.yaml"], IDLE),
        (["scenario", "check", "good.yaml"], IDLE),
        (["scenario", "explain", "good.yaml"], IDLE | {"simulators.virtual.world"}),
        (
            ["--help"],
            IDLE - {"attr", "pygments"} | {"ingest", "pydantic", "simulators", "sites", "sqlalchemy", "store"},
        ),
    ],
    ids=["run", "check", "explain", "help"],
)
def test_a_command_loads_only_what_it_needs(nights: Path, words: list[str], idle: set[str]) -> None:
    """A night begins within a second because of what is not imported for it; time itself is no test on a busy machine."""
    write(nights, good=GOOD)
    code = (
        "import sys; from app.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([name for name in {sorted(idle)!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=nights,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_same_file_is_played_on_running_processes_and_can_leave_its_data(nights: Path, tmp_path: Path) -> None:
    """The only test here that starts a server; the whole shelf is played both ways elsewhere."""
    write(
        nights,
        short=GOOD.replace("when:", "end: 22:04:30\nwhen:").replace(
            "start: 2026-03-01T22:00", "start: 2026-03-01T22:03"
        ),
    )
    virtual = json.loads(watchroom("run", nights, "--json").stdout)["scenarios"][0]
    real = watchroom("run", nights, "--real", "--json", "--keep", tmp_path / "kept")
    assert real.exit_code == 0, real.output
    assert json.loads(real.stdout)["scenarios"][0]["timeline"] == virtual["timeline"]
    assert (tmp_path / "kept/short/watchroom.db").exists()
    again = watchroom("run", nights, "--real", "--keep", tmp_path / "kept")
    assert again.exit_code == 2
    assert "each run wants an empty folder" in " ".join(again.stderr.split())


def test_a_terminal_that_knows_only_ascii_is_told_all_the_same(nights: Path) -> None:
    write(nights, wrong=WRONG.replace("The person on duty answers.", "值班员应答"))
    done = subprocess.run(
        [sys.executable, "-m", "app", "scenario", "run", nights],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "x 22:04:25 alert B2-07 acked by wang" in done.stdout


# -- check, schema


def test_check_reads_only(nights: Path) -> None:
    done = watchroom("check", write(nights, good=GOOD))
    assert (done.exit_code, done.stdout) == (0, f"{nights}/good.yaml: 2 things happen, 3 are expected\n")
    refused = watchroom("check", write(nights, typo=TYPO))
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[-1] == "2 faults"


def test_the_schema_is_printed_and_its_place_is_told() -> None:
    schema = json.loads(watchroom("schema").stdout)
    assert {"when", "then", "given"} <= schema["properties"].keys()
    assert json.loads(Path(watchroom("schema", "--path").stdout.strip()).read_text()) == schema


# -- explain


def explained(*words: object) -> list[str]:
    done = watchroom("explain", *words, "--lang", "en")
    assert done.exit_code == 0, done.output
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_explain_tells_each_rung_of_each_alarm_in_a_file(nights: Path) -> None:
    lines = explained(write(nights, good=GOOD) / "good.yaml")
    assert lines[0] == "2026-03-01 22:04:00 Fire alarm fire.alarm"
    assert lines[2:9] == [
        "time rung calls person on duty by address",
        "22:04:00 +0s 0 Centre Wang (wang) Rostered Console",
        "22:04:30 +30s 1 Shift leader Chen (chen) Rostered Console",
        "E-mail c***@example.org",
        "22:05:00 +1m 2 Manager Zhao (zhao) Console",
        "E-mail z***@example.org",
        "22:06:00 +2m 3 outside contact Fire contact (fire) E-mail f***@example.org",
    ]
    assert "the last rung calls again at 22:07:00 and every 1m after that" in lines[9]


def test_explain_counts_who_has_signed_on_and_names_what_is_amiss(nights: Path) -> None:
    text = GOOD.replace("when:", "given: {roster: {leader: []}}\nwhen:\n  - 22:01 li signs on centre").replace(
        "wang acks", "li acks"
    )
    lines = explained(write(nights, night=text) / "night.yaml")
    assert "22:04:00 +0s 0 Centre Li (li) Signed on Console" in lines
    assert "! rung 1 (Shift leader) finds nobody; the next one fires at once" in lines


def test_explain_answers_for_a_plain_site_in_both_languages() -> None:
    words = ("--site", "harbour-garden", "--device", "A4-S01", "--kind", "fire.alarm", "--at", "2026-03-01T22:04")
    assert any("Zhao Li (zhao-li) Rostered Console" in line for line in explained(*words))
    chinese = watchroom("explain", *words, "--lang", "zh-CN").stdout
    assert "赵力 (zhao-li)" in chinese
    assert "按排班" in chinese
    told = json.loads(watchroom("explain", *words, "--json").stdout)
    assert told[0]["rungs"][1]["calls"][1]["target"] == "c***@harbour-garden.example"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("--site", "harbour-gardn", "--device", "x", "--kind", "fire.alarm"), 'did you mean "harbour-garden"?'),
        (("--site", "harbour-garden", "--device", "A4-S1", "--kind", "fire.alarm"), 'did you mean "A4-S01"?'),
        (("--site", "harbour-garden", "--device", "A4-S01", "--kind", "fire.alrm"), 'did you mean "fire.alarm"?'),
        (("--site", "harbour-garden", "--device", "A4-S01", "--kind", "fire.restore"), "opens no alert"),
        (("--site", "harbour-garden", "--device", "A4-S01", "--kind", "fire.alarm", "--at", "22h"), "is not a date"),
        (("--site", "harbour-garden"), "--device DEVICE --kind KIND"),
        ((), "name a scenario file, or a site"),
    ],
)
def test_what_cannot_be_explained_says_why(words: tuple[str, ...], answer: str) -> None:
    done = watchroom("explain", *words, "--lang", "en")
    assert done.exit_code == 2
    assert answer in done.stderr
