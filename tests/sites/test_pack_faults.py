"""Every fault of a pack names its file, its line and its field (issue: bad input; SITE-02)."""

import json
from datetime import date, time
from pathlib import Path

import msgspec
import pytest

from core.kinds import KINDS, Klass
from sites import tree
from sites.acts import check
from sites.duty_policies import (
    BlockMode,
    CheckMode,
    DutyPolicies,
    HandoverBlock,
    PresenceCheck,
    PreShift,
    Reach,
    Review,
)
from sites.duty_words import DayType, Presence
from sites.errors import PackRefused
from sites.major_words import ChiefPolicy, MajorPolicy
from sites.pack import digest
from sites.people import Certificate, Contact, Role
from sites.register import Register, plain
from store.metadata import json_text
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
    # categories
    ("duty.yaml", "{id: works, name: Works}\npre", "{id: works}\npre", "id: works}\npre", "categories[0].name", "missing"),
    # tests of equipment
    ("duty.yaml", "devices: [S-01, D-01]", "devices: [S-01, D-02]", "D-02", "equipment_tests[0].devices[1]", 'did you mean "D-01"?'),
    ("duty.yaml", "devices: [S-01, D-01]", "devices: [S-01, S-01]", "S-01", "equipment_tests[0].devices[1]", "S-01 stands in this test already"),
    ("duty.yaml", "devices: [S-01, D-01], ", "", "id: horn", "equipment_tests[0]", "says what is tested"),
    ("duty.yaml", "every_days: 7, ", "", "id: horn", "equipment_tests[0]", "says how often"),
    ("duty.yaml", "every_days: 7", "every_days: 7, every_months: 1", "id: horn", "equipment_tests[0].every_months", "says how often"),
    ("duty.yaml", "every_days: 7", "every_days: 0", "id: horn", "equipment_tests[0].every_days", "0 is out of range (1 to 3660)"),
    ("duty.yaml", "since: 2026-01-05", "since: 2026-02-30", "2026-02-30", "equipment_tests[0].since", "expected a date"),
    ("duty.yaml", "since: 2026-01-05, ", "", "id: horn", "equipment_tests[0].since", "missing"),
    ("duty.yaml", "zone: loft, about", "zone: lift, about", "lift", "equipment_tests[1].zone", 'did you mean "loft"?'),
    ("duty.yaml", "since: 2026-01-31, by: guard", "since: 2026-01-31, by: gard", "gard", "equipment_tests[1].by", 'did you mean "guard"?'),
    ("duty.yaml", "id: tank", "id: horn", "name: Tank", "equipment_tests[1].id", 'duplicate id "horn"'),
    # pre-shift checks
    ("duty.yaml", "pre_checks:\n  desk:", "pre_checks:\n  dask:", "dask", "pre_checks.dask", 'did you mean "desk"?'),
    ("duty.yaml", "id: tidy, name: Tidy, required", "id: radio, name: Tidy, required", "name: Tidy, required", "pre_checks.desk[1]", 'duplicate id "radio"'),
    ("site.yaml", "pre_shift: block", "pre_shift: stop", "stop", "policies.duty.pre_shift", "stop"),
    # major incidents
    ("site.yaml", "priorities: [1, 2], kinds: [gas]", "priorities: []", "priorities: []", "policies.major.priorities", "no priority and no kind is major"),
    ("site.yaml", "priorities: [1, 2], kinds", "priorities: [5], kinds", "[5]", "policies.major.priorities[0]", "5 is out of range (1 to 4)"),
    ("site.yaml", "kinds: [gas], ", "recorded: true, ", "recorded", "policies.major.recorded", 'did you mean "recorder"?'),
    ("site.yaml", "chief: {seat: desk}", "chief: {seat: dusk}", "dusk", "policies.major.chief.seat", 'did you mean "desk"?'),
    ("site.yaml", "chief: {seat: desk}", "chief: {seat: desk, role: guard}", "role: guard", "policies.major.chief.role", "one of `seat` and `role`"),
    # duty
    ("duty.yaml", "day: qian-yun", "day: qian-yin", "qian-yin", "rotas[0].days[1].day", 'unknown person "qian-yin"; did you mean "qian-yun"?'),
    ("duty.yaml", "night: zhao-li", "late: zhao-li", "late", "rotas[0].days[1].late", 'unknown shift "late"'),
    ("duty.yaml", "  - seat: desk", "  - seat: disk", "disk", "rotas[0].seat", 'unknown seat "disk"; did you mean "desk"?'),
    ("duty.yaml", "2026-01-01", "2026-02-30", "2026-02-30", "rotas[0].from_day", "expected a date"),
    ("duty.yaml", "2026-01-01", "20260101", "20260101", "rotas[0].from_day", "expected a date"),
    ("duty.yaml", "starts: 08:00", "starts: 24:00", "24:00", "shifts[0].starts", "expected a time"),
    ("duty.yaml", "starts: 08:00", "starts: 8:00", "starts: 8:00", "shifts[0].starts", "expected a time"),
    ("site.yaml", "log_retention_days: 400", "duty: {post_token: maybe}", "maybe", "policies.duty.post_token", "unknown way"),
    ("duty.yaml", "name: Rounds, required: false", "name: Rounds, mandate: [admin]", "admin", "seats[1].mandate[0]", "for a shift only"),
    ("duty.yaml", "post: rounds, name", "post: round, name", "post: round,", "seats[1].post", 'did you mean "rounds"?'),
    ("duty.yaml", '"post:rounds"', '"seat:desk"', "{id: rounds, post", "seats[1].id", 'no route or ladder reaches seat "rounds"'),
    ("duty.yaml", "rotations:\n", "  - {seat: desk, from_day: 2026-01-01, days: [{day: zhao-li}]}\nrotations:\n", "days: [{day", "rotas[1].seat", "its shift day already"),
    # duty: shifts in parts, seasons, days
    ("duty.yaml", "09:00-11:30", "9-11:30", "9-11:30", "shifts[2].hours[0]", "expected a span HH:MM-HH:MM"),
    ("duty.yaml", "09:00-11:30, 14:00-17:00", "14:00-17:00, 09:00-11:30", "14:00-17:00", "shifts[2].hours", "21 h 30 min from first to last, at most 16 h: out of order?"),
    ("duty.yaml", "09:00-11:30, 14:00-17:00", "09:00-14:30, 14:00-17:00", "09:00-14:30", "shifts[2].hours", "out of order?"),
    ("duty.yaml", "hours: [17:00-09:00]", "starts: 17:00, hours: [17:00-09:00]", "id: reachable", "shifts[3].starts", "stands beside `hours`"),
    ("duty.yaml", "hours: [17:00-09:00], ", "", "id: reachable", "shifts[3].starts", "missing"),
    ("duty.yaml", "hours: [17:00-09:00]", "hours: []", "id: reachable", "shifts[3].hours", "0 entries"),
    ("duty.yaml", "presence: on_call", "presence: oncall", "oncall", "shifts[3].presence", 'did you mean "on_call"?'),
    ("duty.yaml", "day_types: [holiday]", "day_types: [hollyday]", "hollyday", "shifts[2].day_types[0]", 'did you mean "holiday"?'),
    ("duty.yaml", "until_day: 03-15", "until_day: 02-30", "02-30", "shifts[2].until_day", "no year has the day"),
    ("duty.yaml", "until_day: 03-15", "until_day: 2027-03-15", "2027-03-15", "shifts[2].until_day", "two dates, or two days of the year"),
    ("duty.yaml", ", until_day: 03-15", "", "id: office", "shifts[2].from_day", "two dates, or two days of the year"),
    ("duty.yaml", "from_day: 2026-05-01", "from_day: 2026-05-01, until_day: 2026-04-30", "2026-04-30", "shifts[3].until_day", "comes before from_day (2026-05-01)"),
    # duty: who must be there, and who may
    ("duty.yaml", "min: 2", "min: 0", "min: 0", "posts[0].staffing[0].min", "out of range"),
    ("duty.yaml", 'from: "08:00", to: "20:00"', 'from: "08:00"', "min: 2", "posts[0].staffing[0].to", "missing"),
    ("duty.yaml", "certificates: [保安员证]", "certificates: [保安证]", "保安证", "posts[0].staffing[0].certificates[0]", 'did you mean "保安员证"?; nobody here holds it'),
    ("duty.yaml", "roles: [guard]", "roles: [engineer]", "roles: [engineer]", "posts[0].staffing[0].roles[0]", "nobody here is engineer"),
    ("duty.yaml", "roles: [guard]", "roles: [gard]", "gard", "posts[0].staffing[0].roles[0]", 'did you mean "guard"?'),
    ("duty.yaml", '      - {from: "20:00", to: "08:00"}\n', '      - {from: "20:00", to: "08:00"}\n      - {from: "20:00", to: "08:00"}\n', '"20:00", to', "posts[0].staffing[2]", "the same band"),
    ("people.yaml", "posts: [desk]", "posts: [disk]", "disk", "people[0].posts[0]", 'did you mean "desk"?'),
    ("duty.yaml", "  - seat: desk", "  - seat: rounds", "day: zhao-li, night", "rotas[0].days[0].day", "zhao-li does not stand at post rounds (posts: desk)"),
    ("duty.yaml", "seats: [desk]", "seats: [rounds]", "[[zhao-li]", "rotations[0].crews[0][0]", "zhao-li does not stand at post rounds"),
    ("people.yaml", "until: 2027-06-30", "until: June", "until: June", "people[0].certificates[0].until", "expected a date"),
    ("people.yaml", "grade: 3", "grade: chief", "grade: chief", "people[0].grade", "expected a whole number"),
    # duty: rotations, forms, checklists
    ("duty.yaml", "cycle: DDN-", "cycle: DDX-", "DDX-", "rotations[0].cycle", 'unknown letter "X"'),
    ("duty.yaml", "cycle: DDN-", "cycle: DDN", "DDN", "rotations[0].step_days", "2 crews do not share 3 days evenly"),
    ("duty.yaml", "N: night}", "N: nigth}", "nigth", "rotations[0].letters.N", 'did you mean "night"?'),
    ("duty.yaml", "N: night}", "NN: night}", "NN: night", "rotations[0].letters.NN", "is not one letter"),
    ("duty.yaml", "[[zhao-li], [qian-yun]]", "[[zhao-li], [zhao-li]]", "[zhao-li], [zhao-li]", "rotations[0].crews[1][0]", "stands in this rotation already"),
    ("duty.yaml", "[[zhao-li], [qian-yun]]", "[[zhao-li], []]", "[[zhao-li], []]", "rotations[0].crews[1]", "0 people for 1 seats"),
    ("duty.yaml", "seats: [desk]", "seats: [disk]", "seats: [disk]", "rotations[0].seats[0]", 'did you mean "desk"?'),
    ("duty.yaml", "id: why", "id: who", "id: who, name: Why", "forms[0].fields[1]", 'duplicate id "who"'),
    ("duty.yaml", "type: choice", "type: chose", "chose", "forms[0].fields[1].type", "unknown type"),
    ("duty.yaml", "type: choice", "type: number", "type: number", "forms[0].fields[1].choices", "no other has"),
    ("duty.yaml", "type: text", "type: choice", "id: who", "forms[0].fields[0].type", "no other has"),
    ("duty.yaml", "id: works", "id: visit", "id: visit", "forms[0].fields[1].choices[1]", 'duplicate id "visit"'),
    ("duty.yaml", "  desk:\n    - {id: radios", "  dask:\n    - {id: radios", "dask", "checklists.dask", 'unknown seat "dask"; did you mean "desk"?'),
    ("duty.yaml", "id: panel", "id: radios", "id: radios, name: Panel", "checklists.desk[1]", 'duplicate id "radios"'),
    ("duty.yaml", "kind: item, expected: 4", "kind: item", "id: radios", "checklists.desk[0].expected", "they have `expected`"),
    ("duty.yaml", "kind: note", "kind: note, expected: 2", "kind: note", "checklists.desk[2].expected", "nothing else has"),
    ("duty.yaml", "kind: note", "kind: nota", "nota", "checklists.desk[2].kind", 'did you mean "note"?'),
    # duty: the house's rules
    ("site.yaml", "roster_due_day: 20", "roster_due_day: 31", "31", "policies.duty.roster_due_day", "(0 to 28)"),
    ("site.yaml", "roster_due_day: 20", "roster_due: 20", "roster_due:", "policies.duty.roster_due", 'did you mean "roster_due_day"?'),
    ("site.yaml", "roster_approvers: [guard]", "roster_approvers: [supervisor]", "roster_approvers", "policies.duty.roster_approvers", "supervisor makes the roster and approves it"),
    ("site.yaml", "roster_approvers: [guard]", "roster_approvers: [operator]", "roster_approvers", "policies.duty.roster_approvers", "only zhao-li could make the roster and approve it"),
    ("site.yaml", "roster_approvers: [guard]", "roster_approvers: [manager]", "roster_approvers", "policies.duty.roster_approvers[0]", "nobody here is manager"),
    ("site.yaml", "roster_approvers: [guard]", "roster_approvers: []", "roster_approvers", "policies.duty.roster_approvers", "0 entries"),
    ("site.yaml", "jurisdiction: US-IL", "jurisdiction: China", "China", "policies.duty.jurisdiction", "is not an id (CN, or US-IL)"),
    ("site.yaml", "min_s: 1800", "min_s: 60", "min_s: 60", "policies.duty.late_grades[1].min_s", "not later than the grade above it (60 s)"),
    ("site.yaml", "leave_needs: contact", "leave_needs: standin", "standin", "policies.duty.leave_needs", 'did you mean "stand_in"?'),
    ("site.yaml", "mode: random", "mode: rnd", "mode: rnd", "policies.duty.presence_check.mode", "unknown mode"),
    ("site.yaml", "every_min: 90, window_s: 60", "every_min: 5, window_s: 300", "window_s: 300", "policies.duty.presence_check.window_s", "before this one is over"),
    ("site.yaml", "seats: [desk]", "seats: [gate]", "seats: [gate]", "policies.duty.presence_check.seats[0]", "unknown seat"),
    ("site.yaml", "mode: joint", "mode: jiont", "jiont", "policies.duty.handover_block.mode", 'did you mean "joint"?'),
    ("site.yaml", "priorities: [1]}", "priorities: [5]}", "priorities: [5]", "policies.duty.handover_block.priorities[0]", "out of range"),
    ("site.yaml", "[48, 24, 2]", "[2, 24]", "[2, 24]", "policies.duty.coverage_lead_h", "the longest first"),
    ("site.yaml", "status_every_min: 120", "status_every_min: 5", "status_every_min: 5", "policies.duty.status_every_min", "(0, or 10 to 1440)"),
    ("site.yaml", "status_every_min: 120", "late_grace_s: 3600", "duty:", "policies.duty.absent_after_min", "more than late_grace_s (3600 s)"),
    ("site.yaml", "role: supervisor, due_h", "role: manager, due_h", "role: manager", "policies.duty.review.role", "nobody here is manager"),
    ("site.yaml", '{channel: webhook, target: "https://copies.example/corner"}', '{channel: apprise, target: "pover://x"}', "apprise", "policies.duty.offsite[0]", "by email or webhook"),
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


