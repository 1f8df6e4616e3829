"""Every fault of a pack names its file, its line and its field (issue: bad input; SITE-02)."""

from pathlib import Path

import pytest

from core.kinds import KINDS, Klass
from sites import tree
from sites.acts import check
from sites.errors import PackRefused
from sites.pack import digest
from tests.sites import small

# file, what stands there, what stands there instead, the line's text that is blamed, field, part of the reason
CASES = [
    # the site and its numbers
    ("site.yaml", "  id: corner", "  id: Corner!", "id: Corner!", "site.id", "is not an id"),
    ("site.yaml", "Asia/Shanghai", "Asia/Shangai", "time_zone", "site.time_zone", 'did you mean "Asia/Shanghai"?'),
    ("site.yaml", "Asia/Shanghai", "../../etc/passwd", "time_zone", "site.time_zone", "unknown time zone"),
    ("site.yaml", "  time_zone: Asia/Shanghai\n", "", "site:", "site.time_zone", "missing"),
    ("site.yaml", "log_retention_days: 400", "log_retention_days: 364", "364", "policies.log_retention_days", "out of"),
    ("site.yaml", "log_retention_days: 400", "log_retention_days: ninety", "ninety", "policies.log_retention_days", "whole"),
    ("site.yaml", "log_retention_days: 400", 'log_retention_days: "400"', "400", "policies.log_retention_days", "whole"),
    ("site.yaml", "log_retention_days: 400", "checkpoint_every_s: 3601", "3601", "policies.checkpoint_every_s", "(60 to"),
    ("site.yaml", "log_retention_days: 400", "clock_skew: 3", "clock_skew", "policies.clock_skew", '"clock_skew_s"?'),
    ("site.yaml", "{1: 600}", "{5: 600}", "5: 600", "policies.handle_by_s.5", "unknown field"),
    ("site.yaml", "{1: 600}", "{1: 10}", "1: 10", "policies.handle_by_s.1", "out of range"),
    ("site.yaml", "log_retention_days: 400", "key_zone_raises_priority: yes", "yes", "policies.key_zone_raises_priority", "true or"),
    # kinds
    ("site.yaml", "access.denied:", "access.fire:", "access.fire", "kinds.access.fire.klass", "missing"),
    ("site.yaml", "access.denied: {ack_s: 60, priority: 2}", "fire.alarm: {priority: 2}", "fire.alarm", "kinds.fire.alarm.priority", "(1 to 1)"),
    ("site.yaml", "access.denied: {ack_s: 60, priority: 2}", "fire.alarm: {ends: device}", "fire.alarm", "kinds.fire.alarm.ends", "unknown field"),
    ("site.yaml", "priority: 2", "priority: 5", "priority: 5", "kinds.access.denied.priority", "out of range"),
    ("site.yaml", "effect: raise, ends: device", "effect: raise", "gas.leak:", "kinds.gas.leak.ends", "missing"),
    ("site.yaml", "clears: [gas.leak]", "clears: []", "gas.restore", "kinds.gas.restore", "clears"),
    ("site.yaml", "  gas.leak:", "  Gas:", "Gas:", "kinds.Gas", "is not a kind"),
    # externals and contacts
    ("site.yaml", "duty@brigade.example", "brigade", "target: brigade", "externals[0].contacts[0].target", "an e-mail address"),
    ("site.yaml", "channel: email", "channel: fax", "channel: fax", "externals[0].contacts[0].channel", 'unknown channel "fax"'),
    ("site.yaml", "[{channel: email, target: duty@brigade.example}]", "[]", "contacts: []", "externals[0].contacts", "0 entries"),
    ("people.yaml", "https://hooks.example/zhao", "ftp://hooks.example", "ftp", "people[0].contacts[0].target", "http(s)"),
    # zones and plans
    ("zones.yaml", "kind: building, plan: ground", "kind: building, parent: hall, plan: ground", "id: house", "zones[0].parent", "cycle of zones: house > hall > house"),
    ("zones.yaml", "kind: area", "kind: area, parent: field", "id: field", "zones[3].parent", "cycle of zones: field > field"),
    ("zones.yaml", "kind: room, parent: house}", "kind: room, parent: hose}", "hose", "zones[2].parent", 'unknown zone "hose"; did you mean "house"?'),
    ("zones.yaml", "kind: area", "kind: aria", "aria", "zones[3].kind", 'did you mean "area"?'),
    ("zones.yaml", "plan: ground, polygon", "plan: cellar, polygon", "cellar", "zones[1].plan", "unknown plan"),
    ("zones.yaml", "[50, 50]]", "[50, 81]]", "id: hall", "zones[1].polygon", "outside plan ground (100 x 80)"),
    ("zones.yaml", "[[0, 0], [50, 0], [50, 50]]", "[[0, 0], [50, 0]]", "id: hall", "zones[1].polygon", "2 entries"),
    ("zones.yaml", "[50, 0]", "[50, a]", "id: hall", "zones[1].polygon[1][1]", "expected a number"),
    ("zones.yaml", "plans/ground.svg", "plans/cellar.svg", "cellar", "plans[0].file", "no such file"),
    ("zones.yaml", "plans/ground.svg", "../ground.svg", "../", "plans[0].file", "outside the pack"),
    ("zones.yaml", "plans/ground.svg", "/etc/passwd", "/etc", "plans[0].file", "outside the pack"),
    # gateways, devices, checkpoints
    ("zones.yaml", "id: gw-1", "id: GW_1", "GW_1", "gateways[0].id", "is not an id"),
    ("zones.yaml", "supervision_s: 60}", "supervision_s: 5}", "supervision_s: 5", "gateways[0].supervision_s", "out of range"),
    ("zones.yaml", "id: D-01", "id: S-01", "name: Door", "devices[1].id", 'duplicate id "S-01"'),
    ("zones.yaml", "id: D-01", "id: D 01", "D 01", "devices[1].id", "is not an id"),
    ("zones.yaml", "model: smoke", "model: smoak", "smoak", "devices[0].model", 'did you mean "smoke"?'),
    ("zones.yaml", "zone: loft, gateway", "zone: left, gateway", "left", "devices[1].zone", 'did you mean "loft"?'),
    ("zones.yaml", "zone: loft, gateway: gw-1", "zone: loft, gateway: gw-2", "gw-2", "devices[1].gateway", 'did you mean "gw-1"?'),
    ("zones.yaml", "zone: loft, gateway: gw-1", "zone: loft", "id: D-01", "devices[1].gateway", "missing"),
    ("zones.yaml", "x: 10, y: 10.5", "x: 101, y: 10.5", "x: 101", "devices[0].x", "outside plan ground (100 x 80)"),
    ("zones.yaml", "x: 10, y: 10.5", "x: 10, y: -1", "y: -1", "devices[0].y", "outside plan"),
    ("zones.yaml", "x: 10, y: 10.5", "x: 10", "id: S-01", "devices[0].y", "x and y stand together"),
    ("zones.yaml", "x: 10, y: 10.5", "x: .nan, y: 1", ".nan", "devices[0].x", "expected a number"),
    ("zones.yaml", "zone: hall, gateway", "zone: field, gateway", "id: S-01", "devices[0].x", "zone field has no floor plan"),
    ("zones.yaml", "supervision_s: 600", "supervision_s: 3", "supervision_s: 3", "devices[0].supervision_s", "out of range"),
    ("zones.yaml", "key: true", "key: True", "True", "devices[0].key", "true or false"),
    ("zones.yaml", "key: true", "keys: true", "keys", "devices[0].keys", 'unknown field; did you mean "key"?'),
    ("zones.yaml", "key: true", "key: [true]", "[true]", "devices[0].key", "found a list"),
    ("zones.yaml", "DEADBEEF", "DEADBEE", "CP-2", "checkpoints[1].tags[1]", "not a tag UID"),
    ("zones.yaml", "04A1B2C3D4E5F7", "04a1b2c3d4e5f6", "CP-2", "checkpoints[1].tags[0]", "stands for CP-1 already"),
    # people
    ("people.yaml", "login: qianyun", "login: zhaoli", "id: qian-yun", "people[1].login", 'duplicate login "zhaoli"'),
    ("people.yaml", "login: qianyun", "login: Qian Yun", "id: qian-yun", "people[1].login", "is not an id"),
    ("people.yaml", "[guard]", "[gaurd]", "gaurd", "people[1].roles[0]", 'did you mean "guard"?'),
    ("people.yaml", "[guard]", "[]", "id: qian-yun", "people[1].roles", "0 entries"),
    ("people.yaml", "language: en", "language: fr", "fr", "people[1].language", "unknown language"),
    ("people.yaml", "138 0000 1001", "call me", "call me", "people[0].phone", "not a phone number"),
    ("people.yaml", "    login: zhaoli\n", "    login: zhaoli\n    login: zhao\n", "login: zhao\n", "people[0].login", "duplicate key"),
    ("people.yaml", "{zh: 赵力, en: Zhao Li}", "{zh: 赵力}", "赵力", "people[0].name.en", "missing"),
    ("people.yaml", " {zh: 赵力, en: Zhao Li}", "", "name:\n", "people[0].name", "found nothing"),
    ("people.yaml", "en: Zhao Li", 'en: "Zhao\\0Li"', "Zhao", "people[0].name.en", "control characters"),
    ("people.yaml", "en: Zhao Li", 'en: "\\ud800"', "ud800", "", "not YAML"),
    ("people.yaml", "en: Zhao Li", "en: " + "Z" * 121, "ZZ", "people[0].name.en", "121 characters"),
    # duty
    ("duty.yaml", "day: qian-yun", "day: qian-yin", "qian-yin", "rotas[0].days[1].day", 'unknown person "qian-yin"; did you mean "qian-yun"?'),
    ("duty.yaml", "night: zhao-li", "late: zhao-li", "late", "rotas[0].days[1].late", 'unknown shift "late"'),
    ("duty.yaml", "  - seat: desk", "  - seat: disk", "disk", "rotas[0].seat", 'unknown seat "disk"; did you mean "desk"?'),
    ("duty.yaml", "2026-01-01", "2026-02-30", "2026-02-30", "rotas[0].from_day", "expected a date"),
    ("duty.yaml", "2026-01-01", "20260101", "20260101", "rotas[0].from_day", "expected a date"),
    ("duty.yaml", "starts: 08:00", "starts: 24:00", "24:00", "shifts[0].starts", "expected a time"),
    ("duty.yaml", "starts: 08:00", "starts: 8:00", "starts: 8:00", "shifts[0].starts", "expected a time"),
    ("duty.yaml", "post: rounds, name", "post: round, name", "post: round,", "seats[1].post", 'did you mean "rounds"?'),
    ("duty.yaml", '"post:rounds"', '"seat:desk"', "{id: rounds, post", "seats[1].id", 'no route or ladder reaches seat "rounds"'),
    ("duty.yaml", "ladders:\n", "  - {seat: desk, from_day: 2026-01-01, days: [{day: zhao-li}]}\nladders:\n", "days: [{day", "rotas[1].seat", "its shift day already"),
    # ladders and routes
    ("duty.yaml", "after_s: 90", "after_s: 59", "after_s: 59", "ladders[0].rungs[3].after_s", "59 s comes before the rung above it (60 s)"),
    ("duty.yaml", "after_s: 0", "after_s: 10", "after_s: 10", "ladders[0].rungs[0].after_s", "due at once"),
    ("duty.yaml", "after_s: 90", "after_s: -90", "after_s: -90", "ladders[0].rungs[3].after_s", "out of range"),
    ("duty.yaml", "person:zhao-li", "person:zhao-lei", "zhao-lei", "ladders[0].rungs[3].who", 'did you mean "zhao-li"?'),
    ("duty.yaml", "role:supervisor", "role:manager", "role:manager", "ladders[0].rungs[2].who", "nobody here is manager"),
    ("duty.yaml", "role:supervisor", "role:boss", "role:boss", "ladders[0].rungs[2].who", 'unknown role "boss"'),
    ("duty.yaml", "role:supervisor", "supervisor", 'who: "supervisor"', "ladders[0].rungs[2].who", "none of seat:ID"),
    ("duty.yaml", "channels: [console, webhook]", "channels: [console, pager]", "pager", "ladders[0].rungs[1].channels[1]", "unknown channel"),
    ("duty.yaml", "priorities: [1, 2]", "priorities: [0]", "priorities: [0]", "routes[0].priorities[0]", "out of range"),
    ("duty.yaml", "kinds: [fire, gas.leak]", "kinds: [fires]", "fires", "routes[0].kinds[0]", 'did you mean "fire"?'),
    ("duty.yaml", "zones: [house], ladder: usual", "zones: [house], ladder: unusual", "unusual", "routes[0].ladder", 'did you mean "usual"?'),
    ("duty.yaml", "  - {ladder: usual, seat: desk}", "  - {ladder: usual, seat: desk, priorities: [4]}", "priorities: [4]", "routes[1]", "must fit everything"),
    ("duty.yaml", "routes:\n", "routes:\n  - {ladder: usual, seat: desk}\n", "  - {ladder: usual, seat: desk}\n", "routes[0]", "never taken"),
    # YAML itself
    ("duty.yaml", "posts:", "posts: &a", "posts:", "", "anchors and aliases"),
    ("duty.yaml", "days:\n", "days: *b\n", "*b", "", "anchors and aliases"),
    ("duty.yaml", "id: usual", "id: !!python/name:os.system usual", "os.system", "", "tag"),
    ("duty.yaml", "seats:", "seats: [", "seats", "", "not YAML"),
    ("duty.yaml", "seats:", "---\nseats:", "---", "", "a second document"),
    ("duty.yaml", "id: usual", "id: " + "[" * 20 + "]" * 20, "[[", "", "nests deeper"),
    ("duty.yaml", "seats:", "{a: b}: c\nseats:", "{a: b}", "", "a key must be a word"),
    ("duty.yaml", "seats:", "seat:", "seat:", "seat", 'unknown section "seat"; did you mean "seats"?'),
    ("duty.yaml", "posts:", "people: []\nposts:", "people: []", "people", ""),
    # a drawing that a browser would not only draw
    ("plans/ground.svg", "<rect", "<script>alert(1)</script><rect", "<script", "", "<script> is not allowed"),
    ("plans/ground.svg", "<rect", '<rect onclick="x()"', "onclick", "", "scripts are not allowed"),
]  # fmt: skip


