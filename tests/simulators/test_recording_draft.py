"""A scenario drafted from a recording reads back, passes, and says what was heard; people come from the logbook (TRN-06)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.scenario_worlds import shores, virtual
from logbook.verify import EntryLine
from simulators.recording.draft import draft, drafted
from simulators.recording.lines import Gap, Message
from simulators.recording.reader import Recording
from simulators.recording.retold import Telling, retold
from simulators.recording.virtually import Room
from simulators.scenario.load import read_text, site_of
from simulators.scenario.model import Scenario, Story
from simulators.scenario.verdict import check
from simulators.scenario.world import play
from sites.register import Register
from tests.simulators.tapes import STARTED, Voices, after, taped, told

SITE = "harbour-garden"


@pytest.fixture(scope="module")
def garden() -> Register:
    return site_of(SITE, Path())


def when(text: str) -> list[str]:
    lines = text.split("\nwhen:\n")[1].split("\nthen:\n", maxsplit=1)[0].splitlines()
    return [line.removeprefix("  - ").strip("'") for line in lines]


def of(tmp_path: Path, register: Register, messages: list[Message], **more: Any) -> list[str]:
    path = taped(tmp_path / "tape.gz", register, sorted(messages, key=lambda m: m.t))
    return when(drafted(Recording(path), register, SITE, **more))


def lived(text: str, file: Path) -> tuple[Scenario, Story]:
    scenario = read_text(text, file)
    return scenario, play(scenario, virtual(scenario))


def test_a_draft_of_the_demo_reads_back_and_passes(garden: Register, tmp_path: Path) -> None:
    path = taped(tmp_path / "demo.gz", garden, told(garden, 200))
    text = draft(Recording(path), garden, SITE, tmp_path / "draft.yaml", virtual)
    scenario, story = lived(text, tmp_path / "draft.yaml")
    verdict = check(scenario, story)
    assert verdict.passed, verdict.report
    assert "nothing else" in text
    assert "22:00:15 B2-07 fire.alarm loop=2 point=7" in text
    assert "22:00:25 scan wang-lei CP-21" in text
    assert "device.heartbeat" not in text.replace("B5-L01 device.heartbeat", ""), "life signs are left out"
    assert "life signs" in text.splitlines()[1], "and counted"


def test_a_draft_rings_as_the_recording_rang(garden: Register, tmp_path: Path) -> None:
    """The same alerts at the same moments, whether the recording is played or the scenario that was drafted from it."""
    path = taped(tmp_path / "demo.gz", garden, told(garden, 200))
    room = Room(garden, STARTED, shores())
    room.play(retold(Recording(path), Telling()))
    rang = {(a.subject, a.kind, a.heard_at.replace(microsecond=0)) for a in room.came().alerts}
    room.close()
    _, story = lived(drafted(Recording(path), garden, SITE), tmp_path / "draft.yaml")
    raised = {
        (*h.about, h.at.replace(microsecond=0)) for h in story.happenings if h.topic == "alert" and h.what == "raised"
    }
    assert raised == rang


def test_what_a_device_says_again_and_again_is_one_line(garden: Register, tmp_path: Path) -> None:
    voices = Voices(garden)
    burst = [voices.event(60 + n * 0.2, "B2-07", "fire.alarm", data={"loop": 2}) for n in range(8)]
    later = [voices.event(90, "B2-07", "fire.alarm", data={"loop": 2}), voices.event(91, "B2-07", "fire.alarm")]
    assert of(tmp_path, garden, burst + later) == [
        "22:01 B2-07 fire.alarm x8 within 1.4s loop=2",
        "22:01:30 B2-07 fire.alarm loop=2",
        "22:01:31 B2-07 fire.alarm",
    ]


def test_wrong_clocks_strangers_tests_and_kinds_nobody_knows_are_written_so_that_they_read_back(
    garden: Register, tmp_path: Path
) -> None:
    voices = Voices(garden)
    odd = {"note": 'say "hi": #1', "deep": {"a": [1, "b c"]}, "said_at": "x", "ünïcode": 1}
    said = [
        voices.event(10, "B2-07", "fire.alarm", said=-9 * 365 * 86_400, data=odd),
        voices.event(20, "ZZ-9", "fire.alarm", gateway=garden.devices["B2-07"].gateway),
        voices.event(30, "B2-07", "fire.alarm", test=True),
        voices.event(40, "B2-07", "heat.bloom"),
    ]
    gateway = garden.devices["B2-07"].gateway
    lines = of(tmp_path, garden, said)
    told_data = r'note="say \"hi\": #1" deep={"a":[1,"b\u0020c"]}'
    assert lines == [
        f"22:00:10 B2-07 fire.alarm said_at=2017-03-03T22:00:00.000+08:00 {told_data}",
        f'22:00:20 "ZZ-9" fire.alarm gateway={gateway}',
        "22:00:30 B2-07 fire.alarm test",
    ]
    path = tmp_path / "tape.gz"
    text = draft(Recording(path), garden, SITE, tmp_path / "draft.yaml", virtual)
    scenario, story = lived(text, tmp_path / "draft.yaml")
    assert check(scenario, story).passed
    assert scenario.steps[0].act.data["note"] == 'say "hi": #1'  # type: ignore[attr-defined]


def test_an_outage_of_a_gateway_is_told_and_what_waited_in_it_is_told_when_it_was_said(
    garden: Register, tmp_path: Path
) -> None:
    voices = Voices(garden)
    gateway = garden.devices["B2-07"].gateway
    said = [
        voices.status(gateway, 0, retain=True),
        voices.status(gateway, 60, "offline"),
        voices.status(gateway, 300),
        voices.event(301, "B2-07", "fire.alarm", said=120.0),
        voices.event(302, "B2-07", "fire.restore"),
    ]
    assert of(tmp_path, garden, said) == [
        f"22:01 gateway {gateway} offline",
        "22:02 B2-07 fire.alarm",
        f"22:05 gateway {gateway} online",
        "22:05:02 B2-07 fire.restore",
    ]


def test_a_gateway_that_comes_back_with_another_boot_has_restarted(garden: Register, tmp_path: Path) -> None:
    voices = Voices(garden)
    gateway = garden.devices["B2-07"].gateway
    first = voices.status(gateway, 0)
    voices.boots[gateway] = voices.boots[gateway].replace("7", "8", 1)
    assert of(tmp_path, garden, [first, voices.status(gateway, 30)]) == [f"22:00:30 gateway {gateway} restarts"]


def test_a_device_that_fell_silent_and_spoke_again_is_told_but_not_where_nobody_could_have_heard_it(
    garden: Register, tmp_path: Path
) -> None:
    device = next(d for d in garden.devices.values() if d.supervision_s == 45)
    voices = Voices(garden)
    beats = [voices.event(t, device.id, "device.heartbeat") for t in (10, 40, 200, 220)]
    others = {d.id for d in garden.devices.values() if 0 < d.supervision_s <= 230} - {device.id}
    rest = [voices.event(t, d, "device.heartbeat") for d in sorted(others) for t in range(0, 230, 20)]
    assert of(tmp_path, garden, beats + rest) == [
        f"22:00:40 {device.id} device.heartbeat",
        f"22:00:40 device {device.id} falls silent",
        f"22:03:20 device {device.id} speaks",
    ]
    path = tmp_path / "gap.gz"
    lines: list[Any] = sorted([*beats, *rest, Gap(199_000_000, 150_000_000, "away")], key=lambda line: line.t)
    taped(path, garden, lines)
    with pytest.raises(ValueError, match="nothing in it that a scenario would tell"):
        drafted(Recording(path), garden, SITE)


def test_garbage_and_duplicates(garden: Register, tmp_path: Path) -> None:
    voices = Voices(garden)
    gateway = garden.devices["B2-07"].gateway
    alarm = voices.event(10, "B2-07", "fire.alarm")
    topic = f"wr/v1/{SITE}/{gateway}/events"
    said = [
        alarm,
        Message(alarm.t + 1_000_000, alarm.topic, alarm.payload),
        Message(20_000_000, topic, b'{"not": json # "'),
        Message(21_000_000, topic, b"\xff\xfe"),
    ]
    assert of(tmp_path, garden, said) == [
        "22:00:10 B2-07 fire.alarm",
        f'22:00:20 garbage on {gateway} "{{\\"not\\": json # \\""',
    ]


def logbook(folder: Path, entries: list[tuple[float, str, str, str, dict[str, Any]]]) -> Path:
    """An export, as far as drafting reads it."""
    path = folder / "logbook.jsonl"
    lines: Iterator[bytes] = (
        msgspec.json.encode(
            EntryLine(
                n=n,
                body=msgspec.json.encode(
                    {"at": after(t), "act": act, "actor": actor, "subject": subject, "data": data}
                ).decode(),
                chain="00",
            )
        )
        for n, (t, act, actor, subject, data) in enumerate(entries, 1)
    )
    path.write_bytes(b'{"format":"a header"}\n' + b"".join(line + b"\n" for line in lines))
    return path


def test_what_people_did_comes_from_the_logbook(garden: Register, tmp_path: Path) -> None:
    voices = Voices(garden)
    said = [voices.event(15, "B2-07", "fire.alarm"), voices.event(60, "B2-07", "fire.restore")]
    seat = next(s for s in garden.seats if s.startswith("centre"))
    holder, other = "zhao-li", "chu-min"
    raised = {"number": 1, "kind": "fire.alarm", "subject": "B2-07"}
    report = {"kind": "manual.report", "subject": "report/abc", "zone": garden.devices["B2-07"].zone}
    book = logbook(
        tmp_path,
        [
            (-3600, "duty.sign_on", holder, f"seat/{seat}", {}),
            (15, "alert.raise", "system", "alert/one", raised),
            (20, "alert.ack", holder, "alert/one", {"number": 1}),
            (25, "alert.note", holder, "alert/one", {"text": 'smoke "seen"\nreally'}),
            (26, "alert.take", other, "alert/one", {"reason": "on site"}),
            (30, "alert.ack", holder, "alert/older", {}),
            (35, "alert.raise", "system", "alert/two", {**report, "data": {"by": holder, "note": "lift stuck"}}),
            (61, "alert.reset", other, "alert/one", {}),
            (62, "alert.dispose", other, "alert/one", {"disposition": "false_alarm", "cause": "cooking", "note": "toast"}),
            (63, "duty.sign_off", holder, f"seat/{seat}", {}),
        ],
    )  # fmt: skip
    said.append(voices.status(garden.devices["B2-07"].gateway, 70))
    path = taped(tmp_path / "tape.gz", garden, said)
    text = draft(Recording(path), garden, SITE, tmp_path / "draft.yaml", virtual, logbook=book)
    assert when(text) == [
        "22:00:15 B2-07 fire.alarm",
        f"22:00:20 {holder} acks B2-07/fire.alarm",
        f'22:00:25 {holder} notes B2-07/fire.alarm "smoke \\"seen\\"\\nreally"',
        f'22:00:26 {other} acks B2-07/fire.alarm override reason="on site"',
        f'22:00:35 {holder} reports manual.report zone={report["zone"]} note="lift stuck"',
        "22:01 B2-07 fire.restore",
        f"22:01:01 {other} resets B2-07/fire.alarm",
        f"22:01:02 {other} closes B2-07/fire.alarm false_alarm cause=cooking note=toast",
        f"22:01:03 {holder} signs off {seat}",
    ]
    assert f"signed_on: {{{seat}: {holder}}}" in text
    assert "1 deeds about alerts that were raised before" in text
    scenario, story = lived(text, tmp_path / "draft.yaml")
    assert check(scenario, story).passed
    assert not [h for h in story.happenings if h.topic == "refused"], "what was done can be done again"


def test_what_is_no_logbook_is_refused(garden: Register, tmp_path: Path) -> None:
    book = tmp_path / "x.jsonl"
    book.write_text("nothing\n")
    path = taped(tmp_path / "tape.gz", garden, [Voices(garden).event(1, "B2-07", "fire.alarm")])
    with pytest.raises(ValueError, match="not an export of a logbook"):
        drafted(Recording(path), garden, SITE, logbook=book)
