/** What a round's brief and sheet mean at this moment. Pure. */
import type { Iso, RoundBrief, RoundSheet, Tap } from "@shared/api/types";

export const POINTS = ["on_time", "late", "open", "upcoming", "explained", "excused", "missed"] as const;
export type PointState = (typeof POINTS)[number];
export const STANDS = ["upcoming", "open", "suspended", "complete", "partial", "missed", "excused"] as const;
export type RoundStand = (typeof STANDS)[number];

/** How a point stands now: between two words of the server only the clock moves it. */
export function pointState(told: string, round: Pick<RoundBrief, "opens_at" | "ends_at">, now: number): PointState {
  const known = POINTS.find((p) => p === told) ?? "upcoming";
  if (known === "upcoming" && now >= Date.parse(round.opens_at)) return now > Date.parse(round.ends_at) ? "missed" : "open";
  return known === "open" && now > Date.parse(round.ends_at) ? "missed" : known;
}

export function roundStand(round: RoundBrief, now: number): RoundStand {
  if (round.stand === "suspended") return "suspended";
  if (round.stand === "over") return round.result;
  if (round.result === "complete") return "complete";
  return now < Date.parse(round.opens_at) ? "upcoming" : "open";
}

export const isOver = (stand: RoundStand) => stand !== "upcoming" && stand !== "open" && stand !== "suspended";

export interface Tally { planned: number; walked: number; late: number; missed: number }
export function tally(round: RoundBrief, now: number): Tally {
  const states = Object.values(round.points).map((p) => pointState(p, round, now));
  const count = (...of: PointState[]) => states.filter((s) => of.includes(s)).length;
  return { planned: states.length, walked: count("on_time", "late"), late: count("late"), missed: count("missed", "explained", "excused") };
}

/** What the clock is running to: the opening, the end of the window, or the end of the grace after it. */
export function leftOf(round: RoundBrief, now: number): { to: "opens" | "closes" | "grace"; ms: number } | null {
  for (const to of ["opens", "closes", "grace"] as const) {
    const ms = Date.parse(to === "grace" ? round.ends_at : round[`${to}_at`]) - now;
    if (ms > 0) return { to, ms };
  }
  return null;
}

/** A word of the feed among those that were asked for. One of another day, or older than what is here, changes nothing. */
export function fold(rounds: RoundBrief[], told: RoundBrief, within: (at: Iso) => boolean): RoundBrief[] {
  const at = rounds.findIndex((r) => r.id === told.id);
  if (told.stand === "dropped") return at < 0 ? rounds : rounds.filter((r) => r.id !== told.id);
  if (at < 0) return within(told.opens_at) ? [...rounds, told].sort((a, b) => a.opens_at.localeCompare(b.opens_at)) : rounds;
  return rounds[at]!.version > told.version ? rounds : rounds.with(at, told);
}

export interface RouteDay { route: string; rounds: RoundBrief[]; now: RoundBrief | null }
/** A day by route: the one that is walked now, or is to be walked next, in front; routes with one under way first. */
export function byRoute(rounds: RoundBrief[], now: number): RouteDay[] {
  const found = new Map<string, RoundBrief[]>();
  for (const r of rounds) found.set(r.route_id, [...(found.get(r.route_id) ?? []), r]);
  const rank = (r: RoundBrief | null) => (r === null ? 2 : roundStand(r, now) === "upcoming" ? 1 : 0);
  return [...found]
    .map(([route, mine]) => {
      const open = mine.find((r) => ["open", "suspended"].includes(roundStand(r, now)));
      return { route, rounds: mine, now: open ?? mine.find((r) => roundStand(r, now) === "upcoming") ?? null };
    })
    .sort((a, b) => rank(a.now) - rank(b.now) || (a.now?.closes_at ?? "").localeCompare(b.now?.closes_at ?? "") || a.route.localeCompare(b.route));
}

/** When the guard was there, as far as we know. */
export const tapAt = (t: Pick<Tap, "said_at" | "heard_at" | "synced" | "kept_at">) => {
  const heard = Date.parse(t.heard_at);
  return t.kept_at ? Math.min(Date.parse(t.kept_at), heard) : t.synced ? Math.min(Date.parse(t.said_at), heard) : heard;
};

/** Where each guard last proved to be. A tap that proves nothing moves nobody. */
export function lastProved(taps: Tap[]): Tap[] {
  const last = new Map<string, Tap>();
  for (const t of taps) {
    const known = t.person_id ? last.get(t.person_id) : undefined;
    if (t.counts && t.person_id && t.checkpoint_id && (!known || tapAt(t) > tapAt(known))) last.set(t.person_id, t);
  }
  return [...last.values()].sort((a, b) => tapAt(b) - tapAt(a));
}

export interface Step { at: number; checkpoint: string; person: string | null; tap: string }
/** A round as it was walked: every counted tap in the order of the guard's steps. */
export function steps(sheet: Pick<RoundSheet, "points">): Step[] {
  return sheet.points
    .flatMap((p) => p.proofs.map((x) => ({ at: tapAt(x), checkpoint: p.checkpoint, person: x.person, tap: x.tap })))
    .sort((a, b) => a.at - b.at || a.tap.localeCompare(b.tap));
}
/** Where a replay stands at a moment: what is proved by then, and where the guard is. */
export function replayed(walk: Step[], at: number): { proved: Set<string>; here: Step | null } {
  const done = walk.filter((s) => s.at <= at);
  return { proved: new Set(done.map((s) => s.checkpoint)), here: done.at(-1) ?? null };
}

export const percent = (share: number | null): string => (share === null ? "—" : `${(share * 100).toFixed(share === 1 ? 0 : 1)} %`);
