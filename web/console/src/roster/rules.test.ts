import { describe, expect, it } from "vitest";

import type { Finding, Register, RosterHead, RosterMoved } from "@shared/api/types";

import { type Board, coverRow, peopleRows, shiftRows } from "./board";
import { bodyOf, type Cells, cellsOf, edited, hoursOf, inOrder, isNight, painted, peopleOf, signs, type Template, templatesOf, worksOn } from "./cells";
import { brushOf, drawn, inRange, kept, moved, places, put } from "./cursor";
import { addDays, addMonths, daysOf, wallClock } from "./days";
import { asFindings, daysIn, placed, worst } from "./findings";
import { asks } from "./moves";
import { next, who } from "./steps";

const template = (id: string, zh: string, en: string, starts: string, ends: string, more: Partial<Template> = {}): Template =>
  ({ id, name: { zh, en }, starts: `${starts}:00`, ends: `${ends}:00`, segments: [], presence: "on_site", day_types: [], from_day: "", until_day: "", ...more }) as Template;
const DAY = template("day", "早班", "Day", "08:00", "16:00");
const LATE = template("late", "中班", "Late", "16:00", "00:00");
const NIGHT = template("night", "夜班", "Night", "00:00", "08:00");
const person = (id: string, more: object = {}) => ({ id, name: { zh: id, en: id }, roles: ["operator"], posts: [], floater: false, ...more });
const book = {
  templates: { night: NIGHT, late: LATE, day: DAY },
  seats: { centre: { id: "centre", post: "room", required: true }, gate: { id: "gate", post: "gate", required: true }, second: { id: "second", post: "gate", required: false } },
  posts: { room: { id: "room", staffing: [{ roles: ["operator"] }] }, gate: { id: "gate", staffing: [{ roles: ["guard"] }] } },
  people: {
    zhao: person("zhao"), li: person("li", { posts: ["room"] }), fei: person("fei", { roles: ["guard"], floater: true }),
    bo: person("bo", { roles: ["guard"], posts: ["gate"] }), wei: person("wei", { roles: ["manager"] }), min: person("min", { roles: ["supervisor"] }),
  },
  rotas: [{ seat: "centre", from_day: "2026-01-01", days: [{ day: "li", late: "zhao" }] }],
  rotations: {},
  policies: { duty: { roster_authors: ["supervisor"], roster_approvers: ["manager"] } },
} as unknown as Register;
const always = () => true;
const cells: Cells = { centre: { "2026-03-01": { day: "li", late: "zhao" } }, gate: { "2026-03-01": { night: "zhao" } } };

describe("days", () => {
  it("counts months and weeks over the ends of years", () => {
    expect(addMonths("2026-12", 1)).toBe("2027-01");
    expect(addMonths("2026-01", -1)).toBe("2025-12");
    expect([daysOf("2026-02").length, daysOf("2028-02").length, daysOf("2026-12").at(-1)]).toEqual([28, 29, "2026-12-31"]);
    expect([addDays("2026-12-31", 1), addDays("2026-03-01", -1)]).toEqual(["2027-01-01", "2026-02-28"]);
  });
  it("reads the wall clock of the site, not of the browser", () => {
    expect(wallClock("2026-03-01T16:30:00Z", "Asia/Shanghai")).toBe("2026-03-02T00:30:00");
    expect(wallClock("2026-11-01T06:30:00Z", "America/New_York")).toBe("2026-11-01T01:30:00");
  });
});

