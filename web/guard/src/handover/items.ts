/** What an item of a hand-over is called, and what is to be said of it in a line. */
import type { HandoverItem, Words } from "@shared/api/types";

import { due, isCounted } from "../../../console/src/handovers/rules";

import { zoneName } from "@guard/alerts/place";
import { register } from "@guard/live/live";
import { knows, named, t } from "@guard/words";

const told = (i: HandoverItem, field: string) => (typeof i.data[field] === "string" ? (i.data[field] as string) : "");

export function nameOf(i: HandoverItem): string {
  if (told(i, "kind") && i.data.number !== undefined) return `#${String(i.data.number)} ${t(`kind.${told(i, "kind")}`)}`;
  if (i.key.startsWith("device/")) return named(register.value?.devices[i.key.slice(7)]?.name, i.key.slice(7));
  if (i.key.startsWith("gateway/")) return named(register.value?.gateways[i.key.slice(8)]?.name, i.key.slice(8));
  if (i.key.startsWith("entry/")) return t("hand.entry", { n: String(i.data.number) });
  return i.text || named(i.data.name as Words | undefined, "") || t(`handover.item.${i.kind}`);
}
export function detailOf(i: HandoverItem): string {
  if (i.key.startsWith("entry/")) return ((i.data.fields ?? []) as { value: unknown; said?: Words }[]).map((f) => (f.said ? named(f.said) : String(f.value))).join(" · ");
  if (i.key.startsWith("alert/")) return zoneName(told(i, "zone") || null);
  if (i.kind === "equipment_due") return t(i.data.overdue ? "hand.overdue" : "hand.dueBy", { day: told(i, "due") });
  return told(i, "said") || told(i, "found");
}
/** What the outgoing person found. */
export function foundOf(i: HandoverItem): string {
  if (i.kind === "alert_open") return t("hand.unanswered");
  if (i.kind === "alert_acked") return knows(`state.${told(i, "state")}`) ? t(`state.${told(i, "state")}`) : "";
  if (i.kind === "equipment_due" || i.kind === "equipment_failed" || i.kind === "pre_check") return t(`handover.item.${i.kind}`);
  if (isCounted(i)) {
    const of = due(i);
    return i.counted === null ? t("hand.notCounted") : of === null ? t("hand.counted", { n: i.counted }) : t("hand.countedOf", { n: i.counted, of });
  }
  if (i.kind === "check" || i.kind === "follow_up") return t(i.fine === null ? "hand.notSeen" : i.fine ? "hand.fine" : "hand.notFine");
  return "";
}
