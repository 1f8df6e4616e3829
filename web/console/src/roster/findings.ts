/** To which cells of the board a finding belongs. Pure. */
import type { CoverageGap, Finding, Register } from "@shared/api/types";

import { addDays, wallClock } from "./days";

export type Weight = "error" | "warning";

/** The days that a finding touches, at the site. */
export function daysIn(f: Finding, zone: string): string[] {
  if (f.code === "too_many_days" && typeof f.data.from === "string" && typeof f.data.to === "string") return span(f.data.from, f.data.to);
  if (f.day) return [f.day];
  if (!f.starts_at || !f.ends_at) return [];
  return span(wallClock(f.starts_at, zone).slice(0, 10), wallClock(Date.parse(f.ends_at) - 1, zone).slice(0, 10));
}

function span(first: string, last: string): string[] {
  const days: string[] = [];
  for (let day = first; day <= last && days.length < 62; day = addDays(day, 1)) days.push(day);
  return days;
}

/** The seats that a finding is about: its own, or all of its post. */
export function seatsIn(f: Finding, book: Register): string[] {
  if (f.seat) return [f.seat];
  const post = f.data.post;
  return typeof post === "string" ? Object.values(book.seats).filter((s) => s.post === post).map((s) => s.id) : [];
}

/** Findings by where they are shown: `person/day`, and `seat:SEAT/day` for those of a seat that lacks somebody. */
export function placed(findings: readonly Finding[], book: Register, zone: string): Map<string, Finding[]> {
  const made = new Map<string, Finding[]>();
  const add = (key: string, f: Finding) => {
    const there = made.get(key);
    if (there) there.push(f);
    else made.set(key, [f]);
  };
  for (const f of findings) {
    for (const day of daysIn(f, zone)) {
      if (f.person) add(`${f.person}/${day}`, f);
      else for (const seat of seatsIn(f, book)) add(`seat:${seat}/${day}`, f);
    }
  }
  return made;
}

/** What the shifts that stand leave open, as the board shows what is wrong. */
export const asFindings = (gaps: readonly CoverageGap[]): Finding[] =>
  gaps.map((g) => ({
    code: g.code, severity: "warning", seat: g.seat, person: null, day: null, template: null, starts_at: g.starts_at, ends_at: g.ends_at,
    data: { post: g.post, have: g.have, need: g.need, certificate: g.certificate, minutes: (Date.parse(g.ends_at) - Date.parse(g.starts_at)) / 60_000 },
  }));

export const worst = (findings: readonly Finding[] | undefined): Weight | null =>
  !findings?.length ? null : findings.some((f) => f.severity === "error") ? "error" : "warning";
