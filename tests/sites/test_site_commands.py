"""`watchroom site check|diff|import` as a person meets it: words, exit codes, nothing written by a look."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.site_commands import site_app
from ingest.versions import withdraw
from sites.acts import ImportResult, import_pack
from sites.register import Register
from sites.store import versions
from sites.versions import Terms, Version
from store.db import Store
from tests.sites import small

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Room:
    """The commands wired to a database of the test's own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.busy: set[str] = set()
        self.app = site_app(lambda: url, Store, self._import, lambda _db, _site: self.busy, self._withdraw)

    @staticmethod
    def _import(db: Store, register: Register, digest: str, by: str, over: bool, terms: Terms) -> ImportResult:
        with db.begin([register.site_id]) as tx:
            return import_pack(tx, register, digest, NOW, by, over_edits=over, terms=terms)

    @staticmethod
    def _withdraw(db: Store, site: str, version: int, by: str, reason: str) -> Version:
        with db.begin([site]) as tx:
            return withdraw(tx, site, version, by, reason, NOW)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(self.app, list(words), env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})

    def versions(self) -> dict[str, int]:
        db = Store(self.url)
        with db.read() as conn:
            found = versions(conn)
        db.close()
        return found


@pytest.fixture
def room(sqlite_url: str) -> Room:
    return Room(sqlite_url)


@pytest.fixture
def corner(tmp_path: Path) -> Path:
    return small.write(tmp_path / "corner")


def test_check_counts_a_clean_pack(room: Room, corner: Path) -> None:
    told = room.run("check", str(corner))
    assert told.exit_code == 0
    assert "Corner (corner)" in told.output
    assert "no faults" in told.output


def test_check_tells_every_fault_and_exits_1(room: Room, tmp_path: Path) -> None:
    bad = small.spoiled(tmp_path / "bad", "duty.yaml", "night: zhao-li", "night: zhao-lei")
    told = room.run("check", str(bad))
    assert told.exit_code == 1
    line = small.DUTY[: small.DUTY.index("night: zhao-li")].count("\n") + 1
    fault = f'{bad}/duty.yaml:{line}: rotas[0].days[1].night: unknown person "zhao-lei"; did you mean "zhao-li"?'
    assert fault in told.output
    assert "refused, 1 fault" in told.output


def test_diff_tells_and_writes_nothing(room: Room, corner: Path) -> None:
    told = room.run("diff", str(corner))
    assert told.exit_code == 0
    assert "not imported yet" in told.output
    assert room.versions() == {}


def test_diff_names_field_and_both_values(room: Room, corner: Path, tmp_path: Path) -> None:
    room.run("import", str(corner))
    later = small.spoiled(tmp_path / "later", "duty.yaml", "repeat_s: 120", "repeat_s: 90")
    told = room.run("diff", str(later))
    assert told.exit_code == 0
    assert "corner: 1 changes from version 1" in told.output
    row = next(line for line in told.output.splitlines() if "repeat_s" in line)
    assert all(word in row for word in ("ladders", "usual", "120", "90"))
    assert room.versions() == {"corner": 1}


def test_import_then_import_again(room: Room, corner: Path) -> None:
    first = room.run("import", str(corner))
    assert first.exit_code == 0, first.output
    assert "corner: version 1" in first.output
    assert "accounts without a password yet: zhaoli, qianyun" in first.output
    again = room.run("import", str(corner), "--store", room.url)
    assert again.exit_code == 0
    assert "no change, version 1 stands" in again.output
    assert "no change (version 1)" in room.run("diff", str(corner)).output


def test_a_bad_pack_among_good_ones_imports_none(room: Room, corner: Path, tmp_path: Path) -> None:
    bad = small.spoiled(tmp_path / "bad", "people.yaml", "[guard]", "[gaurd]")
    assert room.run("import", str(corner), str(bad)).exit_code == 1
    assert room.versions() == {}


