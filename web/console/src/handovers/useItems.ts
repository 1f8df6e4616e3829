/** What an item of a hand-over is called, and what is to be said of it in a line. */
import type { HandoverItem, Words } from "@shared/api/types";

import { usePlaces } from "@/alerts/place";
import { dayInFull } from "@/roster/days";
import { useWords } from "@/words";

import { due, isCounted, isShort } from "./rules";

export function useItems() {
  const { t, say, named, lang } = useWords();
  const places = usePlaces();
  const told = (i: HandoverItem, field: string) => (typeof i.data[field] === "string" ? (i.data[field] as string) : "");

  function name(i: HandoverItem): string {
    if (i.key.startsWith("alert/")) return `#${String(i.data.number)} ${say(`kind.${told(i, "kind")}`)}`;
    if (i.key.startsWith("device/")) return places.subject(i.key.slice(7));
    if (i.key.startsWith("entry/")) return t("logbook.entry", { n: String(i.data.number) });
    if (i.kind === "follow_up") return i.text || named(i.data.name as Words | undefined, "") || (told(i, "kind") ? `#${String(i.data.number)} ${say(`kind.${told(i, "kind")}`)}` : t("handovers.group.follow"));
    if (i.key.startsWith("equipment/") || i.key.startsWith("precheck/")) return named(i.data.name as Words | undefined, i.key);
    if (i.listed) return named(i.data.name as Words | undefined, i.key);
    return i.live ? places.subject(i.key) : i.text;
  }
  function detail(i: HandoverItem): string {
    if (i.key.startsWith("alert/")) return places.whole(told(i, "zone"), told(i, "subject"));
    if (i.key.startsWith("entry/")) return written(i);
    if (i.key.startsWith("equipment/") || i.key.startsWith("precheck/")) return told(i, "found");
    if (i.kind === "follow_up") return told(i, "said");
    return i.listed && i.kind === "note" ? i.text : "";
  }
  /** What the shift wrote into the logbook, in a line. */
  function written(i: HandoverItem): string {
    const fields = (i.data.fields ?? []) as { value: unknown; said?: Words }[];
    return fields.map((f) => (f.said ? named(f.said) : String(f.value))).join(" · ");
  }
  /** What the outgoing person found, in a word or two. */
  function said(i: HandoverItem): string {
    if (i.kind === "alert_open") return t("handovers.item.unanswered");
    if (i.kind === "alert_acked") return say(`state.${told(i, "state")}`);
    if (i.kind === "device_silent") return t("handovers.item.silent");
    if (i.kind === "gateway_away") return t("handovers.item.away");
    if (i.kind === "equipment_due") return t(i.data.overdue ? "handovers.item.overdue" : "handovers.item.dueBy", { day: dayInFull(told(i, "due"), lang.value) });
    if (i.kind === "equipment_failed") return t("handovers.item.failed");
    if (i.kind === "pre_check") return t(told(i, "found") ? "handovers.item.preWrong" : "handovers.item.unchecked");
    if (isCounted(i)) {
      if (i.counted === null) return t("handovers.item.notCounted");
      const of = due(i);
      const apart = isShort(i) ? Math.abs(i.counted - (of ?? 0)) : 0;
      const words = apart === 0 ? t("handovers.item.all") : t(i.counted < (of ?? 0) ? "handovers.item.short" : "handovers.item.over", { n: apart });
      return of === null ? t("handovers.item.counted", { n: i.counted }) : `${i.counted}/${of} · ${words}`;
    }
    if (i.kind === "check") return i.fine === null ? t("handovers.item.notSeen") : t(i.fine ? "handovers.item.fine" : "handovers.item.notFine");
    if (i.kind === "follow_up") return i.fine === null ? t("handovers.item.notSeen") : t(i.fine ? "handovers.item.settled" : "handovers.item.notSettled");
    return i.listed && !i.text && !i.explanation ? t("handovers.item.notWritten") : "";
  }
  return { name, detail, said };
}
