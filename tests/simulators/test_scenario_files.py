"""Whole files: what is given, what is refused and in which words, and that no text is ever more than refused (EMG-11)."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.scenario.errors import ScenarioRefused
from simulators.scenario.given import SMALL
from simulators.scenario.load import PACKS, read, read_text, site_of
from simulators.scenario.model import Scenario
from sites.pack import read as read_pack
from sites.register import Contact, Role, Rung

FILE = Path("night.yaml")
HEAD = "start: 2026-03-01T22:00\n"
ONE = "when:\n  - 22:04 B2-07 fire.alarm\n"


def scenario(text: str) -> Scenario:
    return read_text(text, FILE)


def faults(text: str, file: Path = FILE) -> list[str]:
    with pytest.raises(ScenarioRefused) as said:
        read_text(text, file)
    return [str(fault) for fault in said.value.errors]


def site(given_: str) -> Scenario:
    return scenario(f"{HEAD}given:\n  {given_}\n{ONE}")


# -- what is read


def test_a_file_without_a_site_stands_on_the_small_one() -> None:
    made = scenario(HEAD + ONE)
    assert made.register == read_pack(SMALL)
    assert made.zone == "Asia/Shanghai"
    assert (made.life, made.seed, made.signed_on) == ("beats", 1, {})
    assert made.end - made.steps[-1].at == made.end - made.start - (made.steps[0].at - made.start)


def test_a_night_ends_ten_minutes_after_its_last_line_unless_it_says() -> None:
    assert str(scenario(HEAD + ONE).end) == "2026-03-01 14:14:00+00:00"
    assert str(scenario(HEAD + ONE + "then:\n  - 22:30 no open alerts\n").end) == "2026-03-01 14:40:00+00:00"
    assert str(scenario(HEAD + ONE + "then:\n  - 22:00..23:00 no alert L-1\n").end) == "2026-03-01 15:10:00+00:00"
    assert str(scenario(HEAD + "end: 06:00\n" + ONE).end) == "2026-03-01 22:00:00+00:00"
    assert str(scenario(HEAD + "end: +30m\n" + ONE).end) == "2026-03-01 14:30:00+00:00"


@pytest.mark.parametrize(
    ("head", "about"),
    [
        ("about: 有人答错了\n", "有人答错了"),
        ("# The wrong person\n#  answers.\n\n# not this\n", "The wrong person answers."),
        ("", ""),
    ],
)
def test_what_it_is_about_is_told_by_a_word_or_by_the_first_comment(head: str, about: str) -> None:
    assert scenario(head + HEAD + ONE).about == about


def test_steps_and_expectations_know_their_lines() -> None:
    made = scenario(HEAD + "\n" + ONE + "then:\n  # a comment\n  - 22:04 alert B2-07 raised\n")
    assert [(s.line, s.text) for s in made.steps] == [(4, "22:04 B2-07 fire.alarm")]
    assert [(e.line, e.text) for e in made.expects] == [(7, "22:04 alert B2-07 raised")]


def test_a_shipped_site_is_named_and_another_is_found_beside_the_file(tmp_path: Path) -> None:
    assert scenario("site: harbour-garden\n" + HEAD + ONE).register.site_id == "harbour-garden"
    (tmp_path / "mine.yaml").write_bytes(SMALL.read_bytes())
    assert read_text("site: mine.yaml\n" + HEAD + ONE, tmp_path / "x.yaml").register.site_id == "small"
    assert site_of("lakeside-office", tmp_path).site_id == "lakeside-office"
    assert site_of("mine.yaml", tmp_path).site_id == "small"
    with pytest.raises(ScenarioRefused, match='unknown site "lakeside"'):
        site_of("lakeside", tmp_path)


def test_the_zone_may_be_chosen_where_no_site_is_named() -> None:
    made = scenario("zone: America/New_York\n" + HEAD + ONE)
    assert (made.zone, str(made.start)) == ("America/New_York", "2026-03-02 03:00:00+00:00")
    assert scenario("site: harbour-garden\nzone: Asia/Shanghai\n" + HEAD + ONE).zone == "Asia/Shanghai"


# -- what is given


def test_people_are_added_or_given_other_roles() -> None:
    people = site(
        "people: {wang: supervisor, sun: [operator, guard], zhou: {roles: guard, email: z@a.example, name: 周}}"
    )
    made = people.register.people
    assert made["wang"].roles == (Role.SUPERVISOR,)
    assert made["wang"].contacts == (Contact("email", "wang@example.org"),)
    assert made["sun"].roles == (Role.OPERATOR, Role.GUARD)
    assert made["sun"].contacts == (Contact("email", "sun@example.org"),)
    assert (made["zhou"].name.zh, made["zhou"].contacts) == ("周", (Contact("email", "z@a.example"),))


def test_devices_are_added_behind_the_first_gateway_or_changed() -> None:
    made = site("devices: {B2-07: heat, L-2: {model: leak_rope, supervision: 10m, gateway: gw-b, key: true}}").register
    assert (made.devices["B2-07"].model, made.devices["B2-07"].supervision_s) == ("heat", 600)
    new = made.devices["L-2"]
    assert (new.model, new.zone, new.gateway, new.supervision_s, new.key) == ("leak_rope", "b7", "gw-b", 600, True)


def test_a_device_that_moves_in_a_pack_loses_its_place_on_the_plan() -> None:
    made = scenario(
        "site: harbour-garden\n" + HEAD + "given:\n  devices: {A1-S01: {zone: a-07}}\nwhen: [22:04 A1-S01 fire.alarm]"
    )
    device = made.register.devices["A1-S01"]
    assert (device.zone, device.x, device.model, device.gateway) == ("a-07", None, "smoke", "gw-a")


def test_gateways_zones_seats_and_checkpoints_are_given_in_a_word() -> None:
    made = site(
        "gateways: {gw-c: 90s}\n  zones: {b8: floor, b9: {kind: room, parent: b8}}\n"
        "  seats: {leader: required}\n  checkpoints: {C1: 04A1B2C3D4E5F7, C3: {tags: [04A1B2C3D4E5F8], zone: b8, post: centre}}"
    ).register
    assert made.gateways["gw-c"].supervision_s == 90
    assert (made.zones["b8"].parent, made.zones["b9"].parent) == ("estate", "b8")
    assert made.seats["leader"].required
    assert made.checkpoints["C1"].tags == ("04A1B2C3D4E5F7",)
    assert made.checkpoints["C3"].zone == "b8"
    assert made.posts["centre"].checkpoint == "C3"


def test_a_roster_is_told_in_daily_hours() -> None:
    made = site("roster: {centre: [wang 20:00-08:00, li 08:00-20:00], leader: []}").register
    (rota,) = made.rotas
    assert (rota.seat, rota.days) == ("centre", ({"20:00-08:00": "wang", "08:00-20:00": "li"},))
    night = made.templates["20:00-08:00"]
    assert (str(night.starts), str(night.ends)) == ("20:00:00", "08:00:00")


def test_a_day_of_its_own_stands_beside_the_daily_hours() -> None:
    made = site("roster: {centre: {daily: [wang 00:00-24:00], 2026-03-02: [li 00:00-24:00], 2026-03-03: []}}").register
    rota = next(r for r in made.rotas if r.seat == "centre")
    assert rota.from_day == "2026-02-22"
    assert [rota.days[n] for n in (7, 8, 9, 10)] == [
        {"00:00-24:00": "wang"},
        {"00:00-24:00": "li"},
        {},
        {"00:00-24:00": "wang"},
    ]


def test_two_people_may_have_the_same_hours() -> None:
    made = site("roster: {centre: [wang 20:00-08:00, li 20:00-08:00]}").register
    rota = next(r for r in made.rotas if r.seat == "centre")
    assert rota.days == ({"20:00-08:00": "wang", "20:00-08:00.2": "li"},)


def test_a_ladder_replaces_every_ladder_or_the_one_that_it_names() -> None:
    given_ = "[0s seat:centre, 20s role:manager console+email, repeat 90s]"
    made = site(f"ladder: {given_}").register
    assert made.routes[0].ladder == "given"
    assert made.ladders["given"].rungs == (Rung(0, "seat:centre"), Rung(20, "role:manager", ("console", "email")))
    assert made.ladders["given"].repeat_s == 90
    pack = scenario(
        "site: harbour-garden\n" + HEAD + f"given:\n  ladder: {{life: {given_}}}\nwhen: [22:04 server stops]"
    )
    assert len(pack.register.ladders["life"].rungs) == 2
    assert len(pack.register.ladders["doors"].rungs) == 5
    whole = scenario("site: harbour-garden\n" + HEAD + f"given:\n  ladder: {given_}\nwhen: [22:04 server stops]")
    assert {r.ladder for r in whole.register.routes} == {"given"}
    assert {r.seat for r in whole.register.routes} >= {"centre", "gate"}


def test_policies_and_kinds_are_given_as_spans_of_time() -> None:
    made = site(
        "policies: {handle_by: {1: 15m}, clock_skew: 2m, gateway_gap: 30s, key_zone_raises_priority: false}\n"
        "  kinds: {fire.prealarm: {ack: 60s, priority: 1}, gas.leak: {klass: alarm, effect: raise, ends: device, priority: 1}}"
    ).register
    assert made.policies.handle_by_s == {1: 900, 2: 1800, 3: 3600, 4: 14400}
    assert (made.policies.clock_skew_s, made.policies.gateway_gap_s) == (120, 30)
    assert not made.policies.key_zone_raises_priority
    assert (made.kind("fire.prealarm").ack_s, made.kind("fire.prealarm").priority) == (60, 1)
    assert made.kind("gas.leak").rings


def test_who_is_signed_on_before_the_start_is_given() -> None:
    assert site("signed_on: {centre: li}").signed_on == {"centre": "li"}


def test_tags_of_another_site_are_given() -> None:
    assert site("patrol: {elsewhere: [04a1b2c3d4e5ff]}").elsewhere == ("04A1B2C3D4E5FF",)
    assert site("patrol: plans").elsewhere == ()
    text = HEAD + "given:\n  patrol:\n    elsewhere: [xyz, 04A1B2C3D4E5F6]\n" + ONE
    assert faults(text) == [
        'night.yaml:4: given.patrol.elsewhere[0]: "xyz" is not a tag\'s UID: 4, 7, 8 or 10 bytes in hexadecimal',
        "night.yaml:4: given.patrol.elsewhere[1]: 04A1B2C3D4E5F6 hangs at this site",
    ]
    assert faults(text.replace("elsewhere", "elsewere")) == [
        'night.yaml:4: given.patrol.elsewere: unknown field; did you mean "elsewhere"?'
    ]


def test_every_fault_of_a_given_site_is_told_at_its_line() -> None:
    text = """start: 2026-03-01T22:00
