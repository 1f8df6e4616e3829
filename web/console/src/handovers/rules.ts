/** What stands on a hand-over, who the viewer is in it, and what is still owed. The server decides; this says it beforehand. */
import type { Handover, HandoverItem, HandoverState } from "@shared/api/types";

export const UNDER_WAY: readonly HandoverState[] = ["open", "offered", "disputed"];
export const live = (h: { state: HandoverState }): boolean => UNDER_WAY.includes(h.state);

/** Items by what one does with them, in the order in which a watch is handed over. */
export const GROUPS = {
  alerts: ["alert_open", "alert_acked"],
  plant: ["device_silent", "gateway_away", "overlay", "point_missed", "equipment_due", "equipment_failed", "pre_check"],
  counts: ["item", "key"],
  follow: ["follow_up"],
  checks: ["check"],
  notes: ["note", "text"],
  anomalies: ["anomaly"],
} as const satisfies Record<string, readonly HandoverItem["kind"][]>;
export type Group = keyof typeof GROUPS;
export const groupOf = (item: HandoverItem): Group => (Object.keys(GROUPS) as Group[]).find((g) => (GROUPS[g] as readonly string[]).includes(item.kind)) ?? "notes";

/** In groups; that there is no alarm and nothing silent is worth saying, that there is no note is not. */
export function grouped(items: HandoverItem[]): { group: Group; items: HandoverItem[] }[] {
  const made = (Object.keys(GROUPS) as Group[]).map((group) => ({ group, items: items.filter((i) => groupOf(i) === group) }));
  return made.filter((g) => g.items.length > 0 || g.group === "alerts" || g.group === "plant");
}

/** The viewer's part in it. `candidate`: could take over, but the roster names somebody else; `lead` may decide disputes. */
export type Part = "outgoing" | "incoming" | "candidate" | "lead" | "reader";
export interface Viewer { person: string | null; takes: boolean; leads: boolean }

export function partOf(h: Pick<Handover, "outgoing" | "incoming" | "expected">, viewer: Viewer, taking: boolean): Part {
  if (viewer.person !== null && viewer.person === h.outgoing) return "outgoing";
  if (viewer.person !== null && viewer.person === h.incoming) return "incoming";
  if (h.incoming === null && viewer.takes && (taking || viewer.person === h.expected)) return "incoming";
  if (h.incoming === null && viewer.takes) return "candidate";
  return viewer.leads ? "lead" : "reader";
}

const COUNTED: readonly HandoverItem["kind"][] = ["item", "key"];
const CHECKED: readonly HandoverItem["kind"][] = ["check", "follow_up"];
export const isCounted = (i: HandoverItem): boolean => COUNTED.includes(i.kind);
export const isChecked = (i: HandoverItem): boolean => CHECKED.includes(i.kind);
/** How many there should be: as listed, or else as many as were counted the last time. */
export const due = (i: HandoverItem): number | null => i.expected ?? i.last;
/** More or fewer than there should be. */
export const isShort = (i: HandoverItem): boolean => i.counted !== null && due(i) !== null && i.counted !== due(i);
/** More or fewer than at the last hand-over of the seat. */
export const differs = (i: HandoverItem): boolean => i.counted !== null && i.last !== null && i.counted !== i.last;

export function owed(i: HandoverItem): boolean {
  if (!i.mandatory) return false;
  if (isCounted(i)) return i.counted === null;
  return isChecked(i) ? i.fine === null : !i.text && !i.explanation;
}
export const unexplained = (i: HandoverItem): boolean => (isShort(i) || i.fine === false || i.kind === "anomaly") && !i.explanation;
export const unconfirmed = (i: HandoverItem): boolean => i.verdict === null && !i.over;
export const disputed = (i: HandoverItem): boolean => i.verdict === "disputed";
/** What nobody can overlook: it is flagged whoever looks. */
export const flagged = (i: HandoverItem): boolean => !i.over && (isShort(i) || i.fine === false || disputed(i));

/** What stands between the hand-over and the next signature, in the order in which one would do it. */
export type Hindrance = "owed" | "unexplained" | "disputed" | "unconfirmed" | "blocking";
export interface InTheWay { why: Hindrance; items: HandoverItem[] }

export function inTheWay(h: Handover, blocking: string[]): InTheWay[] {
  if (!live(h)) return [];
  const ways: InTheWay[] = h.state === "open"
    ? [{ why: "owed", items: h.items.filter(owed) }]
    : [{ why: "disputed", items: h.items.filter(disputed) }, { why: "unconfirmed", items: h.items.filter(unconfirmed) }];
  ways.push({ why: "unexplained", items: h.items.filter(unexplained) });
  ways.push({ why: "blocking", items: h.items.filter((i) => blocking.includes(i.key)) });
  return ways.filter((w) => w.items.length > 0);
}

/** How far a group is: seen to by the outgoing person while they prepare, confirmed once they have signed. */
export function progress(h: Pick<Handover, "state">, items: HandoverItem[]): { done: number; of: number } {
  if (h.state !== "open") return { done: items.filter((i) => i.verdict === "confirmed").length, of: items.filter((i) => !i.over || i.verdict !== null).length };
  const asked = items.filter((i) => i.mandatory || owed(i) || unexplained(i));
  return { done: asked.filter((i) => !owed(i) && !unexplained(i)).length, of: asked.length };
}

/** Where it stands between the two: preparing, signed, gone through, done. */
export function step(h: Pick<Handover, "state" | "items">): 0 | 1 | 2 | 3 {
  if (!live(h)) return 3;
  if (h.state === "open") return 0;
  return h.items.some((i) => unconfirmed(i) || disputed(i)) ? 1 : 2;
}
