"""Guards' phones against a real server, over real HTTP: an honest round in every way that it can be walked, and every trick that
is tried with taps, each seen for what it is (PAT-03, PAT-05, PAT-08, PAT-11).
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from app.clock import now
from ingest.child import end
from patrol.flags import Flag
from patrol.keys import Ring
from simulators import walks
from simulators.cheats import CHEATS, Stage, apart, seen
from simulators.phones import Phone, Refused
from simulators.walks import Pace
from tests.e2e.conftest import Demo
from tests.e2e.phones import ESTATE, ZONE, packs
from tests.servers import ROOT

LIVE, OFFLINE, PAGED = ROUTES = "grounds", "plant", "towers"
FOREIGN = "lakeside-office", "04DA4C4D6AFDFF"
PASSWORD = "demo"
PIN = "274159"
QUICK = Pace(metres_s=1.5, look_s=0.02)
# What only a reader can say: a phone says how it read by the form of what it brings, and its guard is who is signed in.
READERS = {Flag.UNKNOWN_GUARD, Flag.UNKNOWN_PROOF}
OPENS = (15, 35, 55, 75)  # seconds after the packs are made, for a machine that takes long to start
SECOND = timedelta(seconds=1)


class Walked(Demo):
    """Two estates; on one a round is open whatever the hour, and its plans are so small that a phone is soon at the next point."""

    def __init__(self, folder: Path) -> None:
        at = datetime.now(UTC)
        shown = packs(folder.parent / "packs", at)
        shutil.copytree(ROOT / "packs" / FOREIGN[0], shown / FOREIGN[0])
        told = (ROOT / "packs" / ESTATE / "site.yaml").read_text()
        assert "unit_m: 0.2}" in told
        (shown / ESTATE / "site.yaml").write_text(told.replace("unit_m: 0.2}", "unit_m: 0.001}"))
        patrol = shown / ESTATE / "patrol.yaml"
        said = yaml.safe_load(patrol.read_text())
        plans = [_plan(f"test-{route}-{after}", route, at + after * SECOND) for route in ROUTES for after in OPENS]
        patrol.write_text(yaml.safe_dump(said | {"patrol_plans": plans}, allow_unicode=True, sort_keys=False))
        self.flags = ["--packs", str(shown)]
        super().__init__(folder)

    @property
    def leader(self) -> str:
        return next(p["login"] for p in self.people if p["site_id"] == self.site and "supervisor" in p["roles"])

    @property
    def tag_key(self) -> Path:
        return self.folder / "keys" / "tags"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    made = Walked(tmp_path_factory.mktemp("walkers") / "data")
    yield made
    end(made.process)


@pytest.fixture(scope="module")
def stage(demo: Walked) -> Iterator[Stage]:
    """The guard on duty, one who is not, and a leader, all signed in."""
    logins = demo.login("guard", seat="Patrol guard"), demo.leader, demo.login("guard")
    with ExitStack() as phones:
        guard, leader, other = (phones.enter_context(Phone(demo.url, login, now)) for login in logins)
        for phone in (guard, leader, other):
            phone.sign_in(PASSWORD)
        register = guard.get("register")
        ring = Ring(bytes.fromhex(demo.tag_key.read_text()))
        policies = register["policies"]["patrol"]
        yield Stage(guard, leader, *apart(register), policies, other, ring, FOREIGN[1])


def test_there_is_a_trick_for_every_flag_that_a_phone_can_earn() -> None:
    assert set(CHEATS) == {flag.value for flag in Flag} - {flag.value for flag in READERS}


def test_every_trick_is_seen_and_leaves_no_tag_of_its_own_in_use(stage: Stage) -> None:
    """PAT-11: by the flag that the server has on the tap, as everybody who looks at the taps is told."""
    flags = {name: seen(stage, trick) for name, trick in CHEATS.items()}
    assert {name: some for name, some in flags.items() if name not in some} == {}
    hung = {t["uid"] for t in stage.leader.get("tags")["items"] if t["state"] == "active"}
    assert hung == {uid for p in stage.me.get("register")["checkpoints"].values() for uid in p["tags"]}
    alone = Stage(stage.me, stage.leader, stage.here, stage.there, stage.policies)
    for name in ("clone", "foreign_tag", "replayed"):
        with pytest.raises(Refused, match="this takes"):
            seen(alone, CHEATS[name])


def test_the_command_walks_a_round_that_is_complete(stage: Stage, demo: Walked) -> None:
    """PAT-03, PAT-05: live, at a phone that is opened by PIN, with answers and photos, and one tag that proves itself."""
    found = _opened(stage.me, LIVE)
    said = ["--url", demo.url, "--person", stage.me.login, "--leader", stage.leader.login]
    way = ["--route", LIVE, "--look", "0.02", "--pace", "1.5", "--pin", _pin(stage.me), "--tag-key", str(demo.tag_key)]
    with stage.chip("CP-02"):
        walked = _sim(*said, *way)
    points = [line.split() for line in walked.stdout.splitlines()]
    assert (walked.returncode, points[-1]) == (0, ["10", "points"]), walked.stdout + walked.stderr
    assert {tuple(told) for told in points[:-1]} == {(name, "on_time") for name in found["points"]}
    sheet = stage.me.get(f"rounds/{found['id']}")
    assert (sheet["brief"]["result"], sheet["brief"]["people"]) == ("complete", [stage.me.person])
    assert [p["unanswered"] for p in sheet["points"]] == [[]] * 10
    assert [p["proofs"][0]["proof"] for p in sheet["points"] if p["checkpoint"] == "CP-02"] == ["sun"]
    (photo,) = [sha for tap in sheet["taps"] for sha in tap["photos"]]
    assert stage.me.http.get(f"/api/v1/sites/{ESTATE}/patrol/photos/{photo}").headers["content-type"] == "image/jpeg"
    tricked, wrong = _sim(*said, "--cheat", "manual_denied"), _sim(*said, "--cheat", "clone")
    assert (tricked.returncode, tricked.stdout) == (0, "manual_denied  seen     manual_denied\n")
    assert (wrong.returncode, "NOT SEEN (this takes another guard)" in wrong.stdout) == (1, True)
    assert "no round of no-such is open" in _sim(*said, "--route", "no-such").stderr


def test_a_round_without_a_line_comes_in_one_go(stage: Stage) -> None:
    found = _opened(stage.me, OFFLINE)
    stops = list(walks.walk(stage.me.afresh(), time.sleep, Random(2), OFFLINE, QUICK, offline=True))
    assert [(s.flags, s.state) for s in stops] == [((), "on_time")] * 3
    taps = [tap for tap in stage.me.get(f"rounds/{found['id']}")["taps"] if tap["person_id"] == stage.me.person]
    assert [(t["synced"], t["checkpoint_id"]) for t in taps] == [(True, s.checkpoint) for s in stops]


def test_by_the_page_of_each_tag_with_a_pin(stage: Stage) -> None:
    """PAT-08: a tag that proves itself; the press counts by the guard's PIN alone."""
    _opened(stage.me, PAGED)
    pin = _pin(stage.me)
    with stage.chip("CP-21") as chip:
        stops = list(walks.walk(stage.me, time.sleep, Random(3), PAGED, QUICK, {"CP-21": chip}, page=pin))
    assert [(s.checkpoint, s.flags, s.state, s.page) for s in stops] == [("CP-21", (), "on_time", "Counted")]
    (made,) = stage.me.get("taps", checkpoint="CP-21", limit=1)["items"]
    assert (made["proof"], made["counter"], made["person_id"]) == ("sun", 1, stage.me.person)


def _sim(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", "sim", "walk", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def _plan(name: str, route: str, opens: datetime) -> dict[str, Any]:
    wall = opens.astimezone(ZONE)
    rule = f"FREQ=DAILY;BYHOUR={wall.hour};BYMINUTE={wall.minute};BYSECOND={wall.second}"
    return {"id": name, "route": route, "seat": "patrol", "rrule": rule, "window_min": 1440}


def _pin(phone: Phone) -> str:
    answer = phone.http.post("/api/v1/session/pin", json={"password": PASSWORD, "pin": PIN})
    assert answer.status_code == 200, answer.text
    return PIN


def _opened(phone: Phone, route: str) -> dict[str, Any]:
    """The round of that route, as soon as it is open."""
    until = time.monotonic() + 60
    while True:
        try:
            return walks.open_round(phone, route)
        except Refused:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