def _blamed(text: str, where: str) -> set[int]:
    return {text[:at].count("\n") + 1 for at in range(len(text)) if text.startswith(where, at)}


@pytest.mark.parametrize(("name", "old", "new", "where", "field", "why"), CASES)
def test_a_fault_names_its_file_line_and_field(
    tmp_path: Path, name: str, old: str, new: str, where: str, field: str, why: str
) -> None:
    folder = small.spoiled(tmp_path, name, old, new)
    with pytest.raises(PackRefused) as refused:
        check(folder)
    lines = _blamed((folder / name).read_text("utf-8"), where)
    assert lines, f"{where!r} is not in the spoiled file"
    mine = [e for e in refused.value.errors if e.file == str(folder / name) and e.field == field and why in e.why]
    assert mine, [str(e) for e in refused.value.errors]
    assert mine[0].line in lines or (name == "duty.yaml" and not field)  # a syntax error is noticed further down
    assert str(mine[0]).startswith(f"{folder / name}:{mine[0].line}: {field}")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    files = dict(small.FILES)
    files["zones.yaml"] = files["zones.yaml"].replace("model: smoke", "model: smoak").replace("gw-1}", "gw-9}")
    files["people.yaml"] = files["people.yaml"].replace("[guard]", "[gaurd]")
    with pytest.raises(PackRefused) as refused:
        check(small.write(tmp_path, files))
    assert {e.field for e in refused.value.errors} == {"devices[0].model", "devices[1].gateway", "people[1].roles[0]"}
    assert "3 faults" in refused.value.detail
    assert refused.value.code == "pack_refused"


