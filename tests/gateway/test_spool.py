"""The spool keeps what it answered for (IOT-07), whatever happens to the file."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import wire
from core.ids import fresh
from gateway.fact import STORAGE_FAULT, Fact, Refused
from gateway.spool import Kept, Spool, SpoolBusy
from tests.conftest import HandClock
from tests.gateway.fakes import ROOT


def a_fact(clock: HandClock, device: str = "B2-07", kind: str = "fire.alarm", data: bytes = b"{}") -> Fact:
    return Fact(fresh(clock()), device, kind, clock(), data)


def kept(answers: list[Kept | Refused]) -> list[Kept]:
    assert all(isinstance(a, Kept) for a in answers), answers
    return [a for a in answers if isinstance(a, Kept)]


def raws(spool: Spool) -> dict[int, bytes]:
    return spool.read([w.n for w in spool.waiting()])


def test_numbers_have_no_gap_and_begin_anew_with_each_boot(tmp_path: Path, clock: HandClock) -> None:
    spool = Spool.open(tmp_path / "s", clock())
    first = kept(spool.append([a_fact(clock) for _ in range(3)], clock()) + spool.append([a_fact(clock)], clock()))
    assert [k.seq for k in first] == [1, 2, 3, 4]
    spool.close()
    again = Spool.open(tmp_path / "s", clock.tick())
    assert again.boot != spool.boot
    assert [k.seq for k in kept(again.append([a_fact(clock)], clock()))] == [1]
    assert [(w.boot, w.seq) for w in again.waiting()] == [(spool.boot, n) for n in (1, 2, 3, 4)] + [(again.boot, 1)]
    again.close()


def test_the_bytes_are_made_once_and_outlive_the_process(tmp_path: Path, clock: HandClock) -> None:
    spool = Spool.open(tmp_path / "s", clock())
    (one,) = kept(spool.append([a_fact(clock, data=b'{"loop":1,"x":1.50}')], clock()))
    spool.close()
    again = Spool.open(tmp_path / "s", clock.tick())
    (raw,) = raws(again).values()
    assert raw == one.raw
    assert b'"data":{"loop":1,"x":1.50}' in raw  # as the device wrote it
    (said,) = wire.decode_events(raw)
    assert isinstance(said, wire.Said)
    assert (said.event.boot, said.event.seq, said.event.id) == (spool.boot, 1, one.id)
    again.close()


def test_the_same_id_twice_is_one_event_even_after_its_receipt(tmp_path: Path, clock: HandClock) -> None:
    spool = Spool.open(tmp_path / "s", clock())
    fact = a_fact(clock)
    a, b, c = kept(spool.append([fact, fact, a_fact(clock)], clock()))
    assert (a.seq, b.seq, c.seq) == (1, 1, 2)
    assert b.row is None
    assert spool.covered([(spool.boot, 2)]) == 2
    (late,) = kept(spool.append([fact], clock()))
    assert (late.seq, late.row) == (1, None)
    assert len(spool) == 0
    spool.close()


def test_a_receipt_forgets_only_what_it_covers(tmp_path: Path, clock: HandClock) -> None:
    spool = Spool.open(tmp_path / "s", clock())
    spool.append([a_fact(clock) for _ in range(5)], clock())
    spool.close()
    spool2 = Spool.open(tmp_path / "s", clock.tick())
    spool2.append([a_fact(clock) for _ in range(3)], clock())
    assert spool2.covered([(spool.boot, 2), (spool2.boot, 1), ("someone-else", 99)]) == 3
    assert [(w.boot, w.seq) for w in spool2.waiting()] == [
        *((spool.boot, n) for n in (3, 4, 5)),
        *((spool2.boot, n) for n in (2, 3)),
    ]
    spool2.close()


def test_a_full_spool_sheds_heartbeats_first_and_alarms_never(tmp_path: Path, clock: HandClock) -> None:
    """I13: shed only what can be said again, counted; an alarm and its end are always kept."""
    spool = Spool.open(tmp_path / "s", clock(), capacity=20)

    def say(kind: str) -> Kept | Refused:
        return spool.append([a_fact(clock, kind=kind)], clock())[0]

    for _ in range(18):
        assert isinstance(say("patrol.tap"), Kept)
    beat = say("device.heartbeat")
    assert isinstance(beat, Refused)
    assert beat.why == "spool_full"
    assert isinstance(say("patrol.tap"), Kept)
    assert isinstance(say("fire.fault"), Kept)
    assert isinstance(say("fire.fault"), Refused)
    assert isinstance(say("access.granted"), Refused)
    for kind in ("fire.alarm", "water.leak", "access.denied", "fire.restore", "manual.panic"):
        assert isinstance(say(kind), Kept), kind
    assert spool.shed == 3
    assert [w.seq for w in spool.waiting()] == list(range(1, 26))
    spool.close()


def test_a_second_process_is_kept_out(tmp_path: Path, clock: HandClock) -> None:
    """F16: two gateways on one spool would tear its order apart."""
    spool = Spool.open(tmp_path / "s", clock())
    spool.append([a_fact(clock)], clock())
    with pytest.raises(SpoolBusy):
        Spool.open(tmp_path / "s", clock())
    assert not list(tmp_path.glob("*.broken-*"))
    spool.close()


@pytest.mark.parametrize("damage", ["garbage", "truncated", "zeroed_head", "zeroed_middle", "empty"])
def test_a_broken_file_is_put_aside_and_what_can_be_read_is_saved(
    tmp_path: Path, clock: HandClock, damage: str
) -> None:
    """F6: the gateway starts, keeps the evidence, and says so."""
    path = tmp_path / "s"
    spool = Spool.open(path, clock())
    spool.append([a_fact(clock, data=b'{"text":"%b"}' % (b"x" * 200)) for _ in range(500)], clock())
    before = set(raws(spool).values())
    spool.close()
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(
        {
            "garbage": b"not a database at all" * 100,
            "truncated": content[:half],
            "zeroed_head": b"\0" * 100 + content[100:],
            "zeroed_middle": content[:half] + b"\0" * 8192 + content[half + 8192 :],
            "empty": b"",
        }[damage]
    )
    again = Spool.open(path, clock.tick())
    saved = set(raws(again).values())
    assert saved <= before  # nothing invented
    if damage == "empty":
        assert again.broken is None
    else:
        assert again.broken is not None
        assert again.broken.exists()
    if damage == "zeroed_middle":
        assert len(saved) > 300
    assert kept(again.append([a_fact(clock)], clock()))[0].seq == 1
    again.close()


def test_an_event_that_rots_is_replaced_by_word_of_it_and_leaves_no_gap(tmp_path: Path, clock: HandClock) -> None:
    """F6: one flipped bit inside an event's bytes, where SQLite itself does not look."""
    path = tmp_path / "s"
    spool = Spool.open(path, clock())
    spool.append([a_fact(clock) for _ in range(3)], clock())
    spool.close()
    conn = sqlite3.connect(path)
    conn.execute("UPDATE events SET raw = CAST(replace(raw, 'B2-07', 'B2-17') AS BLOB) WHERE seq = 2")
    conn.commit()
    conn.close()
    again = Spool.open(path, clock.tick())
    readable = again.read([1, 2, 3])
    assert sorted(readable) == [1, 3]
    again.replace([2], "gw-a", clock())
    (said,) = wire.decode_events(again.read([2])[2])
    assert isinstance(said, wire.Said)
    assert (said.event.boot, said.event.seq) == (spool.boot, 2)
    assert (said.event.kind, said.event.device) == (STORAGE_FAULT, "gw-a")
    assert again.refusals()[0][0] == "rotten"
    again.close()