def test_the_words_of_duty_are_read_to_the_letter(tmp_path: Path) -> None:
    """DUTY-02, 04, 10, 12; HND-06; LOG-08; SITE-02."""
    register = check(small.write(tmp_path))
    office, far = register.templates["office"], register.templates["reachable"]
    assert office.segments == office.spans == ((time(9), time(11, 30)), (time(14), time(17)))
    assert (office.starts, office.ends, office.day_types) == (time(9), time(17), (DayType.HOLIDAY,))
    assert (office.from_day, office.until_day) == ("11-15", "03-15")
    assert (far.segments, far.spans, far.presence) == ((), ((time(17), time(9)),), Presence.ON_CALL)
    day, night = register.posts["desk"].staffing
    assert (day.from_, day.to, day.min, day.roles, day.certificates) == (
        time(8),
        time(20),
        2,
        ("guard",),
        ("保安员证",),
    )
    assert day.day_types == (DayType.WORKDAY, DayType.MAKEUP)
    assert (night.min, night.day_types, night.roles, night.certificates) == (1, (), (), ())
    zhao = register.people["zhao-li"]
    assert zhao.certificates == (Certificate("消防设施操作员证", date(2027, 6, 30)), Certificate("保安员证"))
    assert (zhao.grade, zhao.floater, zhao.posts) == (3, True, ("desk",))
    assert zhao.certified("消防设施操作员证", date(2027, 6, 30))
    assert not zhao.certified("消防设施操作员证", date(2027, 7, 1))
    turns = register.rotations["turns"]
    assert (turns.cycle, turns.crews, turns.step_days) == (
        ("day", "day", "night", ""),
        (("zhao-li",), ("qian-yun",)),
        2,
    )
    assert [turns.shift_of(1, date(2026, 1, n)) for n in (1, 2, 3)] == ["night", "", "day"]
    why = register.forms["visitors"].fields[1]
    assert ([c.id for c in why.choices], why.required) == (["visit", "works"], False)
    assert [(i.kind, i.expected, i.mandatory) for i in register.checklists["desk"].items] == [
        ("item", 4, True),
        ("check", None, True),
        ("note", None, False),
    ]
    duty = register.policies.duty
    assert (duty.roster_due_day, duty.roster_approvers, duty.jurisdiction) == (20, ("guard",), "US-IL")
    assert [(grade.min_s, grade.name.en) for grade in duty.late_grades] == [(60, "Late"), (1800, "Very late")]
    assert duty.presence_check == PresenceCheck(CheckMode.RANDOM, 90, 60, ("desk",))
    assert duty.handover_block == HandoverBlock(BlockMode.JOINT, (1,))
    assert duty.handover_overriders == (Role.SUPERVISOR,)
    assert duty.reach == Reach(consoles=True, after_s=90)
    assert (duty.pre_shift, [i.required for i in register.pre_checks["desk"].items]) == (PreShift.BLOCK, [True, False])
    assert register.policies.major == MajorPolicy((1, 2), ("gas",), chief=ChiefPolicy("desk"))
    assert (duty.coverage_lead_h, duty.review) == ((48, 24, 2), Review(Role.SUPERVISOR, 12, alert=True))
    assert duty.offsite == (Contact("webhook", "https://copies.example/corner"),)
    assert (duty.swap_notice_h, duty.rest_min_h, duty.opening_entry_required) == (24, 11, True)


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("review: {role: supervisor, due_h: 12, alert: true}", "review: off", "review", None),
        ("mode: random, every_min: 90, window_s: 60, seats: [desk]", "mode: off", "presence_check", PresenceCheck()),
        ("{mode: joint, priorities: [1]}", "off", "handover_block", HandoverBlock(BlockMode.OFF)),
        ("[48, 24, 2]", "off", "coverage_lead_h", ()),
        ("{after_s: 90}", "off", "reach", None),
        ("[{min_s: 60, name: Late}, {min_s: 1800, name: Very late}]", "off", "late_grades", ()),
    ],
)
def test_a_rule_of_duty_may_be_off(tmp_path: Path, old: str, new: str, field: str, value: object) -> None:
    assert getattr(check(small.spoiled(tmp_path, "site.yaml", old, new)).policies.duty, field) == value