def test_a_section_in_two_files_is_refused_where_it_stands_again(tmp_path: Path) -> None:
    files = small.FILES | {"more.yaml": "posts: []\n"}
    with pytest.raises(PackRefused) as refused:
        check(small.write(tmp_path, files))
    assert any(e.field == "posts" and "already" in e.why for e in refused.value.errors)


def test_missing_sections_are_named(tmp_path: Path) -> None:
    with pytest.raises(PackRefused) as refused:
        check(small.write(tmp_path, {"site.yaml": "site: {id: x, name: X, time_zone: UTC}\n"}))
    fields = {e.field for e in refused.value.errors}
    assert {"zones", "devices", "people", "seats", "rotas", "ladders", "routes"} <= fields


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "no .yaml file"),
        ({"a.yaml": "- 1\n"}, "expected sections"),
        ({"a.yaml": ""}, "expected sections"),
        ({"a.yaml": "x: \ud800\n"}, "not UTF-8"),
        ({"a.yaml": "#" + "x" * (8 * 1024 * 1024)}, "at most 8388608"),
        ({f"{i}.yaml": "kinds: {}\n" for i in range(65)}, "65 files, at most 64"),
    ],
)
def test_a_folder_that_is_no_pack_is_refused(tmp_path: Path, files: dict[str, str], why: str) -> None:
    small.write(tmp_path, files or {"readme.txt": "nothing"})
    with pytest.raises(PackRefused) as refused:
        check(tmp_path)
    assert any(why in e.why for e in refused.value.errors), [str(e) for e in refused.value.errors][:5]


