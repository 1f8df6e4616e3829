"""A real log of arrivals as a recording: exact, repeatable, and every bad row by its line (IOT-05)."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core import wire
from simulators.recording.arrivals import Columns, as_messages, device_names, read_log
from simulators.recording.lines import header
from simulators.recording.writer import write

PANEL = """时间,设备编号,报警类型,备注
2026/3/1 22:04:05,1号楼-07,烟感报警,七层走廊
2026/3/1 22:04:05,1号楼-07,烟感报警,七层走廊
2026/3/1 22:03:10,L-1,water.leak,
2026/3/1 22:09:00,1号楼-07,复位,
"""
KINDS = {"烟感报警": "fire.alarm", "复位": "fire.restore"}
DEVICES = {"1号楼-07": "B2-07"}


def columns(**more: Any) -> Columns:
    plain: dict[str, Any] = {"site": "harbour", "gateway": "gw-a", "zone": "Asia/Shanghai", "text": "备注"}
    names = {"time": "时间", "device": "设备编号", "kind": "报警类型", "kinds": KINDS, "devices": DEVICES}
    return Columns(**plain | names | more)


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    return written(tmp_path, PANEL)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "panel.csv"
    path.write_bytes(text.encode(encoding))
    return path


def events(path: Path, cols: Columns) -> list[wire.Event]:
    found = []
    for message in as_messages(read_log(path, cols), cols):
        (said,) = wire.decode_events(message.payload)
        assert isinstance(said, wire.Said)
        found.append(said.event)
    return found


def test_rows_become_events_in_order_of_time(panel: Path) -> None:
    told = events(panel, columns())
    assert [(e.device, e.kind, e.seq) for e in told] == [
        ("L-1", "water.leak", 1),
        ("B2-07", "fire.alarm", 2),
        ("B2-07", "fire.alarm", 3),
        ("B2-07", "fire.restore", 4),
    ]
    assert told[1].said_at == datetime.fromisoformat("2026-03-01T22:04:05+08:00")
    assert told[1].data == {"said": "烟感报警", "text": "七层走廊"}
    assert told[0].data == {}
    assert len({e.id for e in told}) == 4, "a frame that the panel said twice is two events"
    assert [m.t for m in as_messages(read_log(panel, columns()), columns())] == [0, 55_000_000, 55_000_000, 350_000_000]


def test_the_same_log_makes_the_same_bytes(panel: Path, tmp_path: Path) -> None:
    made = []
    for name in ("one.gz", "two.gz"):
        log = read_log(panel, columns())
        write(tmp_path / name, header("harbour", log.arrivals[0].at), as_messages(log, columns()))
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_a_log_that_has_grown_tells_the_same_events_and_new_ones_behind_them(panel: Path) -> None:
    before = events(panel, columns())
    panel.write_text(PANEL + "2026/3/1 23:00:00,L-1,water.restore,\n", encoding="utf-8")
    assert events(panel, columns())[:-1] == before


def test_a_log_that_begins_with_the_newest_is_turned_round(tmp_path: Path) -> None:
    text = "t,d,k\n2026-03-01 22:05:00,B,fire.restore\n2026-03-01 22:04:00,B,fire.alarm\n2026-03-01 22:04:00,A,fire.alarm\n"
    cols = columns(time="t", device="d", kind="k", text=None, devices={})
    assert [(e.device, e.kind) for e in events(written(tmp_path, text), cols)] == [
        ("A", "fire.alarm"),
        ("B", "fire.alarm"),
        ("B", "fire.restore"),
    ]


def test_every_bad_row_is_told_with_its_line_and_reason(tmp_path: Path) -> None:
    rows = [
        "时间,设备编号,报警类型,备注",
        "2026-03-01 22:00:00,B2-07,fire.alarm,good",
        "yesterday,B2-07,fire.alarm,",
        "2026-03-01 22:00:00,七楼烟感,fire.alarm,",
        "2026-03-01 22:00:00,B2-07,fire.alrm,",
        "2026-03-01 22:00:00,B2-07,漏水,",
        "2026-03-01 22:00:00,B2-07",
        ",B2-07,fire.alarm,",
        "1969-12-31 22:00:00,B2-07,fire.alarm,",
        "2026-03-01 22:00:00,B2-07,fire.alarm," + "x" * 17_000,
        "",
        '2026-03-01 22:00:00,B2-07,fire.alarm,"two',
        'lines"',
    ]
    log = read_log(written(tmp_path, "\n".join(rows)), columns())
    assert [a.data for a in log.arrivals] == [{"text": "good"}, {"text": "two\nlines"}]
    assert [(b.line, b.why) for b in log.bad] == [
        (3, "'yesterday' is not a time that is understood without --format"),
        (4, "'七楼烟感' cannot name a device: map it to one with --map-device"),
        (5, "'fire.alrm' is no kind of event; did you mean fire.alarm?"),
        (6, "'漏水' is no kind of event; say what it is: --map-kind '漏水'=fire.alarm"),
        (7, "the row ends before the column '报警类型'"),
        (8, "no time"),
        (9, "1969-12-31 is before 1970"),
        (10, "cannot be said on the wire: 17208 bytes, at most 16384"),
    ]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_a_log_in_another_encoding_is_read_when_it_is_named(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, PANEL, encoding)
    named = "utf-8" if encoding == "utf-8-sig" else encoding
    assert len(events(path, columns(encoding=named))) == 4


def test_a_log_in_an_encoding_that_was_not_named_says_which_is_usual(tmp_path: Path) -> None:
    path = written(tmp_path, "t,d,k\n2026-03-01 22:00:00,烟感,fire.alarm\n", "gb18030")
    (bad,) = read_log(path, columns(time="t", device="d", kind="k", text=None)).bad
    assert "gb18030" in bad.why


@pytest.mark.parametrize(
    ("word", "form", "utc"),
    [
        ("2026-03-01T22:04:05+09:00", None, "2026-03-01T13:04:05+00:00"),
        ("2026-03-01 22:04:05.25", None, "2026-03-01T14:04:05.250+00:00"),
        ("2026/3/1 22:04", None, "2026-03-01T14:04+00:00"),
        ("2026年3月1日 22:04:05", None, "2026-03-01T14:04:05+00:00"),
        ("2026年3月1日22时4分5秒", None, "2026-03-01T14:04:05+00:00"),
        ("01/03/2026 22h04", "%d/%m/%Y %Hh%M", "2026-03-01T14:04+00:00"),
    ],
)
def test_times_are_read_as_people_write_them(tmp_path: Path, word: str, form: str | None, utc: str) -> None:
    path = written(tmp_path, f"t,d,k\n{word},A,fire.alarm\n")
    (event,) = events(path, columns(time="t", device="d", kind="k", text=None, form=form))
    assert event.said_at == datetime.fromisoformat(utc)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("2026-03-29 01:30:00", "never was in Europe/London: the clocks went forward"),
        ("2026-10-25 01:30:00", "was twice in Europe/London: write the offset with it"),
        ("2026-02-30 01:30:00", "not a time"),
    ],
)
def test_a_time_that_the_wall_clock_never_or_twice_showed_is_not_guessed(tmp_path: Path, word: str, why: str) -> None:
    path = written(tmp_path, f"t,d,k\n{word},A,fire.alarm\n")
    (bad,) = read_log(path, columns(time="t", device="d", kind="k", text=None, zone="Europe/London")).bad
    assert why in bad.why


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"time": "时问"}, "no column '时问'; it has '时间'"),
        ({"device": "备主"}, "no column '备主'; it has '时间', '设备编号', '报警类型', '备注'"),
        ({"zone": "Asia/Shangai"}, "unknown time zone"),
        ({"encoding": "gb-1"}, "encoding 'gb-1'"),
    ],
)
def test_what_the_log_does_not_have_is_said_before_anything_is_read(panel: Path, more: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_log(panel, columns(**more))


def test_a_table_of_device_names_is_read_and_a_row_that_lacks_one_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "1号楼-07, B2-07\n\n2号楼,L-1,more\n")
    assert device_names(path) == {"1号楼-07": "B2-07", "2号楼": "L-1"}
    with pytest.raises(ValueError, match="needs two columns"):
        device_names(written(tmp_path, "only one\n"))


def test_an_empty_log_has_nothing_to_say(tmp_path: Path) -> None:
    cols = columns(time="t", device="d", kind="k", text=None)
    assert list(as_messages(read_log(written(tmp_path, "t,d,k\n"), cols), cols)) == []
    with pytest.raises(ValueError, match="no column"):
        read_log(written(tmp_path, ""), cols)


def test_data_is_told_as_json_of_the_wire(panel: Path) -> None:
    first = next(iter(as_messages(read_log(panel, columns()), columns())))
    assert msgspec.json.decode(first.payload)["kind"] == "water.leak"
