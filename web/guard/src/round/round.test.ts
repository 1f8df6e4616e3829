import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import type { Checkpoint, PatrolTask, RoundSheet } from "@shared/api/types";

import { ofAddress, ofTag, pointOf } from "./read";
import { current, isBad, listed, next, owed, points, walked } from "./walk";

const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 14, minute)).toISOString();
const sheet = (states: string[], more: { urgent?: number; opens?: number; ends?: number; id?: string } = {}): RoundSheet =>
  ({
    brief: { id: more.id ?? "r", opens_at: at(more.opens ?? 0), closes_at: at(55), ends_at: at(more.ends ?? 59), urgent: more.urgent === undefined ? [] : [`C${more.urgent}`] },
    route: { stops: states.map((_, i) => ({ checkpoint: `C${i + 1}`, tasks: [], leg_s: null })) },
    points: states.map((state, i) => ({ checkpoint: `C${i + 1}`, state, proofs: [], urgent: more.urgent === i + 1 ? "alert" : null, excuse: null })),
    suspended: null,
  }) as unknown as RoundSheet;

describe("a round as it is walked", () => {
  it("goes on from the last point, comes back for what was left, and first of all where an alarm is", () => {
    expect(next(points(sheet(["open", "open", "open"]), []))?.checkpoint).toBe("C1");
    expect(next(points(sheet(["on_time", "open", "open"]), []))?.checkpoint).toBe("C2");
    expect(next(points(sheet(["open", "on_time", "open"]), []))?.checkpoint).toBe("C3");
    expect(next(points(sheet(["open", "on_time", "late"]), []))?.checkpoint).toBe("C1");
    expect(next(points(sheet(["on_time", "open", "open"], { urgent: 3 }), []))?.checkpoint).toBe("C3");
    expect(next(points(sheet(["on_time", "late", "explained"]), []))).toBeNull();
  });

  it("counts what waits on the phone, but only within the round's time", () => {
    const all = points(sheet(["open", "open"], { opens: 10, ends: 30 }), [{ checkpoint: "C1", at: at(12) }, { checkpoint: "C2", at: at(5) }]);
    expect(all.map((p) => p.state)).toEqual(["kept", "open"]);
    expect(walked(all)).toBe(1);
    expect(next(all)?.checkpoint).toBe("C2");
  });

  it("lists what an alarm asks for before all else, until somebody was there", () => {
    expect(listed(points(sheet(["on_time", "open", "open"], { urgent: 3 }), [])).map((p) => p.place)).toEqual([3, 1, 2]);
    expect(listed(points(sheet(["on_time", "open", "on_time"], { urgent: 3 }), [])).map((p) => p.place)).toEqual([1, 2, 3]);
  });

  it("shows the open round that ends first, then the one to come", () => {
    const [late, soon, coming] = [sheet([], { id: "late", ends: 59 }), sheet([], { id: "soon", ends: 40 }), sheet([], { id: "coming", opens: 50 })];
    expect(current([late, soon, coming], Date.parse(at(20)))?.brief.id).toBe("soon");
    expect(current([coming], Date.parse(at(20)))?.brief.id).toBe("coming");
    expect(current([soon], Date.parse(at(45)))).toBeNull();
  });
});

const task = (more: Partial<PatrolTask>): PatrolTask => ({ id: "t", name: { zh: "", en: "" }, kind: "yes_no", required: true, unit: "", least: null, most: null, choices: [], bad: [], violation: false, ...more });

describe("tasks", () => {
  it.each([
    [task({}), true, false],
    [task({}), false, true],
    [task({ kind: "reading", least: 0.4, most: 0.8 }), 0.4, false],
    [task({ kind: "reading", least: 0.4, most: 0.8 }), 0.39, true],
    [task({ kind: "reading", most: 0.8 }), 1, true],
    [task({ kind: "choice", bad: ["leaking"] }), "leaking", true],
    [task({ kind: "note" }), "anything", false],
  ] as const)("%j answered %j: a finding is %j", (t, answer, bad) => expect(isBad(t, answer)).toBe(bad));

  it("are owed until answered; a photo until there is one", () => {
    const asked = [task({ id: "a" }), task({ id: "b", kind: "photo" }), task({ id: "c", required: false })];
    expect(owed(asked, {}, {}).map((t) => t.id)).toEqual(["a", "b"]);
    expect(owed(asked, { a: false }, { b: ["sha"] })).toEqual([]);
  });
});

describe("what a tag or code says", () => {
  const sun = { by: "sun", picc_data: "EF963FF7828658A599F3041510671E88", cmac: "94EED9EE65337086" };
  it.each([
    [`https://watch.example/t?s=garden&p=${sun.picc_data}&m=${sun.cmac}`, sun],
    ["https://watch.example/t/q/AB12CD?s=garden", { by: "qr", code: "AB12CD" }],
    ["https://watch.example/t?s=garden&p=12&m=34", null],
    ["https://elsewhere.example/pay?p=1", null],
    ["not an address ::", null],
  ])("%s", (text, read) => expect(ofAddress(text)).toEqual(read));

  it("prefers the tag's signed word to its number, and takes no number that is none", () => {
    expect(ofTag("04:a2:3b:4c:5d:6e:7f", [`/t?s=g&p=${sun.picc_data}&m=${sun.cmac}`])).toEqual(sun);
    expect(ofTag("04:a2:3b:4c:5d:6e:7f", ["https://example.org"])).toEqual({ by: "uid", uid: "04A23B4C5D6E7F" });
    expect(ofTag("", [])).toBeNull();
  });

  it("finds the point in the register that the phone has", () => {
    const points = { C1: { id: "C1", tags: ["04A23B4C5D6E7F"] } as Checkpoint };
    expect(pointOf({ by: "uid", uid: "04a2-3b4c5d6e7f" }, points, null)).toBe("C1");
    expect(pointOf({ by: "sun", picc_data: "", cmac: "" }, points, null, "04:A2:3B:4C:5D:6E:7F")).toBe("C1");
    expect(pointOf({ by: "qr", code: "nowhere" }, points, null)).toBeNull();
  });

  it("go by the marks of the tags in use, whatever the register says", () => {
    const points = { C1: { id: "C1", tags: ["04A2"] } } as unknown as Record<string, Checkpoint>;
    const marks = { [createHash("sha256").update("04A23B4C").digest("hex")]: "C2" };
    expect(pointOf({ by: "uid", uid: "04:a2:3b:4c" }, points, marks)).toBe("C2");
    expect(pointOf({ by: "uid", uid: "04A2" }, points, marks)).toBeNull();
  });
});
