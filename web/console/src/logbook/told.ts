/** The facts of a logbook entry in words. Everything stays in the entry; this is what a person reads first. */
import type { LogEntry } from "@shared/api/types";
import { moment } from "@shared/words/time";

import { usePlaces } from "@/alerts/place";
import { now } from "@/live/live";
import { zone } from "@/session/session";
import { useWords } from "@/words";

/** `name`: what to call it, where no catalogue does. */
export interface Fact { key: string; words: string; name?: string }

/** Codes that the catalogues have words for, by the field that carries them. */
const FAMILY: Record<string, string[]> = {
  disposition: ["disposition"], cause: ["cause"], basis: ["basis"], from: ["state"], to: ["state"], kind: ["kind"], channel: ["channel"],
  klass: ["klass"], priority: ["priority"], reason: ["denied"],
};
/** Ids and figures that mean something to machines only, or that the line says elsewhere. */
const SILENT = new Set(["number", "version", "event", "event_id", "shift", "shift_id", "notice", "subject", "zone", "login", "from", "to", "ring", "hash", "accounts", "by", "arrival", "of", "attachment", "had", "tap"]);
const PEOPLE = new Set(["person", "people", "holder", "holder_id", "custody_by", "was", "now", "taken_from", "guard", "outgoing", "incoming", "expected", "stand_in", "unreached", "recorder", "found_by"]);
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const ORDER = ["kind", "place", "priority", "state", "disposition", "cause", "note", "reason", "text", "seat", "holder", "basis"];
const BARE = new Set(["note", "reason", "text", "disposition", "cause", "kind", "priority", "place"]);

/** What a guard answered to a task of a point, as a finding tells it. */
interface Found { task: string; name?: unknown; answer: unknown; unit?: string; least: number | null; most: number | null }
const isFinding = (value: unknown): value is Found => typeof value === "object" && value !== null && "task" in value && "answer" in value;
const isName = (value: unknown): value is Record<string, string> => typeof value === "object" && value !== null && "zh" in value && "en" in value;

