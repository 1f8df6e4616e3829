/** A round as it stands for who walks it: what the server knows, and what this phone has not told it yet. Pure. */
import type { PatrolTask, RoundSheet } from "@shared/api/types";

import type { Answers } from "@guard/outbox/shapes";

export interface Kept { checkpoint: string | null; at: string }
export type PointState = "done" | "late" | "kept" | "missed" | "excused" | "open";
export interface Point { checkpoint: string; state: PointState; at: string | null; urgent: string | null; tasks: PatrolTask[]; place: number }

const DONE: Record<string, PointState> = { on_time: "done", late: "late", explained: "late", excused: "excused" };

/** The points in the order of the route. What waits in the outbox counts as walked here. */
export function points(sheet: RoundSheet, kept: readonly Kept[]): Point[] {
  const by = new Map(sheet.points.map((p) => [p.checkpoint, p]));
  return sheet.route.stops.map((stop, i) => {
    const known = by.get(stop.checkpoint);
    const mine = kept.find((k) => k.checkpoint === stop.checkpoint && k.at >= sheet.brief.opens_at && k.at <= sheet.brief.ends_at);
    const told = known ? DONE[known.state] : undefined;
    const state: PointState = told ?? (mine ? "kept" : known?.state === "missed" ? "missed" : "open");
    return { checkpoint: stop.checkpoint, state, at: known?.proofs[0]?.said_at ?? mine?.at ?? null, urgent: known?.urgent ?? null, tasks: stop.tasks, place: i + 1 };
  });
}

/** Where to go now: what an alarm asks for first; else on from the last point walked; else the first that is left. */
export function next(all: readonly Point[]): Point | null {
  const left = all.filter((p) => p.state === "open" || p.state === "missed");
  const open = left.filter((p) => p.state === "open");
  const reached = Math.max(0, ...all.filter((p) => p.state === "done" || p.state === "late" || p.state === "kept").map((p) => p.place));
  return left.find((p) => p.urgent) ?? open.find((p) => p.place > reached) ?? open[0] ?? left[0] ?? null;
}

/** Urgent ones first, the rest as they are walked. */
export const listed = (all: readonly Point[]): Point[] => [...all].sort((a, b) => Number(needs(b)) - Number(needs(a)) || a.place - b.place);
const needs = (p: Point) => p.urgent !== null && (p.state === "open" || p.state === "missed");

export const walked = (all: readonly Point[]): number => all.filter((p) => p.state !== "open" && p.state !== "missed").length;

/** The round to show first: what is open and ends soonest, then what comes, then what has just been. */
export function current(sheets: readonly RoundSheet[], now: number): RoundSheet | null {
  const at = (iso: string) => Date.parse(iso);
  const live = sheets.filter((s) => s.suspended === null && at(s.brief.ends_at) > now);
  const open = live.filter((s) => at(s.brief.opens_at) <= now).sort((a, b) => at(a.brief.ends_at) - at(b.brief.ends_at));
  const urgent = open.find((s) => s.brief.urgent.length > 0);
  return urgent ?? open[0] ?? live.sort((a, b) => at(a.brief.opens_at) - at(b.brief.opens_at))[0] ?? null;
}

/** What an answer is worth: beyond its limits, a no, or a choice that is bad. */
export function isBad(task: PatrolTask, answer: Answers[string] | undefined): boolean {
  if (answer === undefined) return false;
  if (task.kind === "yes_no") return answer === false;
  if (task.kind === "choice") return task.bad.includes(String(answer));
  if (task.kind !== "reading" || typeof answer !== "number") return false;
  return (task.least !== null && answer < task.least) || (task.most !== null && answer > task.most);
}

/** The tasks that are asked for and not answered yet. */
export const owed = (tasks: readonly PatrolTask[], answers: Answers, photos: Readonly<Record<string, string[]>>): PatrolTask[] =>
  tasks.filter((t) => t.required && (t.kind === "photo" ? !photos[t.id]?.length : answers[t.id] === undefined || answers[t.id] === ""));
