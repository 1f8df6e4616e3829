/** What a viewer may do with a request, and what it says. Pure. */
import type { DutyRequest } from "@shared/api/types";

export interface Viewer { person: string | null; decides: boolean }
export type Act = "agree" | "hear" | "approve" | "refuse" | "withdraw";

const waits = (r: DutyRequest): boolean => r.state === "asked" || r.state === "agreed";

/** In the order in which they are offered: the first is the one that is waited for. */
export function actsOf(r: DutyRequest, viewer: Viewer): Act[] {
  const { person, decides } = viewer;
  if (person === null) return [];
  const called = r.kind === "reinforcement" && r.moves.some((m) => m.now === person);
  if (called && !r.heard.includes(person)) return ["hear"];
  if (!waits(r)) return [];
  if (r.asked_by === person) return ["withdraw"];
  const asked = r.other === person && r.state === "asked";
  const deciding = decides && r.other !== person;
  return [...(asked ? (["agree"] as const) : []), ...(deciding ? (["approve"] as const) : []), ...(asked || decides ? (["refuse"] as const) : [])];
}

/** Whether somebody waits for this viewer's word. */
export const owes = (r: DutyRequest, viewer: Viewer): boolean => {
  const [first] = actsOf(r, viewer);
  if (first === "agree" || first === "hear") return true;
  return first === "approve" && (r.state === "agreed" || r.other === null);
};

/** `needs`: the other person has not agreed. An approval against that names a stand-in, where the kind lets it. */
export const agreementOwed = (r: DutyRequest): boolean => r.other !== null && r.agreed_at === null;

/** What stands in the way of approving without a reason. */
export const overrideOwed = (r: DutyRequest): boolean => r.findings.length > 0;

/** Whose turn it is, as a word. */
export function turn(r: DutyRequest): "other" | "approver" | "called" | "" {
  if (r.kind === "reinforcement") return r.state === "approved" && r.moves.some((m) => m.now && !r.heard.includes(m.now)) ? "called" : "";
  if (r.state === "asked" && agreementOwed(r)) return "other";
  return waits(r) ? "approver" : "";
}