describe("the cursor", () => {
  const size = { rows: 3, cols: 31 };
  it.each([
    ["ArrowUp", { row: 0, col: 5 }], ["ArrowDown", { row: 1, col: 5 }], ["ArrowLeft", { row: 0, col: 4 }], ["ArrowRight", { row: 0, col: 6 }],
    ["Home", { row: 0, col: 0 }], ["End", { row: 0, col: 30 }],
  ])("%s moves, and stays within the grid", (key, to) => {
    expect(moved(put(0, 5), key, false, size)).toEqual({ at: to, from: to });
  });
  it("draws a range with Shift from where it was, and forgets it without", () => {
    let cursor = put(1, 2);
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) cursor = moved(cursor, key, true, size)!;
    expect(cursor).toEqual({ at: { row: 2, col: 4 }, from: { row: 1, col: 2 } });
    expect(places(cursor)).toHaveLength(6);
    expect([inRange(cursor, 1, 3), inRange(cursor, 0, 3), inRange(cursor, 2, 5)]).toEqual([true, false, false]);
    expect(places(moved(cursor, "ArrowUp", false, size)!)).toHaveLength(1);
    expect(places(drawn(put(2, 4), 0, 3))).toEqual([{ row: 0, col: 3 }, { row: 0, col: 4 }, { row: 1, col: 3 }, { row: 1, col: 4 }, { row: 2, col: 3 }, { row: 2, col: 4 }]);
  });
  it("keeps its place when the grid shrinks, and leaves other keys alone", () => {
    expect(kept(put(9, 30), { rows: 2, cols: 28 })).toEqual(put(1, 27));
    expect(moved(put(0, 0), "x", false, size)).toBeNull();
  });
  it("knows which brush a key takes", () => {
    const brushes = [{ id: "day", letter: "D" }, { id: "late", letter: "L" }, { id: "night", letter: "N" }];
    expect(["1", "3", "d", "N", "0", "Delete", "Backspace", "9", "q", "Enter"].map((k) => brushOf(k, brushes))).toEqual(
      ["day", "night", "day", "night", "", "", "", undefined, undefined, undefined]);
    expect(brushOf("a", [{ id: "zhao", letter: "" }])).toBeUndefined();
  });
});

describe("painting", () => {
  it("gives a person a shift and takes their other one of that seat", () => {
    expect(painted(cells, "centre", "li", "2026-03-01", "night", always)).toEqual([
      { seat: "centre", day: "2026-03-01", template: "day", person: null }, { seat: "centre", day: "2026-03-01", template: "night", person: "li" }]);
  });
  it("lets whoever stood there step aside, and leaves other seats alone", () => {
    const after = edited(cells, painted(cells, "centre", "zhao", "2026-03-01", "day", always));
    expect(after.centre!["2026-03-01"]).toEqual({ day: "zhao" });
    expect(after.gate).toBe(cells.gate);
    expect(worksOn(after, "li", "2026-03-01")).toEqual([]);
  });
  it("asks for nothing where nothing changes", () => {
    expect(painted(cells, "centre", "li", "2026-03-01", "day", always)).toEqual([]);
    expect(painted(cells, "centre", "fei", "2026-03-01", null, always)).toEqual([]);
  });
  it("never touches a shift that has begun", () => {
    const lateOnly = (_: string, t: string) => t === "late";
    expect(painted(cells, "centre", "li", "2026-03-01", null, lateOnly)).toEqual([]);
    expect(painted(cells, "centre", "li", "2026-03-01", "night", lateOnly)).toEqual([]);
    expect(painted(cells, "centre", "li", "2026-03-01", "late", lateOnly)).toEqual([{ seat: "centre", day: "2026-03-01", template: "late", person: "li" }]);
  });
  it("sends the last word on each shift, and changes nothing it was given", () => {
    const frozen = Object.freeze({ centre: Object.freeze({ "2026-03-01": Object.freeze({ day: "li" }) }) }) as Cells;
    const edits = [{ seat: "centre", day: "2026-03-01", template: "day", person: "zhao" }, { seat: "centre", day: "2026-03-01", template: "day", person: null }];
    expect(bodyOf(edits)).toEqual({ centre: { "2026-03-01": { day: null } } });
    expect(edited(frozen, edits)).toEqual({ centre: { "2026-03-01": {} } });
    expect(edited(frozen, [])).toBe(frozen);
  });
  it("reads shifts that stand as cells; a split one is one", () => {
    const shifts = [{ id: "centre/2026-03-01/day", person: "li", template: "day" }, { id: "centre/2026-03-01/split/1", person: "zhao", template: "split" }, { id: "centre/2026-03-01/split/2", person: "zhao", template: "split" }];
    expect(cellsOf(shifts)).toEqual({ centre: { "2026-03-01": { day: "li", split: "zhao" } } });
  });
});