given:
  people: {wnag: oprator}
  devices:
    L-1: leak_rop
    L-2: {model: leak_rope, zone: b8, supervision: 600}
    L-3: {modle: smoke}
  roster:
    center: [wang 20:00-08:00]
    centre: [wang 20-08, liu 08:00-20:00, wang 25:00-08:00]
  ladder:
    - 5s seat:centre
    - 30s seat:leadr
    - soon role:manager
  policies: {clock_skew: 9h, gatway_gap: 1m}
  seats: {leader: needed}
  checkpoints: {C1: xyz}
  hours: {}
when:
  - 22:04 B2-07 fire.alarm
"""
    assert faults(text) == [
        'night.yaml:3: given.people: unknown role "oprator"; did you mean "operator"?',
        'night.yaml:5: given.devices: model: unknown model "leak_rop"; did you mean "leak_rope"?',
        'night.yaml:6: given.devices: zone: unknown zone "b8" (known: b7, estate)',
        'night.yaml:6: given.devices.L-2.supervision: "600" is not a span of whole seconds; did you mean "600s"?',
        "night.yaml:7: given.devices: model: missing",
        'night.yaml:7: given.devices.L-3.modle: unknown field; did you mean "model"?',
        'night.yaml:9: given.roster.center: unknown seat "center"; did you mean "centre"?',
        'night.yaml:10: given.roster: 08:00-20:00: unknown person "liu"; did you mean "li"?',
        'night.yaml:10: given.roster: expected a span HH:MM-HH:MM, found "25:00-08:00"',
        'night.yaml:10: given.roster.centre[0]: "wang 20-08" is not a person\'s hours (wang 20:00-08:00)',
        "night.yaml:12: given.ladder: after_s: the first rung is due at once: 0, not 5",
        'night.yaml:13: given.ladder: who: unknown seat "leadr"; did you mean "leader"?',
        (
            'night.yaml:14: given.ladder[2]: "soon role:manager" is not a rung (30s seat:leader console+email) '
            "or a pause (repeat 60s)"
        ),
        "night.yaml:15: given.policies: clock_skew_s: 32400 is out of range (1 to 3600)",
        'night.yaml:15: given.policies.gatway_gap: unknown field; did you mean "gateway_gap"?',
        'night.yaml:16: given.seats.leader: unknown word "needed" (known: optional, required)',
        'night.yaml:17: given.checkpoints: "xyz" is not a tag UID (4, 7, 8 or 10 bytes in hexadecimal)',
        (
            'night.yaml:18: given.hours: unknown word "hours" (known: checklists, checkpoints, devices, forms, gateways, '
            "kinds, ladder, patrol, people, policies, published, roster, seats, signed_on, staffing, zones)"
        ),
    ]


# -- what is refused


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "night.yaml:1: expected words such as `start:` at the top "),
        ("- 22:04\n", "night.yaml:1: expected words such as `start:` at the top "),
        ("wehn: []\n" + HEAD + ONE, 'night.yaml:1: unknown word "wehn"; did you mean "when"?'),
        (ONE, "night.yaml:1: start: missing"),
        (HEAD, "night.yaml:1: there is neither `when` nor `then`"),
        ("start: 22:00\n" + ONE, 'night.yaml:1: start: "22:00" is not a date and time (2026-03-01T22:00)'),
        ("start: 2026-02-30T22:00\n" + ONE, "night.yaml:1: start: 2026-02-30 is not a day of the calendar"),
        (
            "start: 2026-03-08T02:30\nzone: America/New_York\n" + ONE,
            "night.yaml:1: start: 02:30 is left out on 2026-03-08 in America/New_York: the clocks go forward",
        ),
        (HEAD + "site: harbor-garden\n" + ONE, 'night.yaml:2: site: unknown site "harbor-garden"; did you mean "harbour-garden"?'),
        (HEAD + "zone: Asia/Shangai\n" + ONE, 'night.yaml:2: zone: unknown time zone "Asia/Shangai"; did you mean "Asia/Shanghai"?'),
        (
            HEAD + "site: harbour-garden\nzone: Asia/Tokyo\nwhen: [22:04 server stops]\n",
            "night.yaml:3: zone: this site's zone is Asia/Shanghai; leave `zone` out",
        ),
        (HEAD + "life: beat\n" + ONE, 'night.yaml:2: life: unknown life "beat"; did you mean "beats"?'),
        (HEAD + "seed: many\n" + ONE, 'night.yaml:2: seed: expected a whole number, found "many"'),
        (HEAD + "end: 21:00 h\n" + ONE, 'night.yaml:2: end: "21:00 h" is not a time'),
        (HEAD + "end: start\n" + ONE, "night.yaml:2: end: the end comes before the start"),
        (HEAD + "end: +400d\n" + ONE, 'night.yaml:2: end: "+400d" is not a time'),
        (HEAD + "end: 22:03\n" + ONE, "night.yaml:4: 22:04 is after the end (22:03)"),
        (HEAD + "when:\n  - 21:00 server stops\n", "night.yaml:3: 21:00 comes before 22:00, the line above it"),
        (
            HEAD + "when:\n  - 23:00 server stops\n  - +30m server starts\n",
            "night.yaml:4: 22:30 comes before 23:00, the line above it; lines stand in order of time",
        ),
        (
            HEAD + ONE + "then:\n  - 23:00 no open alerts\n  - +30m no open alerts\n",
            "night.yaml:6: 22:30 comes before 23:00, the line above it; lines stand in order of time",
        ),
        (HEAD + "when:\n  - 2026-03-01T21:00 server stops\n", "night.yaml:3: 2026-03-01T21:00 is before the start (22:00)"),
        (HEAD + "when:\n  - server stops\n", 'night.yaml:3: "server stops" does not begin with a time (22:04)'),
        (HEAD + "when:\n  - end server stops\n", "night.yaml:3: nothing is done at the end; write a time before it"),
        (HEAD + "when:\n  - 22:04±1s server stops\n", "night.yaml:3: what is done is done at one time"),
        (
            HEAD + "when:\n  - 22:04 B2-07 fire.alarm again\n",
            "night.yaml:3: B2-07 has not said fire.alarm before: `again` repeats what was said",
        ),
        (
            HEAD + "when:\n  - 22:06 wang acks #3\n",
            "night.yaml:3: to YAML, ` #` begins a comment, so #3 is lost: write no.3",
        ),
        (
            HEAD + 'when:\n  - 22:06 wang notes B2-07 "smell: toast"\n',
            "night.yaml:3: a colon and a blank (`: `) make two things of this line; quote the whole line: '22:04 …'",
        ),
        (
            HEAD + 'when:\n  - 22:06 wang notes B2-07 "smell # toast"\n',
            'night.yaml:3: the quote that begins at ""smell" is not closed (to YAML, ` #` begins a comment; quote',
        ),
        (HEAD + "when:\n  - [22:06, wang]\n", "night.yaml:3: a line of its own is wanted here, not a list"),
        (HEAD + "when: 22:04 server stops\n", "night.yaml:2: when: expected a list: each line begins with `- `"),
        (HEAD + "when:\n  22:04: server stops\n", "night.yaml:2: when: expected a list: each line begins with `- `"),
        (
            HEAD + "when:\n  - 22:04 B2-07 fire.alarm\n    22:05 wang acks B2-07\n",
            "(this goes on in the next line: is `- ` missing before 22:05?)",
        ),
        (HEAD + "when:\n\t- 22:04 server stops\n", "(this line is indented with a tab; use blanks)"),
        (HEAD + "about: a: b\n", "(a colon and a blank inside a line: quote the whole line)"),
        (HEAD + "when: [&a 22:04 server stops]\n", "night.yaml:2: anchors and aliases are not read"),
        (HEAD + HEAD + ONE, "night.yaml:2: start: duplicate key; it stands in line 1 already"),
        (HEAD + ONE + "then:\n  - 22:20 logbook verifies\n", "night.yaml:5: the logbook is verified at the end"),
        (
            HEAD + "end: 23:00\n" + ONE + "then:\n  - 22:20..23:30 no alert L-1\n",
            "night.yaml:6: the span goes on after the end (23:00)",
        ),
        (HEAD + "given: {signed_on: {centre: wnag}}\n" + ONE, 'given.signed_on.centre: unknown person "wnag"; did you mean "wang"?'),
        (HEAD + "given: {signed_on: {center: wang}}\n" + ONE, 'given.signed_on.center: unknown seat "center"; did you mean "centre"?'),
        (HEAD + "given: {ladder: [0s seat:centre, 0.5s seat:leader]}\n" + ONE, '"0.5s seat:leader" is not a rung'),
        (HEAD + "given: {ladder: [0s seat:centre, repeat 1m 2m]}\n" + ONE, '"repeat 1m 2m" is not a rung'),
        (HEAD + "given: {ladder: [0s seat:centre, repeat 1s]}\n" + ONE, "given.ladder: repeat_s: 1 is out of range (30 to 86400)"),
        (HEAD + "given: {ladder: {lfe: [0s seat:centre]}}\n" + ONE, 'given.ladder.lfe: unknown ladder "lfe" (known: main)'),
        (
            HEAD + "given: {roster: {centre: {2028-01-01: [wang 00:00-24:00]}}}\n" + ONE,
            "given.roster.centre: 2028-01-01 is more than a week before the start or a year after it",
        ),
        (HEAD + "given: [wang]\n" + ONE, "night.yaml:2: given: expected a mapping"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_the_nearest_word(text: str, told: str) -> None:
    found = faults(text)
    assert any(told in line for line in found), found


def test_every_fault_of_a_file_is_told_at_once() -> None:
    found = faults(
        HEAD
        + "when:\n  - 22:04 B2-70 fire.alarm\n  - 25:00 server stops\n  - 22:06 wang ack B2-07\n"
        + "then:\n  - 22:04 alert B2-07 rised to wang\n"
    )
    assert found == [
        'night.yaml:3: unknown device "B2-70"; did you mean "B2-07"?',
        "night.yaml:4: 25:00 is not a time of day (00:00 to 23:59:59)",
        'night.yaml:5: unknown verb "ack"; did you mean "acks"?',
        'night.yaml:7: unknown word "rised"; did you mean "raised"?',
    ]


def test_a_number_is_usable_where_the_line_stands_in_quotes() -> None:
    made = scenario(HEAD + ONE + "  - '22:06 wang acks #3'\n  - 22:07 wang notes no.3 \"a b\"  # 3 words\n")
    assert [getattr(s.act, "alert", "") for s in made.steps[1:]] == ["#3", "#3"]


def test_a_pack_that_is_refused_is_refused_with_its_own_lines(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SMALL.read_text(encoding="utf-8").replace("model: smoke", "model: smok"))
    assert faults("site: mine.yaml\n" + HEAD + ONE, tmp_path / "x.yaml") == [
        f'{tmp_path}/mine.yaml:19: devices[0].model: unknown model "smok"; did you mean "smoke"?'
    ]


def test_a_file_that_is_not_there_is_a_fault_too(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "no such file")):
        with pytest.raises(ScenarioRefused, match=why):
            read(path)
    (tmp_path / "latin.yaml").write_bytes(b"about: \xe9\n")
    with pytest.raises(ScenarioRefused, match="not UTF-8"):
        read(tmp_path / "latin.yaml")


def test_windows_line_ends_and_a_mark_at_the_beginning_are_read(tmp_path: Path) -> None:
    path = tmp_path / "win.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + ONE).replace("\n", "\r\n").encode())
    assert len(read(path).steps) == 1


def test_shipped_packs_are_found() -> None:
    assert PACKS.is_dir()


# -- whatever is written

WORDS = st.sampled_from([
    "start", "2026-03-01T22:00", "when", "then", "given", "site", "harbour-garden", ":", "\n", "  ", "- ", "22:04",
    "B2-07", "fire.alarm", "[", "]", "{", "}", ",", '"', "'", "#", "roster", "centre", "wang 20:00-08:00", "ladder",
    "people", "0s seat:centre", "end", "zone", "Asia/Tokyo", "alert", "raised", "&", "*", "!", "|", ">", "\t", "~",
    "life", "seed", "devices", "L-1", "policies", "handle_by", "1", "15m", "kinds", "signed_on",
])  # fmt: skip


def judged(text: str) -> None:
    try:
        assert isinstance(read_text(text, FILE), Scenario)
    except ScenarioRefused as refused:
        assert refused.errors
        assert all(fault.line >= 1 and fault.why and "\n" not in str(fault) for fault in refused.errors)


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(max_size=80) | st.lists(WORDS, max_size=30).map("".join))
def test_any_text_is_a_scenario_or_is_refused(text: str) -> None:
    judged(text)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(WORDS, max_size=12).map("".join))
def test_any_words_in_a_sound_file_are_read_or_refused(words: str) -> None:
    judged(HEAD + "given:\n  " + words + "\n" + ONE)
    judged(HEAD + "when:\n  - 22:04 " + words + "\nthen:\n  - 22:05 " + words)
