"""Recordings as files: the very bytes come back, and a file that is not what it was says so (IOT-05)."""

import gzip
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulators.recording.lines import Gap, Header, Message, header, written
from simulators.recording.reader import BadRecording, Recording
from simulators.recording.writer import Writer, write

STARTED = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
HEAD = header("harbour", STARTED, zone="Asia/Shanghai", made_by="a test", topics=("wr/v1/harbour/+/events",))
SOME = [Message(n * 1000, "wr/v1/harbour/gw-a/events", f'{{"n":{n},"烟":"🔥"}}'.encode()) for n in range(500)]

texts = st.text(st.characters(exclude_categories=["Cs"]))
messages = st.builds(
    Message,
    st.integers(0, 2**40),
    texts,
    st.binary() | texts.map(str.encode),
    st.sampled_from([0, 1, 2]),
    st.booleans(),
    st.booleans(),
)
gaps = st.builds(Gap, st.integers(0, 2**40), st.integers(0, 2**40), texts)


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    path = tmp_path / "night.jsonl.gz"
    write(path, HEAD, SOME)
    return path


def unpacked(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def told(path: Path) -> str:
    with pytest.raises(BadRecording) as wrong:
        list(Recording(path))
    return str(wrong.value).removeprefix(str(path))


@given(st.lists(messages | gaps, max_size=30))
def test_whatever_was_said_comes_back_byte_for_byte(lines: list[Message | Gap]) -> None:
    lines = sorted(lines, key=lambda line: line.t)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl.gz"
        assert write(path, HEAD, lines) == len(lines)
        read = Recording(path)
        assert read.header == HEAD
        assert list(read) == lines
        assert not read.torn


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_file_is_refused_with_its_line_or_read_but_never_crashes_the_reader(data: st.DataObject) -> None:
    plain = b"".join([written(HEAD), *map(written, SOME[:20])])
    packed = gzip.compress(plain, mtime=0)
    bytes_ = bytearray(data.draw(st.sampled_from([plain, packed])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(bytes_) - 1))
        bytes_[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(bytes_)
        try:
            for line in Recording(path):
                assert isinstance(line, Message | Gap)
        except BadRecording as wrong:
            assert wrong.path == path
            assert wrong.line >= 1
            assert wrong.why


@pytest.mark.parametrize("kept", [0.1, 0.3, 0.5, 0.9, 0.99])
def test_a_torn_recording_is_read_up_to_its_last_whole_line_and_says_so(tape: Path, kept: float) -> None:
    whole = tape.read_bytes()
    tape.write_bytes(whole[: int(len(whole) * kept)])
    read = Recording(tape)
    found = list(read)
    assert found == SOME[: len(found)]
    assert "interrupted" in read.torn
    assert f"{len(found)} lines" in read.torn


def test_a_killed_writer_leaves_what_it_flushed(tmp_path: Path) -> None:
    path = tmp_path / "killed.jsonl.gz"
    script = f"""
import os
from datetime import UTC, datetime
from pathlib import Path
from simulators.recording.lines import Message, header
from simulators.recording.writer import Writer
out = Path({str(path)!r}).open("wb")
writer = Writer(out, header("harbour", datetime(2026, 3, 1, tzinfo=UTC)))
for n in range(100):
    writer.take(Message(n, "t", b"x" * n))
writer.flush()
writer.take(Message(100, "t", b"never flushed"))
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    read = Recording(path)
    assert len(list(read)) == 100
    assert read.torn


def test_a_changed_line_is_found_by_the_hash_and_a_lost_one_by_the_count(tape: Path) -> None:
    lines = unpacked(tape)
    last = len(lines)
    lines[3] = lines[3].replace(b'{\\"n\\":2', b'{\\"n\\":7')
    tape.write_bytes(gzip.compress(b"".join(lines)))
    assert told(tape) == f":{last}: the hash does not fit: something above was changed"
    tape.write_bytes(gzip.compress(b"".join(lines[:5] + lines[6:])))
    assert told(tape) == f":{last - 1}: the end counts 500 lines, but 499 stand above it"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", ":1: not a recording: no whole line in it"),
        (b"time,device\n1,2\n", ":1: not a recording of ours"),
        (b'{"format":"other","version":1}\n', ":1: a file of the format 'other', not 'watchroom-recording'"),
        (
            b'{"format":"watchroom-recording","version":2}\n',
            ":1: version 2 of the format: this program reads version 1",
        ),
        (
            b'{"format":"watchroom-recording","version":1,"site":"x"}\n',
            ":1: a header with a fault: Object missing required field `started`",
        ),
        (written(HEAD) + b'{"is":"said","t":5,"topic":"a","text":"x","base64":"eA=="}\n', ":2: not a line"),
        (written(HEAD) + b'{"is":"said","t":-5,"topic":"a"}\n', ":2: not a line"),
        (written(HEAD) + b'{"is":"said","t":5,"topic":"a","text":"\\ud800"}\n', ":2: not a line"),
        (written(HEAD) + b"[" * 100_000 + b"\n", ":2: not a line"),
        (written(HEAD) + written(Gap(9, 1)) + written(Gap(8, 1)), ":3: time goes back: 8 after 9"),
    ],
)
def test_what_is_no_recording_is_refused_with_file_line_and_reason(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "file"
    for shape in (content, gzip.compress(content)):
        path.write_bytes(shape)
        assert told(path).startswith(why)


def test_nothing_may_stand_behind_the_last_line(tape: Path) -> None:
    whole = tape.read_bytes()
    tape.write_bytes(whole + b"more")
    assert "something stands after the end" in told(tape)
    tape.write_bytes(gzip.compress(gzip.decompress(whole) + written(SOME[0])))
    assert told(tape) == ":503: a line after the last one"


def test_a_recording_may_be_unpacked_and_read(tape: Path) -> None:
    """`zcat` shows it to people, and its output is still a recording."""
    tape.write_bytes(gzip.decompress(tape.read_bytes()))
    assert list(Recording(tape)) == SOME


@example(2)
@given(st.integers(0, 100))
def test_the_same_messages_make_the_same_bytes(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder) / "one.gz", Path(folder) / "two.gz"
        write(one, HEAD, SOME[:count])
        write(two, HEAD, SOME[:count])
        assert one.read_bytes() == two.read_bytes()


def test_a_clock_that_is_put_back_stands_still_in_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write(path, HEAD, [Message(50, "a", b""), Message(20, "a", b""), Gap(10, 5), Message(60, "a", b"")])
    assert [line.t for line in Recording(path)] == [50, 50, 50, 60]


def test_a_writer_that_fails_leaves_no_seal_and_a_written_file_is_whole_or_not_there(tmp_path: Path) -> None:
    def failing() -> list[Message]:
        raise OSError("no space left")

    path = tmp_path / "x.gz"
    with pytest.raises(OSError, match="no space"):
        write(path, HEAD, (m for m in failing()))
    assert not list(tmp_path.iterdir())
    with pytest.raises(OSError, match="no space"), path.open("wb") as out, Writer(out, HEAD) as writer:
        writer.take(SOME[0])
        raise OSError("no space left")
    read = Recording(path)
    assert list(read) == SOME[:1]
    assert read.torn


def test_the_header_is_told_without_reading_the_rest(tape: Path) -> None:
    tape.write_bytes(tape.read_bytes()[:400])
    found: Header = Recording(tape).header
    assert (found.site, found.zone, found.started) == ("harbour", "Asia/Shanghai", STARTED)