describe("shifts and people", () => {
  it("orders a day as people say it, and signs each shift once", () => {
    expect(inOrder(book.templates).map((t) => t.id)).toEqual(["day", "late", "night"]);
    expect([...signs(inOrder(book.templates), false).values()]).toEqual(["早", "中", "夜"]);
    const long = template("long", "早长班", "Day long", "07:00", "19:00");
    expect([...signs([DAY, long], false).values()]).toEqual(["早", "长"]);
    expect([...signs([DAY, long], true).values()]).toEqual(["D", "A"]);
  });
  it("counts hours and nights", () => {
    const split = template("split", "两头班", "Split", "06:00", "22:00", { segments: [["06:00:00", "10:00:00"], ["18:00:00", "22:00:00"]] });
    const full = template("full", "全天", "All day", "08:00", "08:00");
    expect([DAY, LATE, NIGHT, split, full].map(hoursOf)).toEqual([8, 8, 8, 8, 24]);
    expect([DAY, LATE, NIGHT, full].map(isNight)).toEqual([false, false, true, true]);
  });
  it("offers those who may stand in a seat, in an order that painting does not change", () => {
    expect(peopleOf(book, "centre", {})).toEqual(["zhao", "li", "fei"]);
    expect(peopleOf(book, "gate", {})).toEqual(["fei", "bo"]);
    expect(peopleOf(book, "gate", { gate: { "2026-03-01": { day: "bo", night: "gone" } } })).toEqual(["fei", "bo", "gone"]);
    expect(templatesOf(book, "centre", {}).map((t) => t.id)).toEqual(["day", "late"]);
    expect(templatesOf(book, "gate", {}).map((t) => t.id)).toEqual(["day", "late", "night"]);
  });
});

const finding = (more: Partial<Finding>): Finding => ({ code: "rest_too_short", severity: "warning", seat: null, person: null, day: null, template: null, starts_at: null, ends_at: null, data: {}, ...more });

describe("findings", () => {
  const gap = finding({ code: "uncovered", seat: "centre", starts_at: "2026-03-01T16:00:00Z", ends_at: "2026-03-03T16:00:00Z" });
  it("stand beside every day that they touch, at the site", () => {
    expect(daysIn(gap, "Asia/Shanghai")).toEqual(["2026-03-02", "2026-03-03"]);
    expect(daysIn(finding({ code: "too_many_days", day: "2026-03-07", data: { from: "2026-02-28", to: "2026-03-02" } }), "UTC")).toEqual(["2026-02-28", "2026-03-01", "2026-03-02"]);
  });
  it("belong to a person, to a seat, or to every seat of a post", () => {
    const thin = finding({ code: "too_few", day: "2026-03-01", data: { post: "gate" } });
    const wrong = finding({ code: "two_seats_at_once", severity: "error", person: "li", day: "2026-03-01" });
    const at = placed([gap, thin, wrong], book, "Asia/Shanghai");
    expect([...at.keys()].sort()).toEqual(["li/2026-03-01", "seat:centre/2026-03-02", "seat:centre/2026-03-03", "seat:gate/2026-03-01", "seat:second/2026-03-01"]);
    expect([worst(at.get("li/2026-03-01")), worst([thin]), worst(undefined)]).toEqual(["error", "warning", null]);
  });
});

describe("gaps of what stands", () => {
  it("are shown like findings, with how long they last", () => {
    const [gap] = asFindings([{ code: "uncovered", post: "room", seat: "centre", day: "2026-03-01", starts_at: "2026-03-01T08:00:00Z", ends_at: "2026-03-01T10:00:00Z", have: 0, need: 1, certificate: null, people: [] }]);
    expect([gap!.severity, gap!.data.minutes, daysIn(gap!, "Asia/Shanghai")]).toEqual(["warning", 120, ["2026-03-01"]]);
  });
});

