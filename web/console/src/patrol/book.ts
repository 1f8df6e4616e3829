/** Routes and plans as they are edited, and what is wrong with them before anybody is asked. Pure. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];
export type Stop = Omit<Shapes["Stop"], "leg_s"> & { leg_s: [number, number] | null };
export type Route = Omit<Shapes["PatrolRoute"], "stops"> & { stops: Stop[] };
export type Plan = Shapes["PatrolPlan"];
export type Task = Shapes["PatrolTask"];
export type Draft = { routes: Route[]; plans: Plan[] };
export type Fault = { field: string; why: string };

export const WHENS = ["every_min", "per_shift", "rrule"] as const;
export type When = (typeof WHENS)[number];
export const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export const DAY_TYPES = ["workday", "weekend", "holiday", "makeup"] as const;
export const KINDS = ["yes_no", "reading", "photo", "choice", "note"] as const;

export const copy = <T>(of: T): T => JSON.parse(JSON.stringify(of)) as T;
export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The list with one thing elsewhere; over the edge nothing moves. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  if (to < 0 || to >= list.length || from === to) return [...list];
  const rest = list.filter((_, n) => n !== from);
  return [...rest.slice(0, to), list[from]!, ...rest.slice(to)];
}

/** A point that is on the route leaves it, another one comes to its end. */
export function toggled(stops: readonly Stop[], checkpoint: string): Stop[] {
  const rest = stops.filter((s) => s.checkpoint !== checkpoint);
  return rest.length < stops.length ? rest : [...stops, { checkpoint, tasks: [], leg_s: null }];
}

export function freeId(stem: string, taken: readonly string[]): string {
  let n = 1;
  while (taken.includes(`${stem}-${n}`)) n += 1;
  return `${stem}-${n}`;
}
export const freshRoute = (draft: Draft): Route => ({ id: freeId("route", draft.routes.map((r) => r.id)), name: { zh: "", en: "" }, stops: [], order: "ordered", night: false });
export const freshPlan = (draft: Draft, route: string, seat: string): Plan => ({ id: freeId("plan", draft.plans.map((p) => p.id)), route, seat, every_min: 240, per_shift: 0, rrule: "", from: "08:00", to: "20:00", window_min: 0, grace_min: 5, day_types: [] });
export const freshTask = (taken: readonly Task[]): Task => ({ id: freeId("task", taken.map((x) => x.id)), name: { zh: "", en: "" }, kind: "yes_no", required: true, unit: "", least: null, most: null, choices: [], bad: [], violation: false });

export const whenOf = (plan: Plan): When => (plan.per_shift ? "per_shift" : plan.rrule ? "rrule" : "every_min");
/** The plan by another way of saying when, with what is usual for it. */
export function whenSet(plan: Plan, when: When): Plan {
  const none = { every_min: 0, per_shift: 0, rrule: "" };
  if (when === "per_shift") return { ...plan, ...none, per_shift: 2, from: "00:00", to: "00:00", window_min: 0 };
  if (when === "rrule") return { ...plan, ...none, rrule: "FREQ=WEEKLY;BYDAY=MO", to: "00:00", from: "09:00", window_min: plan.window_min || 120 };
  return { ...plan, ...none, every_min: 240, from: "08:00", to: "20:00", window_min: 0 };
}
/** The weekdays of a rule that is no more than weekdays; null when it says something else. */
export function weekdays(rule: string): string[] | null {
  const found = /^FREQ=WEEKLY;BYDAY=([A-Z,]+)$/.exec(rule);
  const days = found?.[1]?.split(",") ?? [];
  return found && days.every((d) => (DAYS as readonly string[]).includes(d)) ? days : null;
}
export function weekdayToggled(rule: string, day: string): string {
  const days = weekdays(rule) ?? [];
  const next = DAYS.filter((d) => (d === day ? !days.includes(d) : days.includes(d)));
  return next.length ? `FREQ=WEEKLY;BYDAY=${next.join(",")}` : rule;
}

/** What is wrong that needs no server to see. `why` is a word of `book.fault`. */
export function faults(draft: Draft): Fault[] {
  const found: Fault[] = [];
  const bad = (field: string, why: string, wrong: boolean) => wrong && found.push({ field, why });
  draft.routes.forEach((r, i) => {
    const at = `patrol_routes[${i}]`;
    bad(`${at}.id`, "id", !/^[A-Za-z0-9._:-]{1,64}$/.test(r.id) || draft.routes.some((o, n) => n < i && o.id === r.id));
    bad(`${at}.name`, "name", !r.name.zh.trim() || !r.name.en.trim());
    bad(`${at}.stops`, "stops", !r.stops.length);
    r.stops.forEach((s, n) => {
      bad(`${at}.stops[${n}].leg_s`, "leg", s.leg_s !== null && (s.leg_s[0] < 1 || s.leg_s[0] > s.leg_s[1]));
      s.tasks.forEach((x, k) => {
        const task = `${at}.stops[${n}].tasks[${k}]`;
        bad(`${task}.name`, "name", !x.name.zh.trim() || !x.name.en.trim());
        bad(`${task}.most`, "limits", x.least !== null && x.most !== null && x.least > x.most);
        bad(`${task}.choices`, "choices", x.kind === "choice" && (x.choices.length < 2 || x.choices.some((c) => !c.id || !c.name.zh.trim() || !c.name.en.trim())));
      });
    });
  });
  draft.plans.forEach((p, i) => {
    const at = `patrol_plans[${i}]`;
    const when = whenOf(p);
    bad(`${at}.id`, "id", !/^[A-Za-z0-9._:-]{1,64}$/.test(p.id) || draft.plans.some((o, n) => n < i && o.id === p.id));
    bad(`${at}.route`, "route", !draft.routes.some((r) => r.id === p.route));
    bad(`${at}.every_min`, "every", when === "every_min" && (p.every_min < 10 || p.every_min > 1440));
    bad(`${at}.per_shift`, "shift", when === "per_shift" && (p.per_shift < 1 || p.per_shift > 24));
    bad(`${at}.window_min`, "window", (when === "rrule" && !p.window_min) || (when === "every_min" && p.window_min > p.every_min) || p.window_min > 1440);
    bad(`${at}.grace_min`, "grace", p.grace_min < 0 || p.grace_min > 240);
  });
  return found;
}
/** The thing that a fault's field is in: `routes` or `plans`, and which. */
export function placeOf(field: string): { list: "routes" | "plans"; n: number; rest: string } | null {
  const found = /^patrol_(routes|plans)(?:\[(\d+)\])?\.?(.*)$/.exec(field);
  return found ? { list: found[1] as "routes" | "plans", n: Number(found[2] ?? 0), rest: found[3] ?? "" } : null;
}