def test_more_values_than_a_site_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_NODES", 1000)
    with pytest.raises(PackRefused, match="more than 1000 values"):
        check(small.write(tmp_path, {"a.yaml": "x: [" + "1," * 1000 + "]"}))


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackRefused, match="no such file"):
        check(tmp_path / "nowhere")


def test_a_billion_laughs_are_not_laughed(tmp_path: Path) -> None:
    bomb = 'a: &a ["lol"]\n' + "".join(
        f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(PackRefused, match="anchors and aliases"):
        check(small.write(tmp_path, small.FILES | {"bomb.yaml": bomb}))


def test_a_symbolic_link_cannot_fetch_a_plan_from_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside.svg"
    outside.write_text(small.PLAN)
    folder = small.write(tmp_path / "pack")
    (folder / "plans/ground.svg").unlink()
    (folder / "plans/ground.svg").symlink_to(outside)
    with pytest.raises(PackRefused, match="outside the pack"):
        check(folder)


def test_a_clean_pack_is_read_to_the_letter(tmp_path: Path) -> None:
    register = check(small.write(tmp_path))
    assert register.site_id == "corner"
    assert register.version == 0
    assert register.checkpoints["CP-1"].tags == ("04A1B2C3D4E5F6",)
    assert register.policies.handle_by_s == {1: 600, 2: 1800, 3: 3600, 4: 14400}
    assert register.policies.log_retention_days == 400
    assert register.templates["day"].starts.isoformat() == "08:00:00"
    assert register.people["qian-yun"].name.zh == "Qian Yun"
    assert (register.plans["ground"].width, register.plans["ground"].height) == (100, 80)
    assert register.zone_path("loft") == ("loft", "house")


def test_a_sites_own_kinds_override_ours_by_table(tmp_path: Path) -> None:
    register = check(small.write(tmp_path))
    assert register.kind("access.denied").ack_s == 60
    assert register.kind("access.denied").klass is KINDS["access.denied"].klass
    assert register.kind("gas.leak").klass is Klass.ALARM
    assert register.kind("gas.restore").clears == ("gas.leak",)


def test_one_file_may_hold_the_whole_pack(tmp_path: Path) -> None:
    folder = small.write(tmp_path / "folder")
    whole = "".join(text for name, text in small.FILES.items() if name.endswith(".yaml"))
    single = small.write(tmp_path / "single", {"corner.yaml": whole, "plans/ground.svg": small.PLAN}) / "corner.yaml"
    assert check(single) == check(folder)


def test_the_hash_is_of_what_is_said_not_how(tmp_path: Path) -> None:
    plain = check(small.write(tmp_path / "a"))
    respelled = small.FILES | {
        "people.yaml": small.PEOPLE.replace("{zh: 赵力, en: Zhao Li}", '{en: "Zhao Li", zh: 赵力}')
    }
    changed = small.FILES | {"people.yaml": small.PEOPLE.replace("138 0000 1001", "138 0000 1002")}
    assert digest(check(small.write(tmp_path / "b", respelled))) == digest(plain)
    assert digest(check(small.write(tmp_path / "c", changed))) != digest(plain)