describe("the board", () => {
  const board: Board = {
    book, cells, before: null, days: ["2026-03-01", "2026-03-02"], found: placed([finding({ code: "uncovered", seat: "centre", day: "2026-03-02" })], book, "UTC"),
    sign: signs(inOrder(book.templates), false), rest: "休", person: (id) => id, brief: (id) => id, open: (day) => day > "2026-03-01",
  };
  it("shows what a person does here, and a shadow of what they do elsewhere", () => {
    const [zhao, li] = peopleRows(board, "centre", ["zhao", "li"]);
    expect(zhao!.cells.map((c) => [c.text, c.tone])).toEqual([["中", "late"], ["休", "rest"]]);
    expect([zhao!.sum, zhao!.nights, li!.cells[0]!.text, li!.cells[0]!.fixed, li!.cells[1]!.fixed]).toEqual(["16", 1, "早", true, false]);
    expect(peopleRows(board, "gate", ["li"])[0]!.cells[0]).toMatchObject({ text: "早", tone: "other" });
  });
  it("says which shifts have nobody, and what is otherwise than before", () => {
    const rows = shiftRows({ ...board, before: { centre: { "2026-03-01": { day: "zhao" } } } }, [{ seat: "centre", templates: [DAY], label: () => "x" }]);
    expect(rows[0]!.cells.map((c) => [c.text, c.tone, c.mark, c.changed])).toEqual([["li", "day", null, true], ["", "hole", "warning", false]]);
    expect(coverRow(board, "centre", "x").cells.map((c) => c.text)).toEqual(["", "!"]);
  });
});

describe("the feed's word on rosters", () => {
  const known = { id: "a", revision: 4, state: "draft", version: null } as const;
  const told = (more: Partial<RosterMoved>): RosterMoved => ({ id: "a", month: "2026-03", state: "draft", version: null, revision: 4, ...more });
  it.each([
    ["our own edit, known already", told({}), "nothing"], ["another month", told({ month: "2026-04", revision: 9 }), "nothing"], ["an edit of somebody else", told({ revision: 5 }), "roster"],
    ["an undo", told({ revision: 3 }), "roster"], ["a decision", told({ state: "submitted" }), "roster"], ["another roster of the month", told({ id: "b", state: "published", version: 1 }), "list"],
  ])("%s", (_, move, what) => expect(asks(known, "2026-03", move)).toBe(what));
  it("asks for the list where nothing is shown yet", () => expect(asks(null, "2026-03", told({}))).toBe("list"));
});

describe("whose turn it is", () => {
  const policy = book.policies.duty;
  const min = { person: "min", roles: ["supervisor"] as const };
  const wei = { person: "wei", roles: ["manager"] as const };
  const roster = (state: string) => ({ state, authors: ["min"] }) as RosterHead;
  it.each([
    [null, min, "make", ""], [null, wei, "make", "role"], ["draft", min, "submit", ""], ["sent_back", min, "submit", ""], ["submitted", wei, "approve", ""],
    ["submitted", min, "approve", "role"], ["approved", min, "publish", ""], ["approved", wei, "publish", ""], ["published", min, "revise", ""], ["published", wei, "revise", "role"],
  ] as const)("%s", (state, viewer, step, why) => {
    expect(next(state && roster(state), viewer, policy, false)).toEqual({ step, may: why === "", why });
  });
  it("never lets an author approve, nor anybody a month that is over", () => {
    const both = { person: "min", roles: ["supervisor", "manager"] as const };
    expect(next(roster("submitted"), both, policy, false)).toMatchObject({ may: false, why: "own" });
    expect(next(roster("draft"), min, policy, true)).toMatchObject({ may: false, why: "past" });
    expect(next(roster("superseded"), min, policy, false)).toBeNull();
    expect([who("approve", roster("submitted"), book), who("make", null, book)]).toEqual([["wei"], ["min"]]);
  });
});
