import { describe, expect, it } from "vitest";

import type { RoundBrief, Tap } from "@shared/api/types";

import { byRoute, fold, lastProved, leftOf, percent, pointState, replayed, roundStand, steps, tally } from "./rules";

const at = (hm: string) => Date.parse(`2026-03-01T${hm}:00Z`);
const brief = (more: Partial<RoundBrief> = {}): RoundBrief => ({
  id: "r1", plan_id: "p", route_id: "grounds", seat_id: "patrol", stand: "open", result: "open", version: 2,
  opens_at: "2026-03-01T08:00:00Z", closes_at: "2026-03-01T09:00:00Z", ends_at: "2026-03-01T09:05:00Z",
  proved: {}, points: { A: "on_time", B: "late", C: "open" }, people: [], urgent: [], odd: [], ...more,
});
const tap = (more: Partial<Tap> = {}): Tap => ({
  event_id: "e", tag: "T", checkpoint_id: "A", person_id: "wang", proof: "uid", flags: [], counts: true, synced: false, kept_at: null,
  said_at: "2026-03-01T08:10:00Z", heard_at: "2026-03-01T08:10:01Z", client: "", counter: null, answers: {}, note: "", photos: [], ...more,
});

describe("a point", () => {
  it.each([
    ["upcoming", "07:59", "upcoming"], ["upcoming", "08:00", "open"], ["open", "09:05", "open"], ["open", "09:06", "missed"],
    ["upcoming", "09:06", "missed"], ["on_time", "23:00", "on_time"], ["excused", "08:30", "excused"], ["never heard of", "07:00", "upcoming"],
  ])("told %s stands at %s as %s", (told, when, now) => expect(pointState(told, brief(), at(when))).toBe(now));
});

describe("a round", () => {
  it("counts late points as walked, and excused ones as missed", () => {
    expect(tally(brief(), at("08:30"))).toEqual({ planned: 3, walked: 2, late: 1, missed: 0 });
    expect(tally(brief({ points: { A: "excused", B: "explained", C: "open" } }), at("10:00"))).toEqual({ planned: 3, walked: 0, late: 0, missed: 3 });
  });
  it("runs to its opening, its end, its grace, and to nothing", () => {
    expect(leftOf(brief(), at("07:50"))).toEqual({ to: "opens", ms: 600_000 });
    expect(leftOf(brief(), at("08:50"))).toEqual({ to: "closes", ms: 600_000 });
    expect(leftOf(brief(), at("09:04"))).toEqual({ to: "grace", ms: 60_000 });
    expect(leftOf(brief(), at("09:06"))).toBeNull();
  });
  it("stands as it was told, or as the clock says", () => {
    expect(roundStand(brief({ stand: "waiting", result: "upcoming" }), at("07:00"))).toBe("upcoming");
    expect(roundStand(brief({ stand: "over", result: "partial" }), at("10:00"))).toBe("partial");
    expect(roundStand(brief({ stand: "suspended" }), at("08:30"))).toBe("suspended");
  });
  it("takes in news, never an older word, another day or what was dropped", () => {
    const here = [brief()];
    expect(fold(here, brief({ version: 3, urgent: ["C"] }), () => false)[0]!.urgent).toEqual(["C"]);
    expect(fold(here, brief({ version: 1 }), () => true)).toBe(here);
    expect(fold(here, brief({ id: "r2" }), () => false)).toBe(here);
    expect(fold(here, brief({ id: "r0", opens_at: "2026-03-01T07:00:00Z" }), () => true).map((r) => r.id)).toEqual(["r0", "r1"]);
    expect(fold(here, brief({ stand: "dropped" }), () => true)).toEqual([]);
  });
});

describe("a day", () => {
  it("puts the route that is walked now first, and the round to walk before what is over", () => {
    const over = brief({ id: "o", stand: "over", result: "missed", opens_at: "2026-03-01T06:00:00Z" });
    const next = brief({ id: "n", route_id: "night", opens_at: "2026-03-01T22:00:00Z", stand: "waiting", result: "upcoming" });
    const done = brief({ id: "d", route_id: "all", stand: "over", result: "complete" });
    const days = byRoute([over, brief(), next, done], at("08:30"));
    expect(days.map((d) => [d.route, d.now?.id ?? null])).toEqual([["grounds", "r1"], ["night", "n"], ["all", null]]);
  });
  it("says a share, or that there is none", () => expect([null, 0, 0.6667, 1].map(percent)).toEqual(["—", "0.0 %", "66.7 %", "100 %"]));
});

describe("where guards are", () => {
  it("is where they last proved to be: kept taps by when they were made, void ones never", () => {
    const kept = tap({ event_id: "k", checkpoint_id: "B", synced: true, said_at: "2026-03-01T08:05:00Z", heard_at: "2026-03-01T08:50:00Z" });
    const void_ = tap({ event_id: "v", checkpoint_id: "C", counts: false, heard_at: "2026-03-01T08:55:00Z" });
    expect(lastProved([kept, tap(), void_]).map((t) => t.checkpoint_id)).toEqual(["A"]);
    expect(lastProved([tap(), tap({ person_id: "li", heard_at: "2026-03-01T08:30:00Z" })]).map((t) => t.person_id)).toEqual(["li", "wang"]);
  });
  it("is replayed step by step", () => {
    const proof = (tap: string, hm: string) => ({ tap, person: "wang", proof: "uid", said_at: `2026-03-01T${hm}:00Z`, heard_at: `2026-03-01T${hm}:00Z`, synced: false, kept_at: null, answered: null });
    const point = (checkpoint: string, hm: string) => ({ checkpoint, state: "on_time", proofs: [proof(checkpoint, hm)], unanswered: [], urgent: null, excuse: null });
    const walk = steps({ points: [point("A", "08:20"), point("B", "08:10")] });
    expect(walk.map((s) => s.checkpoint)).toEqual(["B", "A"]);
    expect([...replayed(walk, at("08:15")).proved]).toEqual(["B"]);
    expect(replayed(walk, at("08:00")).here).toBeNull();
  });
});
