/** The facts of a logbook entry in words. */
import type { LogEntry } from "@shared/api/types";

import { usePlaces } from "@/alerts/place";
import { useWords } from "@/words";

const WORDED: Record<string, string> = {
  disposition: "disposition", cause: "cause", basis: "basis", from: "state", to: "state", kind: "kind", channel: "channel", klass: "klass",
};
const SILENT = new Set(["number", "version", "event_id", "shift", "shift_id"]);
const PEOPLE = new Set(["person", "holder", "holder_id", "custody_by", "by", "was", "now"]);

export function useTold() {
  const { say, knows, t } = useWords();
  const places = usePlaces();

  const one = (key: string, value: unknown): string => {
    if (Array.isArray(value)) return value.map((v) => one(key === "people" ? "person" : key, v)).join("、");
    if (typeof value !== "string") return typeof value === "object" ? JSON.stringify(value) : String(value);
    const family = WORDED[key];
    if (family && knows(`${family}.${value}`)) return say(`${family}.${value}`);
    if (PEOPLE.has(key)) return places.person(value);
    if (key === "seat" || key === "seat_id") return places.seat(value);
    if (key === "who") return places.called(value);
    return value;
  };

  /** `alert/uuid` says little to people; its number says all. */
  const subject = (e: LogEntry): string => {
    const [family, id = ""] = e.subject.split("/", 2) as [string, string?];
    if (family === "alert") return typeof e.data.number === "number" ? `#${e.data.number}` : t("logbook.alert");
    if (family === "site") return "";
    if (family === "account") return id;
    return family === "device" ? places.subject(id) : places.subject(e.subject);
  };

  const facts = (e: LogEntry): { key: string; words: string }[] => {
    const { from, to, ...rest } = e.data;
    const moved = from && to && from !== to ? [{ key: "", words: `${one("from", from)} → ${one("to", to)}` }] : [];
    const others = Object.entries(rest)
      .filter(([key, value]) => !SILENT.has(key) && value !== null && value !== "" && !(Array.isArray(value) && !value.length))
      .map(([key, value]) => ({ key: key === "note" || key === "reason" || key === "text" ? "" : key, words: one(key, value) }));
    return [...moved, ...others];
  };
  return { subject, facts, actor: places.person };
}