def test_a_taken_login_is_refused_in_words(room: Room, corner: Path, tmp_path: Path) -> None:
    room.run("import", str(corner))
    annex = small.spoiled(tmp_path / "annex", "site.yaml", "id: corner", "id: annex")
    told = room.run("import", str(annex))
    assert told.exit_code == 1
    assert 'The login "zhaoli" of zhao-li is taken.' in told.output


def test_a_removed_device_with_an_open_alert_warns_but_goes(room: Room, corner: Path, tmp_path: Path) -> None:
    room.run("import", str(corner))
    room.busy = {"D-01"}
    text = small.ZONES.replace("  - {id: D-01, name: Door, model: door, zone: loft, gateway: gw-1}\n", "")
    duty = small.FILES["duty.yaml"].replace("[S-01, D-01]", "[S-01]")
    less = str(small.write(tmp_path / "less", small.FILES | {"zones.yaml": text, "duty.yaml": duty}))
    for command in ("diff", "import"):
        told = room.run(command, less)
        assert told.exit_code == 0, told.output
        assert "warning: device D-01 is removed" in told.output
    assert room.versions() == {"corner": 2}


def test_a_version_to_come_is_told_listed_compared_and_withdrawn(room: Room, corner: Path, tmp_path: Path) -> None:
    """SITE-06, ROLE-08: effective time, author, approver and reason, all by the command."""
    room.run("import", str(corner))
    later = small.spoiled(tmp_path / "later", "duty.yaml", "repeat_s: 120", "repeat_s: 90")
    words = ["--effective-from", "2026-12-01T08:00", "--by", "zhao", "--approved-by", "qian", "--reason", "winter"]
    told = room.run("import", str(later), *words)
    assert told.exit_code == 0, told.output
    assert "comes into force at 2026-12-01 08:00 (Asia/Shanghai)" in told.output
    assert room.versions() == {"corner": 1}
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in room.run("versions", "corner").output.splitlines()
    ]
    assert ["2", "to come", "2026-12-01 08:00", "zhao", "qian", "winter"] in rows
    assert ["1", "in force", "2026-03-01 08:00", "system", "", ""] in rows
    between = room.run("versions", "corner", "--diff", "1..2")
    assert any(all(word in line for word in ("repeat_s", "120", "90")) for line in between.output.splitlines())
    assert "version 2 is withdrawn" in room.run("withdraw", "corner", "2", "--reason", "too early").output
    assert room.run("withdraw", "corner", "2", "--reason", "again").exit_code == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--effective-from", "soon"], "is no time"),
        (["--effective-from", "2026-02-28T08:00"], "now or later"),
        (["--by", "zhao", "--approved-by", "zhao"], "does not approve"),
    ],
)
def test_terms_that_cannot_be_are_refused(room: Room, corner: Path, words: list[str], why: str) -> None:
    told = room.run("import", str(corner), *words)
    assert told.exit_code != 0
    assert why in told.output
    assert room.versions() == {}


def test_check_tells_what_the_service_grade_gave(room: Room, tmp_path: Path) -> None:
    """SITE-05: grade 3 gives 240 min, 60 min, 70 %; what the pack says itself wins."""
    text = small.SITE.replace("policies:\n", "policies:\n  service_grade: 3\n  service: {urgent_repair_min: 45}\n")
    told = room.run("check", str(small.write(tmp_path / "graded", small.FILES | {"site.yaml": text})))
    assert told.exit_code == 0, told.output
    assert "patrol.interval_min = 240 min: grade 3" in told.output
    assert "service.callback_rate_min_pct = 70 %: grade 3" in told.output
    assert "service.urgent_repair_min = 45 min: the pack's own (grade 3: 60)" in told.output
    first = room.run(
        "check", str(small.write(tmp_path / "first", small.FILES | {"site.yaml": text.replace("grade: 3", "grade: 1")}))
    )
    assert "service grade 1: no numbers of it are known" in first.output
