import { describe, expect, it } from "vitest";

import type { Handover, HandoverItem } from "@shared/api/types";

import { differs, flagged, grouped, inTheWay, isShort, owed, partOf, progress, step, unexplained } from "./rules";

const item = (key: string, more: Partial<HandoverItem> = {}): HandoverItem => ({
  key, kind: "item", text: "", data: {}, live: false, listed: true, mandatory: true, expected: 4, counted: null, fine: null, explanation: "",
  verdict: null, comment: "", answer: "", resolution: "", over: false, last: null, follow_up: false, review: "", ...more,
});
const handover = (items: HandoverItem[], more: Partial<Handover> = {}): Handover => ({
  site_id: "s", id: "h", seat: "centre", state: "open", version: 1, outgoing: "wang", incoming: null, expected: "li", planned_end: null,
  opened_at: "2026-03-01T12:00:00Z", opened_by: "wang", offered_at: null, ended_at: null, ended_by: null, reason: "", lifted_by: null, lifted_for: "", joint: [], items, ...more,
}) as Handover;
const check = (fine: boolean | null, more: Partial<HandoverItem> = {}) => item("c", { kind: "check", expected: null, fine, ...more });

describe("items", () => {
  it("are owed until they are counted, seen to or written", () => {
    expect([item("a"), item("a", { counted: 4 }), item("a", { mandatory: false }), check(null), check(false)].map(owed)).toEqual([true, false, false, true, false]);
    const note = item("n", { kind: "note", expected: null });
    expect([note, { ...note, text: "none" }, { ...note, explanation: "none" }].map(owed)).toEqual([true, false, false]);
  });
  it("want an explanation when a count differs, a check fails or something was found", () => {
    const found = item("f", { kind: "anomaly", expected: null });
    expect([item("a", { counted: 3 }), item("a", { counted: 5 }), item("a", { counted: 4 }), check(false), check(false, { explanation: "lent" }), found].map(unexplained)).toEqual([true, true, false, true, false, true]);
  });
  it("are held against the last count where the list names no number", () => {
    const counted = item("a", { expected: null, last: 4, counted: 3 });
    expect([isShort(counted), differs(counted), differs(item("a", { last: 3, counted: 4 })), isShort(item("a", { last: 3, counted: 4 }))]).toEqual([true, true, true, false]);
  });
  it("stay flagged although they are explained, until they are over", () => {
    expect([item("a", { counted: 3, explanation: "one lent" }), item("a", { counted: 3, over: true }), item("a", { verdict: "disputed" })].map(flagged)).toEqual([true, false, true]);
  });
  it("stand in groups, the alarms first", () => {
    const all = [item("k", { kind: "key" }), item("n", { kind: "text" }), item("alert/1", { kind: "alert_acked" }), item("i")];
    expect(grouped(all).map((g) => [g.group, g.items.map((i) => i.key)])).toEqual([["alerts", ["alert/1"]], ["plant", []], ["counts", ["k", "i"]], ["notes", ["n"]]]);
  });
});

describe("the viewer's part", () => {
  const h = handover([]);
  const as = (person: string | null, more = {}) => ({ person, takes: true, leads: false, ...more });
  it("is the roster's word, the person's own, or a reader's", () => {
    expect(partOf(h, as("wang"), false)).toBe("outgoing");
    expect(partOf(h, as("li"), false)).toBe("incoming");
    expect(partOf(h, as("chen"), false)).toBe("candidate");
    expect(partOf(h, as("chen"), true)).toBe("incoming");
    expect(partOf(h, as(null, { takes: false, leads: true }), false)).toBe("lead");
    expect(partOf(h, as(null, { takes: false }), false)).toBe("reader");
  });
  it("is nobody else's once somebody takes over", () => {
    const taken = handover([], { incoming: "li" });
    expect([partOf(taken, as("chen"), true), partOf(taken, as("chen", { leads: true }), true), partOf(taken, as("li"), false)]).toEqual(["reader", "lead", "incoming"]);
  });
});

describe("what stands in the way", () => {
  it("is first what is owed and unexplained, then the open work", () => {
    const alert = item("alert/1", { kind: "alert_acked", mandatory: false, live: true });
    const h = handover([item("a"), item("b", { counted: 3 }), alert]);
    expect(inTheWay(h, ["alert/1"]).map((w) => [w.why, w.items.map((i) => i.key)])).toEqual([["owed", ["a"]], ["unexplained", ["b"]], ["blocking", ["alert/1"]]]);
  });
  it("is for the second signature what is disputed or not confirmed", () => {
    const items = [item("a", { counted: 4, verdict: "confirmed" }), item("b", { counted: 4, verdict: "disputed" }), item("c", { counted: 4 }), item("d", { over: true })];
    expect(inTheWay(handover(items, { state: "disputed" }), []).map((w) => [w.why, w.items.map((i) => i.key)])).toEqual([["disputed", ["b"]], ["unconfirmed", ["c"]]]);
  });
  it("is nothing once it has ended", () => expect(inTheWay(handover([item("a")], { state: "cancelled" }), ["a"])).toEqual([]));
});

describe("progress", () => {
  it("counts what is asked while it is prepared, and what is confirmed afterwards", () => {
    const items = [item("a", { counted: 4 }), item("b"), item("c", { mandatory: false }), item("d", { counted: 3, mandatory: false })];
    expect(progress({ state: "open" }, items)).toEqual({ done: 1, of: 3 });
    const later = [item("a", { verdict: "confirmed" }), item("b", { verdict: "disputed" }), item("c", { over: true })];
    expect(progress({ state: "disputed" }, later)).toEqual({ done: 1, of: 2 });
  });
  it("goes from preparing to signing to done", () => {
    const ready = item("a", { counted: 4, verdict: "confirmed" });
    expect([step(handover([])), step(handover([item("a")], { state: "offered" })), step(handover([ready], { state: "offered" })), step(handover([ready], { state: "done" }))]).toEqual([0, 1, 2, 3]);
  });
});
