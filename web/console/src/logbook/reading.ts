/** How the value of a field of an entry's data is read out: core/words/fields.json says of each field what it is. */
import FIELDS from "@core-words/fields.json";
import type { Words } from "@shared/api/types";
import { moment } from "@shared/words/time";

import { usePlaces } from "@/alerts/place";
import { live, now, register } from "@/live/live";
import { dayInFull, monthName } from "@/roster/days";
import { zone } from "@/session/session";
import { useWords } from "@/words";

/** What a guard answered to a task of a point, as a finding tells it. */
interface Found { task: string; name?: unknown; answer: unknown; unit?: string; least: number | null; most: number | null }
interface Named { name: Words }
type Reader = (value: string) => string;

const KINDS: Record<string, string | undefined> = FIELDS;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const isFinding = (value: unknown): value is Found => typeof value === "object" && value !== null && "task" in value && "answer" in value;
const isName = (value: unknown): value is Words => typeof value === "object" && value !== null && "zh" in value && "en" in value;
const empty = (value: unknown): boolean => value === null || value === undefined || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

const NOT_NOUGHT = new Set(["seconds", "some"]);
const PLACES = new Set(["checkpoint", "device", "gateway", "month", "post", "seat", "test"]);

/** Whether a field says where something is, as a place does. */
export const locates = (field: string): boolean => PLACES.has(KINDS[field] ?? "");
/** Whether a field is told at all. What is not has a meaning for machines only, or is said elsewhere on the line. */
export const told = (field: string, value: unknown): boolean =>
  KINDS[field] !== "hidden" && !(KINDS[field] === "flag" && value === false) && !(value === 0 && NOT_NOUGHT.has(KINDS[field] ?? "")) && (!empty(value) || field === "people");

export function useReading() {
  const { say, knows, t, named, spanOf, lang } = useWords();
  const places = usePlaces();
  const at = (value: string) => moment(value, lang.value, zone.value, now.value);
  const known = (thing: Named | undefined, id: string) => named(thing?.name, id);
  const firstOf = <T extends { id: string; name: Words }>(some: T[], id: string) => known(some.find((one) => one.id === id), id);

  const READERS: Record<string, Reader> = {
    alert: (id) => numbered(live.value?.alerts.find((a) => a.id === id)?.number),
    called: places.called,
    category: (id) => known(register.value?.categories[id], id),
    checkpoint: places.checkpoint,
    day: (day) => dayInFull(day, lang.value),
    device: places.subject,
    digest: (hex) => `${hex.slice(0, 12)}…`,
    gateway: (id) => known(register.value?.gateways[id], id),
    month: (month) => (/^\d{4}-\d\d$/.test(month) ? monthName(month, lang.value) : month),
    item: (key) => item(key.replace(/^follow\//, "")),
    person: places.person,
    post: (id) => known(register.value?.posts[id], id),
    precheck: (id) => precheck(id),
    route: (id) => known(register.value?.patrol_routes[id], id),
    seat: places.seat,
    task: (id) => firstOf(Object.values(register.value?.patrol_routes ?? {}).flatMap((r) => r.stops.flatMap((s) => s.tasks)), id),
    template: (id) => known(register.value?.templates[id], id),
    test: (id) => known(register.value?.equipment_tests[id], id),
    time: at,
    zone: places.zone,
  };
  /** What a hand-over goes through, by its key. */
  function item(key: string): string {
    const [family, id = ""] = key.split("/", 2) as [string, string?];
    if (family === "list") return firstOf(Object.values(register.value?.checklists ?? {}).flatMap((c) => c.items), id);
    if (family === "precheck") return precheck(id);
    if (family === "alert") return READERS.alert!(id);
    return family === "entry" ? t("logbook.entry", { n: Number(id) }) : places.subject(key);
  }
  const precheck = (id: string): string => firstOf(Object.values(register.value?.pre_checks ?? {}).flatMap((c) => c.items), id);
  const numbered = (n: number | undefined): string => (n === undefined ? t("logbook.alert") : `#${n}`);

  /** A field's value in words. `scope`: the act, or the kind of alert, whose field it is. */
  function read(field: string, value: unknown, scope = ""): string {
    const [kind = "", families = ""] = (KINDS[field] ?? "").split(":");
    if (isName(value)) return named(value);
    if (kind === "moves" && Array.isArray(value)) return value.map((move) => moved(move as (string | null)[])).join(t("facts.and"));
    if ((kind === "count" || kind === "photos") && Array.isArray(value)) return value.some(isFinding) ? value.filter(isFinding).map(finding).join(t("facts.and")) : kind === "photos" ? t("photos.count", { n: value.length }) : String(value.length);
    if (Array.isArray(value)) return value.length ? value.map((one) => read(field, one, scope)).join(t("facts.and")) : t("ladder.noOne");
    if (kind === "points" && typeof value === "object" && value !== null) return Object.entries(value).map(([id, state]) => `${places.checkpoint(id)} ${say(`point.${String(state)}`)}`).join(t("facts.and"));
    if (kind === "precheck" && typeof value === "object" && value !== null && "id" in value) return [precheck(String(value.id)), "note" in value ? String(value.note) : ""].filter(Boolean).join(" ");
    if (typeof value === "object" && value !== null) return Object.entries(value).filter(([k, v]) => told(k, v)).map(([k, v]) => `${label(k, scope)} ${read(k, v, scope)}`).join(t("facts.and"));
    if (typeof value === "boolean") return t(value ? "log.write.yes" : "log.write.no");
    if (typeof value === "number") return figure(kind, value, families);
    return text(kind, String(value), families);
  }

  function figure(kind: string, n: number, families: string): string {
    if (kind === "seconds") return spanOf(n * 1000);
    if (kind === "minutes") return spanOf(n * 60_000);
    if (kind === "ms") return spanOf(n);
    if (kind === "rung") return String(n + 1);
    if (kind === "alert") return numbered(n);
    return kind === "code" ? text(kind, String(n), families) : String(n);
  }

  function text(kind: string, value: string, families: string): string {
    for (const family of families ? families.split(",") : []) {
      if (family === "person" && register.value?.people[value]) return places.person(value);
      if (knows(`${family}.${value}`)) return say(`${family}.${value}`);
    }
    if (INSTANT.test(value)) return at(value);
    return (kind === "points" ? places.checkpoint : (READERS[kind] ?? ((as) => as)))(value);
  }

  /** Who stands in which shift now, and who did before. */
  function moved([seat, day, template, was, is]: (string | null)[]): string {
    const shift = `${places.seat(seat)} ${dayInFull(day ?? "", lang.value)} ${READERS.template!(template ?? "")}`;
    return `${shift} ${places.person(was)} → ${places.person(is)}`;
  }

  /** A task's answer that somebody must hear of, with its limits. */
  function finding(item: Found): string {
    const answer = typeof item.answer === "boolean" ? (item.answer ? "✓" : "✗") : String(item.answer);
    const limits = item.least === null && item.most === null ? "" : ` (${item.least ?? ""}–${item.most ?? ""})`;
    return `${isName(item.name) ? named(item.name) : READERS.task!(item.task)} ${answer}${item.unit ? ` ${item.unit}` : ""}${limits}`;
  }

  /** What a field is called: within one act or kind of alert, or everywhere. A device's own field has its own name only. */
  function label(field: string, scope = ""): string {
    for (const code of [`field.${scope}.${field}`, `field.${field}`]) if (knows(code)) return say(code);
    return field;
  }
  return { read, label };
}
