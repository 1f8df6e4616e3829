"""The smallest pack that uses every section, as text that a test can spoil."""

from pathlib import Path

SITE = """\
site:
  id: corner
  name: {zh: 街角, en: Corner}
  time_zone: Asia/Shanghai
policies:
  handle_by_s: {1: 600}
  log_retention_days: 400
  patrol: {debounce_s: 5, walk_m_s: 2.5, unit_m: 0.05, band_high_pct: 300, excuse_roles: [operator]}
  major: {priorities: [1, 2], kinds: [gas], chief: {seat: desk}}
  duty:
    roster_due_day: 20
    roster_authors: [supervisor]
    roster_approvers: [guard]
    jurisdiction: US-IL
    late_grades: [{min_s: 60, name: Late}, {min_s: 1800, name: Very late}]
    leave_needs: contact
    presence_check: {mode: random, every_min: 90, window_s: 60, seats: [desk]}
    handover_block: {mode: joint, priorities: [1]}
    handover_overriders: [supervisor]
    coverage_lead_h: [48, 24, 2]
    status_every_min: 120
    review: {role: supervisor, due_h: 12, alert: true}
    offsite: [{channel: webhook, target: "https://copies.example/corner"}]
    opening_entry_required: true
    reach: {after_s: 90}
    pre_shift: block
kinds:
  access.denied: {ack_s: 60, priority: 2}
  gas.leak: {klass: alarm, effect: raise, ends: device, priority: 1, ack_s: 30}
  gas.restore: {klass: activity, effect: clear, clears: [gas.leak]}
externals:
  - id: brigade
    name: Brigade
    contacts: [{channel: email, target: duty@brigade.example}]
"""
ZONES = """\
plans:
  - {id: ground, file: plans/ground.svg}
zones:
  - {id: house, name: House, kind: building, plan: ground}
  - {id: hall, name: Hall, kind: room, parent: house, plan: ground, polygon: [[0, 0], [50, 0], [50, 50]]}
  - {id: loft, name: Loft, kind: room, parent: house}
  - {id: field, name: Field, kind: area}
gateways:
  - {id: gw-1, name: One, supervision_s: 60}
devices:
  - {id: S-01, name: Smoke, model: smoke, zone: hall, gateway: gw-1, x: 10, y: 10.5, supervision_s: 600, key: true}
  - {id: D-01, name: Door, model: door, zone: loft, gateway: gw-1}
checkpoints:
  - {id: CP-1, name: Hall, zone: hall, tags: ["04:a1:b2:c3:d4:e5:f6"], x: 20, y: 20}
  - {id: CP-2, name: Loft, zone: loft, tags: [04A1B2C3D4E5F7, DEADBEEF]}
"""
PEOPLE = """\
people:
  - id: zhao-li
    name: {zh: 赵力, en: Zhao Li}
    login: zhaoli
    roles: [operator, supervisor]
    phone: 138 0000 1001
    contacts:
      - {channel: webhook, target: "https://hooks.example/zhao"}
    certificates: [{name: 消防设施操作员证, until: 2027-06-30}, 保安员证]
    grade: 3
    floater: true
    posts: [desk]
  - {id: qian-yun, name: Qian Yun, login: qianyun, roles: [guard], language: en}
"""
DUTY = """\
posts:
  - id: desk
    name: Desk
    location: Hall
    staffing:
      - {from: "08:00", to: "20:00", min: 2, day_types: [workday, makeup], certificates: [保安员证], roles: [guard]}
      - {from: "20:00", to: "08:00"}
  - {id: rounds, name: Rounds}
seats:
  - {id: desk, post: desk, name: Desk}
  - {id: rounds, post: rounds, name: Rounds, required: false}
shifts:
  - {id: day, name: Day, starts: 08:00, ends: 20:00}
  - {id: night, name: Night, starts: "20:00", ends: "08:00"}
  - {id: office, name: Office, hours: [09:00-11:30, 14:00-17:00], day_types: [holiday], from_day: 11-15, until_day: 03-15}
  - {id: reachable, name: Reachable, hours: [17:00-09:00], presence: on_call, from_day: 2026-05-01}
rotas:
  - seat: desk
    from_day: 2026-01-01
    days:
      - {day: zhao-li, night: qian-yun}
      - day: qian-yun
        night: zhao-li
rotations:
  - {id: turns, name: Turns, seats: [desk], from_day: 2026-01-01, cycle: DDN-, letters: {D: day, N: night}, crews: [[zhao-li], [qian-yun]]}
forms:
  - id: visitors
    name: Visitors
    fields:
      - {id: who, name: Who, type: text, required: true}
      - {id: why, name: Why, type: choice, choices: [{id: visit, name: Visit}, {id: works, name: Works}]}
checklists:
  desk:
    - {id: radios, name: Radios, kind: item, expected: 4}
    - {id: panel, name: Panel}
    - {id: tidy, name: Tidy, kind: note, mandatory: false}
equipment_tests:
  - {id: horn, name: Horn, devices: [S-01, D-01], every_days: 7, since: 2026-01-05, alert: true}
  - {id: tank, name: Tank, zone: loft, about: {zh: 水箱, en: The tank}, every_months: 3, since: 2026-01-31, by: guard}
categories:
  - {id: works, name: Works}
pre_checks:
  desk:
    - {id: radio, name: Radio}
    - {id: tidy, name: Tidy, required: false}
ladders:
  - id: usual
    repeat_s: 120
    rungs:
      - {after_s: 0, who: "seat:desk"}
      - {after_s: 60, who: "post:rounds", channels: [console, webhook]}
      - {after_s: 60, who: "role:supervisor"}
      - {after_s: 90, who: "person:zhao-li", channels: [email]}
      - {after_s: 120, who: external, channels: [email]}
routes:
  - {kinds: [fire, gas.leak], klasses: [alarm], priorities: [1, 2], zones: [house], ladder: usual, seat: desk}
  - {ladder: usual, seat: desk}
"""
PATROL = """\
patrol_routes:
  - id: house
    name: House
    night: true
    stops:
      - CP-1
      - checkpoint: CP-2
        leg_s: [60, 300]
        tasks:
          - {id: door, name: Door shut}
          - {id: meter, name: Meter, kind: reading, unit: bar, least: 2, most: 6.5, required: false}
          - {id: light, name: Light, kind: choice, choices: [{id: on, name: On}, {id: off, name: Off}], bad: [off]}
  - {id: back, name: Back, stops: [CP-2, CP-1], order: free}
patrol_plans:
  - {id: four, route: house, seat: rounds, every_min: 240, from: "20:00", to: "08:00", window_min: 180, grace_min: 10}
  - {id: twice, route: house, seat: rounds, per_shift: 2, day_types: [workday]}
  - {id: weekly, route: back, seat: desk, rrule: "FREQ=WEEKLY;BYDAY=MO", from: "09:00", window_min: 60}
"""
PLAN = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 80">
  <title>Ground</title>
  <rect x="1" y="1" width="98" height="78" fill="none" stroke="currentColor"/>
</svg>
"""
FILES = {
    "site.yaml": SITE,
    "zones.yaml": ZONES,
    "people.yaml": PEOPLE,
    "duty.yaml": DUTY,
    "patrol.yaml": PATROL,
    "plans/ground.svg": PLAN,
}


def write(folder: Path, files: dict[str, str] | None = None) -> Path:
    """Lay the pack out in `folder`."""
    for name, text in (files or FILES).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return folder


def spoiled(folder: Path, name: str, old: str, new: str) -> Path:
    """The pack with one place changed."""
    assert old in FILES[name], f"{old!r} is not in {name}"
    return write(folder, FILES | {name: FILES[name].replace(old, new, 1)})