def test_commands_are_new_once(tmp_path: Path, clock: HandClock) -> None:
    spool = Spool.open(tmp_path / "s", clock())
    assert spool.first_time("one")
    spool.close()
    again = Spool.open(tmp_path / "s", clock())
    assert not again.first_time("one")
    assert again.first_time("two")
    again.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.integers(1, 4), st.just("reopen"), st.just("again"), st.floats(0, 1)), max_size=25))
def test_whatever_happens_numbers_are_contiguous_and_nothing_uncovered_is_gone(steps: list[object]) -> None:
    """A model of the spool beside the spool: appends, repeats, receipts and restarts in any order."""
    clock = HandClock(datetime(2026, 3, 1, tzinfo=UTC))
    folder = Path(tempfile.mkdtemp())
    try:
        _walk(steps, clock, folder / "s")
    finally:
        shutil.rmtree(folder)


def _walk(steps: list[object], clock: HandClock, path: Path) -> None:
    spool = Spool.open(path, clock())
    model: dict[tuple[str, int], str] = {}
    given_out: dict[str, int] = {}
    last: Fact | None = None
    for step in steps:
        if step == "reopen":
            spool.close()
            spool = Spool.open(path, clock.tick())
        elif step == "again":
            if last is not None:
                assert kept(spool.append([last], clock()))[0].row is None
        elif isinstance(step, int):
            facts = [a_fact(clock) for _ in range(step)]
            last = facts[-1]
            for k in kept(spool.append(facts, clock())):
                given_out[k.boot] = given_out.get(k.boot, 0) + 1
                assert k.seq == given_out[k.boot]
                model[k.boot, k.seq] = k.id
        elif isinstance(step, float) and given_out:
            boot = sorted(given_out)[int(step * (len(given_out) - 1))]
            through = int(step * given_out[boot])
            spool.covered([(boot, through)])
            model = {(b, s): i for (b, s), i in model.items() if b != boot or s > through}
        assert sorted((w.boot, w.seq) for w in spool.waiting()) == sorted(model)
        assert len(spool) == len(model)
    spool.close()


