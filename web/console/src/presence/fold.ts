/** What goes on with presence: what the server said, and what was pushed after it. Pure. */
import type { Away, SeatCheck } from "@shared/api/types";

export interface Going { checks: SeatCheck[]; away: Away[] }

const LIVE_CHECKS: readonly SeatCheck["state"][] = ["asked", "missed"];
const LIVE_AWAY: readonly Away["state"][] = ["asked", "away", "recalled", "overdue"];

function put<T extends { id: string }>(rows: T[], row: T, stays: boolean): T[] {
  const others = rows.filter((r) => r.id !== row.id);
  return stays ? [...others, row] : others;
}
export const withCheck = (going: Going, check: SeatCheck): Going => ({ ...going, checks: put(going.checks, check, LIVE_CHECKS.includes(check.state)) });
export const withAway = (going: Going, away: Away): Going => ({ ...going, away: put(going.away, away, LIVE_AWAY.includes(away.state)) });

/** What waits for this person: checks of theirs, those who ask them to stand in, their own leave, and for whom they stand in. */
export function mine(going: Going, person: string | null) {
  if (person === null) return { checks: [], asked: [], away: [], standing: [] };
  return {
    checks: going.checks.filter((c) => c.person_id === person).sort((a, b) => (a.asked_at < b.asked_at ? -1 : 1)),
    asked: going.away.filter((a) => a.state === "asked" && a.stand_in === person),
    away: going.away.filter((a) => a.person_id === person),
    standing: going.away.filter((a) => a.state !== "asked" && a.stand_in === person),
  };
}
