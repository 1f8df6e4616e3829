import { describe, expect, it } from "vitest";

import type { Alert } from "@shared/api/types";

import { hold } from "./heldOrder";
import { capacity, guideOf, mayHandle, nextRung, owed, type Viewer } from "./next";

const alert = (more: Partial<Alert>): Alert =>
  ({ state: "raised", kind: "fire.alarm", ends: "both", clear_said: false, custody_by: null, rung: 0, due_at: "2026-03-01T14:00:30Z", ladder: { rungs: [{}, {}, {}] }, ...more }) as Alert;
const who = (more: Partial<Viewer> = {}): Viewer => ({ person: "li", answers: true, supervises: false, holder: "wang", called: false, ...more });

describe("what an alert asks for", () => {
  it.each([
    [{ state: "raised" }, "ack"],
    [{ state: "cleared" }, "ack"],
    [{ state: "acked", ends: "both", clear_said: false }, "wait"],
    [{ state: "acked", ends: "both", clear_said: true }, "reset"],
    [{ state: "acked", ends: "person", kind: "manual.panic" }, "reset"],
    [{ state: "acked", ends: "device", kind: "water.leak" }, "wait"],
    [{ state: "settling" }, "dispose"],
    [{ state: "closed" }, "nothing"],
  ] as const)("%o → %s", (state, act) => expect(owed(alert(state))).toBe(act));

  it("knows in what capacity one acts", () => {
    expect(capacity(alert({}), who())).toBe("witness");
    expect(capacity(alert({}), who({ holder: "li" }))).toBe("holder");
    expect(capacity(alert({}), who({ called: true }))).toBe("called");
    expect(capacity(alert({}), who({ supervises: true }))).toBe("supervisor");
    expect(capacity(alert({}), who({ answers: false }))).toBe("reader");
    expect(capacity(alert({ state: "acked", custody_by: "li" }), who())).toBe("custodian");
  });

  it("lets only the custodian or a supervisor go on", () => {
    const held = alert({ state: "acked", custody_by: "wang" });
    expect(mayHandle(held, who({ holder: "li" }))).toBe(false);
    expect(mayHandle(held, who({ person: "wang" }))).toBe(true);
    expect(mayHandle(held, who({ supervises: true }))).toBe(true);
  });

  it("says which rung is next, and when the last one repeats", () => {
    expect(nextRung(alert({ rung: 0 }))).toMatchObject({ n: 1, again: false });
    expect(nextRung(alert({ rung: 5 }))).toMatchObject({ n: 2, again: true });
    expect(nextRung(alert({ state: "acked" }))).toBeNull();
  });

  it("finds guidance for kinds it has never heard of", () => {
    expect([guideOf("fire.alarm"), guideOf("fire.fault"), guideOf("access.duress"), guideOf("lift.stuck")]).toEqual(["fire", "device", "duress", "other"]);
  });
});

describe("nothing moves under the pointer", () => {
  it("keeps every known row in its place and puts new ones at the end", () => {
    expect(hold(["b", "c"], ["a", "b", "c", "d"])).toEqual({ shown: ["b", "c", "a", "d"], fresh: ["a", "d"] });
  });
  it("keeps the place of a row that has closed", () => {
    expect(hold(["a", "b", "c"], ["a", "c"])).toEqual({ shown: ["a", "b", "c"], fresh: [] });
  });
});