def _killed_after(writer: list[str], lines: int) -> list[str]:
    with subprocess.Popen(writer, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = [child.stdout.readline().strip() for _ in range(lines)]
        child.kill()
        return [line for line in [*first, *child.stdout.read().split()] if line]


_WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.ids import fresh
from gateway.fact import Fact
from gateway.spool import Spool
at = datetime(2026, 3, 1, tzinfo=UTC)
spool = Spool.open(Path(sys.argv[1]), at)
for n in range(12):
    (kept,) = spool.append([Fact(fresh(at), "B2-07", "fire.alarm", at)], at)
    print(kept.id, flush=True)
    if n % 4 == 3:
        spool.covered([(spool.boot, n - 2)])
"""


@pytest.mark.crash
@pytest.mark.parametrize("nth", [1, 2, 3, 5, 8, 13, 18])
def test_death_at_any_fsync_loses_nothing_that_was_answered(tmp_path: Path, clock: HandClock, nth: int) -> None:
    """F1c: SIGKILL at exactly the nth sync of the spool; without strace, soon after the nth answer."""
    writer = [sys.executable, "-c", _WRITER, str(tmp_path / "s")]
    if shutil.which("strace"):
        when = f"inject=fdatasync,fsync:signal=SIGKILL:when={nth}"
        writer = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", when, *writer]
        answered = subprocess.run(writer, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    else:
        answered = _killed_after(writer, nth)
    spool = Spool.open(tmp_path / "s", clock())
    assert spool.broken is None
    found = {wire.decode_events(raw)[0].event.id for raw in raws(spool).values()}  # type: ignore[union-attr]
    covered = {row[0] for row in spool._conn.execute("SELECT id FROM settled")}
    assert set(answered) <= found | covered
    assert len(found | covered) - len(answered) <= 1  # at most the one whose answer never left
    spool.close()
