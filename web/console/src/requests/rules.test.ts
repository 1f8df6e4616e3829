import { describe, expect, it } from "vitest";

import type { DutyRequest } from "@shared/api/types";

import { actsOf, agreementOwed, overrideOwed, owes, turn } from "./acts";

const move = (was: string | null, now: string | null) => ({ seat: "gate", day: "2026-03-01", template: "day", was, now });
const asked = (more: Partial<DutyRequest> = {}): DutyRequest =>
  ({ kind: "swap", state: "asked", asked_by: "bo", other: "wu", agreed_at: null, moves: [move("bo", "wu"), move("wu", "bo")], findings: [], heard: [], ...more }) as DutyRequest;
const bo = { person: "bo", decides: false };
const wu = { person: "wu", decides: false };
const chu = { person: "chu", decides: true };
const leave = (more: Partial<DutyRequest> = {}) => asked({ kind: "leave", other: null, moves: [move("bo", null)], ...more });

describe("what may be done with a request", () => {
  it("who asked takes it back, who was asked agrees, who decides waits for that", () => {
    expect([bo, wu, chu, { person: "li", decides: false }, { person: null, decides: true }].map((v) => actsOf(asked(), v))).toEqual([["withdraw"], ["agree", "refuse"], ["approve", "refuse"], [], []]);
    expect([owes(asked(), wu), owes(asked(), chu), turn(asked())]).toEqual([true, false, "other"]);
  });
  it("agreed, it waits for whoever decides", () => {
    const agreed = asked({ state: "agreed", agreed_at: "2026-02-01T00:00:00Z" });
    expect([actsOf(agreed, wu), owes(agreed, chu), agreementOwed(agreed), turn(agreed)]).toEqual([[], true, false, "approver"]);
  });
  it("nobody decides about what they are part of", () => {
    expect(actsOf(asked(), { person: "wu", decides: true })).toEqual(["agree", "refuse"]);
    expect(actsOf(leave(), { person: "bo", decides: true })).toEqual(["withdraw"]);
    expect(actsOf(asked({ state: "agreed" }), { person: "wu", decides: true })).toEqual(["refuse"]);
  });
  it("a leave without a stand-in waits for the approver at once", () => {
    expect([owes(leave(), chu), agreementOwed(leave()), turn(leave())]).toEqual([true, false, "approver"]);
  });
  it("who was called says that they know, once", () => {
    const call = asked({ kind: "reinforcement", state: "approved", asked_by: "chu", other: null, moves: [move(null, "wu")] });
    expect([actsOf(call, wu), turn(call)]).toEqual([["hear"], "called"]);
    expect([actsOf({ ...call, heard: ["wu"] }, wu), turn({ ...call, heard: ["wu"] })]).toEqual([[], ""]);
  });
  it.each(["approved", "refused", "withdrawn", "lapsed"] as const)("nothing is left to do once it is %s", (state) => {
    expect([bo, wu, chu].flatMap((v) => actsOf(asked({ state }), v))).toEqual([]);
    expect(turn(asked({ state }))).toBe("");
  });
  it("a rule that it breaks asks for a reason", () => {
    expect([overrideOwed(asked()), overrideOwed(asked({ findings: [{}] as DutyRequest["findings"] }))]).toEqual([false, true]);
  });
});