export function useTold() {
  const { say, knows, t, te, spanOf, lang } = useWords();
  const places = usePlaces();

  function words(key: string, value: unknown): string {
    if (key === "photos" && Array.isArray(value)) return t("photos.count", { n: value.length });
    if (key === "items" && Array.isArray(value) && value.some(isFinding)) return value.filter(isFinding).map(finding).join(t("facts.and"));
    if (isName(value)) return named({ name: value });
    if (key.endsWith("_s") && typeof value === "number") return spanOf(value * 1000);
    if (Array.isArray(value)) return value.length ? value.map((v) => words(key, v)).join(t("facts.and")) : key === "people" ? t("ladder.noOne") : "";
    if (key === "rung" && typeof value === "number") return String(value + 1);
    if (typeof value === "object") return details(value).map((d) => [d.key, d.words].filter(Boolean).join(" ")).join(t("facts.and"));
    for (const family of FAMILY[key] ?? []) if (knows(`${family}.${String(value)}`)) return say(`${family}.${String(value)}`);
    if (typeof value !== "string") return String(value);
    if (PEOPLE.has(key)) return places.person(value);
    if (key === "seat" || key === "seat_id") return places.seat(value);
    if (key === "who") return places.called(value);
    if (key.endsWith("_at") || INSTANT.test(value)) return moment(value, lang.value, zone.value, now.value);
    return value;
  }

  /** A task's answer that somebody must hear of, with its limits. */
  function finding(item: Found): string {
    const answer = typeof item.answer === "boolean" ? (item.answer ? "✓" : "✗") : String(item.answer);
    const limits = item.least === null && item.most === null ? "" : ` (${item.least ?? ""}–${item.most ?? ""})`;
    return `${named(item) || item.task} ${answer}${item.unit ? ` ${item.unit}` : ""}${limits}`;
  }

  /** `alert/uuid` says little to people; its number says all. */
  function subject(e: LogEntry): string {
    const [family = "", id = ""] = e.subject.split("/", 2);
    if (family === "alert") return typeof e.data.number === "number" ? `#${e.data.number}` : t("logbook.alert");
    if (family === "account") return typeof e.data.login === "string" ? e.data.login : "";
    if (family === "site") return "";
    if (family === "log") return t("logbook.entry", { n: id });
    return places.subject(family === "device" ? id : e.subject);
  }

  /** What an import brought, by section; the changes one by one stay in the entry. */
  function imported(counts: unknown): Fact[] {
    if (typeof counts !== "object" || counts === null) return [];
    return Object.entries(counts).map(([section, n]) => ({ key: section, name: te(`section.${section}`) ? t(`section.${section}`) : section, words: String(n) }));
  }

  /** The name that something had when it was written, in the reader's language. */
  function named(thing: unknown): string {
    const name = (thing as { name?: Record<string, string> } | null)?.name ?? {};
    return name[lang.value.slice(0, 2)] ?? name.zh ?? "";
  }

  /** What a person wrote on a form: its fields under their own names, then when, who and what belongs to it. */
  function written(e: LogEntry): Fact[] {
    const data = e.data as { form?: unknown; fields?: { name?: unknown; value: unknown }[]; persons?: unknown[]; attachments?: unknown[] };
    const told: Fact[] = [{ key: "", words: named(data.form) }];
    if (typeof e.data.reason === "string") told.push({ key: "", words: e.data.reason });
    for (const field of data.fields ?? []) told.push({ key: named(field), name: named(field), words: typeof field.value === "boolean" ? (field.value ? "✓" : "✗") : words("", field.value) });
    if (data.persons?.length) told.push({ key: "persons", words: data.persons.map((p) => named(p) || places.person(String(p))).join(t("facts.and")) });
    if (data.attachments?.length) told.push({ key: "attachments", words: String(data.attachments.length) });
    if (e.data.late) told.push({ key: "happened_at", words: moment(String(e.data.happened_at), lang.value, zone.value, now.value) });
    return told;
  }

  function facts(e: LogEntry): Fact[] {
    if (e.act === "site.imported") return imported(e.data.counts);
    if (e.act === "log.written" || e.act === "log.corrected") return written(e);
    const told: Fact[] = [];
    const { from, to, subject: about, zone: where } = e.data;
    if (typeof about === "string") told.push({ key: "place", words: places.whole(typeof where === "string" ? where : null, about) });
    if (from && to && from !== to) told.push({ key: "state", words: `${words("from", from)} → ${words("to", to)}` });
    for (const [key, value] of Object.entries(e.data)) {
      const apart = key !== "said_at" || Math.abs(Date.parse(String(value)) - Date.parse(e.at)) > 60_000;
      if (!SILENT.has(key) && value !== null && value !== "" && apart && !(key.endsWith("_s") && value === 0)) told.push({ key, words: words(key, value) });
    }
    if (e.subject.startsWith("seat/")) told.splice(0, told.length, ...told.filter((f) => f.key !== "seat"));
    const rank = (f: Fact) => (ORDER.includes(f.key) ? ORDER.indexOf(f.key) : ORDER.length);
    return told.sort((a, b) => rank(a) - rank(b)).map((f) => (BARE.has(f.key) || f.key === "state" ? { ...f, key: "" } : f));
  }
  /** An event's own data, the empty parts left out. */
  function details(data: unknown): Fact[] {
    if (typeof data !== "object" || data === null) return [];
    return Object.entries(data)
      .filter(([key, value]) => key !== "tap" && value !== null && value !== "")
      .map(([key, value]) => ({ key: BARE.has(key) ? "" : te(`field.${key}`) ? t(`field.${key}`) : key, words: key === "by" ? places.person(String(value)) : words(key, value) }));
  }
  return { subject, facts, details, actor: places.person };
}
