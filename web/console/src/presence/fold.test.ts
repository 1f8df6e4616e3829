import { describe, expect, it } from "vitest";

import type { Away, SeatCheck } from "@shared/api/types";

import { type Going, mine, withAway, withCheck } from "./fold";

const none: Going = { checks: [], away: [] };
const check = (id: string, more: Partial<SeatCheck> = {}): SeatCheck => ({
  id, seat_id: "centre", person_id: "wang", how: "random", by: null, state: "asked", asked_at: "2026-03-01T12:00:00Z", until: "2026-03-01T12:02:00Z", answered_at: null, answer_ms: null, ...more,
});
const away = (id: string, more: Partial<Away> = {}): Away => ({
  id, seat_id: "centre", person_id: "wang", stand_in: "li", contact: "", reason: "meal", state: "asked", minutes: 20, asked_at: "2026-03-01T12:00:00Z", left_at: null, until: null, ended_at: null, ...more,
});

describe("presence", () => {
  it("keeps a check until it is answered or void, also when it was missed", () => {
    const asked = withCheck(none, check("a"));
    const missed = withCheck(asked, check("a", { state: "missed" }));
    expect([asked.checks.length, missed.checks.map((c) => c.state), withCheck(missed, check("a", { state: "late" })).checks]).toEqual([1, ["missed"], []]);
  });
  it("keeps a leave until the person is back", () => {
    const gone = withAway(withAway(none, away("x")), away("x", { state: "overdue" }));
    expect([gone.away.map((a) => a.state), withAway(gone, away("x", { state: "back" })).away]).toEqual([["overdue"], []]);
  });
  it("tells each person what waits for them alone", () => {
    const going = withAway(withCheck(withCheck(none, check("b", { asked_at: "2026-03-01T13:00:00Z" })), check("a")), away("x"));
    expect(mine(going, "wang").checks.map((c) => c.id)).toEqual(["a", "b"]);
    expect([mine(going, "li").asked.length, mine(going, "wang").away.length, mine(going, "li").standing.length]).toEqual([1, 1, 0]);
    expect(mine(withAway(going, away("x", { state: "away" })), "li").standing).toHaveLength(1);
    expect(mine(going, null)).toEqual({ checks: [], asked: [], away: [], standing: [] });
  });
});
