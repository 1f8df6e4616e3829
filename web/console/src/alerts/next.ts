/** What an alert asks of the person looking at it. Pure, so that queue, page and keys agree. */
import type { Alert } from "@shared/api/types";

export interface Viewer { person: string | null; answers: boolean; supervises: boolean; holder: string | null; called: boolean }

export type Owed = "ack" | "reset" | "dispose" | "wait" | "nothing";
export type As = "holder" | "called" | "custodian" | "supervisor" | "witness" | "reader";

export const unanswered = (a: Alert): boolean => a.state === "raised" || a.state === "cleared";
export const answered = (a: Alert): boolean => a.state === "acked" || a.state === "settling";

/** The one act that moves it on. */
export function owed(a: Alert): Owed {
  if (a.state === "closed") return "nothing";
  if (unanswered(a)) return "ack";
  if (a.state === "settling") return "dispose";
  return a.ends === "person" || (a.ends === "both" && a.clear_said) ? "reset" : "wait";
}

/** The word for its state; what was over in the same moment has not "ended", it only waits for an answer. */
export const stateWord = (a: Alert): string => `state.${a.state}${a.ends === "at_once" && ["cleared", "settling"].includes(a.state) ? ".at_once" : ""}`;

/** In what capacity this person would act. */
export function capacity(a: Alert, who: Viewer): As {
  if (!who.answers && !who.supervises) return "reader";
  if (who.person !== null && who.person === a.custody_by) return "custodian";
  if (unanswered(a) && who.person !== null && who.person === who.holder) return "holder";
  if (unanswered(a) && who.called) return "called";
  if (who.supervises) return "supervisor";
  return "witness";
}

/** May this person carry on an answered alert (reset, hand back, close)? */
export const mayHandle = (a: Alert, who: Viewer): boolean => ["custodian", "supervisor"].includes(capacity(a, who));

/** Which guide words fit a kind. */
export function guideOf(kind: string): string {
  const [family = "", name = ""] = kind.split(".", 2);
  if (name === "duress" || name === "panic") return name;
  if (name === "fault" || name === "disabled") return "device";
  return ["fire", "water", "access", "manual", "device", "gateway", "duty", "patrol"].includes(family) ? family : "other";
}

/** The ladder's next step of an unanswered alert. */
export function nextRung(a: Alert): { n: number; at: string; again: boolean } | null {
  if (!unanswered(a) || !a.due_at) return null;
  const last = a.ladder.rungs.length - 1;
  return { n: Math.min(a.rung + 1, last), at: a.due_at, again: a.rung >= last };
}