def test_a_pack_that_says_nothing_of_duty_has_the_usual(tmp_path: Path) -> None:
    bare = small.SITE[: small.SITE.index("  duty:")] + small.SITE[small.SITE.index("\nkinds:") + 1 :]
    register = check(small.write(tmp_path, small.FILES | {"site.yaml": bare}))
    assert register.policies.duty == DutyPolicies()


def test_a_register_stored_before_duty_had_words_is_still_read(tmp_path: Path) -> None:
    """What an older version put at rest has none of these fields; each takes its default."""
    register = check(small.write(tmp_path))
    body = json.loads(json_text(plain(register)))
    for name in ("rotations", "forms", "checklists"):
        del body[name]
    del body["policies"]["duty"]
    for post in body["posts"].values():
        del post["staffing"]
    for template in body["templates"].values():
        for name in ("segments", "presence", "day_types", "from_day", "until_day"):
            del template[name]
    for person in body["people"].values():
        for name in ("certificates", "grade", "floater", "posts"):
            del person[name]
    old = msgspec.convert(body, Register, str_keys=True)
    assert (old.policies.duty, old.forms, old.people["zhao-li"].grade) == (DutyPolicies(), {}, 0)
    assert old.templates["day"].spans == ((time(8), time(20)),)
    assert msgspec.convert(json.loads(json_text(plain(register))), Register, str_keys=True) == register


def test_a_second_seat_of_a_post_that_is_called_needs_no_rung(tmp_path: Path) -> None:
    second = "  - {id: desk, post: desk, name: Desk}\n  - {id: desk-2, post: desk, name: Beside, required: false}\n"
    register = check(small.spoiled(tmp_path, "duty.yaml", "  - {id: desk, post: desk, name: Desk}\n", second))
    assert set(register.seats) == {"desk", "desk-2", "rounds"}


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
