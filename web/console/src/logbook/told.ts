/** The facts of a logbook entry in words. Everything stays in the entry; this is what a person reads first. */
import type { RouteLocationRaw } from "vue-router";

import type { LogEntry, Words } from "@shared/api/types";
import { moment } from "@shared/words/time";

import { usePlaces } from "@/alerts/place";
import { now } from "@/live/live";
import { zone } from "@/session/session";
import { useWords } from "@/words";

import { locates, told as isTold, useReading } from "./reading";

/** `label`: empty where the words speak for themselves. `to`: the page that says more of it. */
export interface Fact { key: string; label: string; words: string; to?: RouteLocationRaw }

/** The words of the states that an act of this family goes between. */
const STATES: Record<string, string> = { alert: "state", handover: "handover.state", mode: "mode_state", request: "request", roster: "roster" };
const ORDER = ["kind", "place", "priority", "state", "disposition", "cause", "note", "reason", "text", "seat", "holder", "basis", "person", "who", "people", "rung", "channel", "attempts", "route", "code", "need", "have", "from_time", "starts_at", "opens_at", "ends_at", "closes_at", "until", "result", "points"];
const BARE = new Set(["note", "reason", "text", "comment", "disposition", "cause", "kind", "place", "priority", "state", "alert"]);
const ELSEWHERE = new Set(["number", "subject", "zone", "data", "from", "to"]);

export function useTold() {
  const { say, knows, t, te, named, lang } = useWords();
  const places = usePlaces();
  const { read, label } = useReading();
  const fact = (key: string, words: string, scope = ""): Fact => ({ key, label: BARE.has(key) ? "" : label(key, scope), words });

  /** What an entry is about: an id says little to people, a number or a name says all. */
  function subject(e: LogEntry): string {
    const [family = "", id = ""] = e.subject.split("/", 2);
    if (family === "alert") return read("alert", e.data.number ?? id);
    if (family === "account") return typeof e.data.login === "string" ? e.data.login : "";
    if (family === "round") return typeof e.data.route === "string" ? read("route", e.data.route) : t("logbook.round");
    if (family === "handover") return t("logbook.handover");
    if (family === "log") return t("logbook.entry", { n: id });
    return family === "site" ? "" : places.subject(family === "device" ? id : e.subject);
  }

  /** The page of what an entry is about, where it has one. */
  function page(e: LogEntry): RouteLocationRaw | null {
    const [family = "", id = ""] = e.subject.split("/", 2);
    if (family === "alert") return { name: "alerts", params: { id } };
    if (family === "round") return { name: "patrol-round", params: { id } };
    if (family === "handover") return { name: "handover", params: { id } };
    return family === "log" ? { name: "entry", params: { n: id } } : null;
  }

  /** What an import brought, by section; the changes one by one stay in the entry. */
  function imported(counts: unknown): Fact[] {
    if (typeof counts !== "object" || counts === null) return [];
    return Object.entries(counts).filter(([, n]) => n !== 0).map(([section, n]) => ({ key: section, label: te(`section.${section}`) ? t(`section.${section}`) : section, words: String(n) }));
  }

  /** What a person wrote on a form: its fields under their own names, then when, who and what belongs to it. */
  function written(e: LogEntry): Fact[] {
    const data = e.data as { form?: { name: Words }; fields?: { id: string; name: Words; value: unknown; said?: Words }[]; persons?: { name: Words }[]; attachments?: unknown[] };
    const facts: Fact[] = [{ key: "form", label: "", words: named(data.form?.name, "") }];
    if (typeof e.data.reason === "string") facts.push(fact("reason", e.data.reason));
    for (const field of data.fields ?? []) facts.push({ key: field.id, label: named(field.name, field.id), words: read("", field.said ?? field.value) });
    if (data.persons?.length) facts.push(fact("persons", data.persons.map((p) => named(p.name)).join(t("facts.and"))));
    if (data.attachments?.length) facts.push(fact("attachments", String(data.attachments.length)));
    if (e.data.late) facts.push(fact("happened_at", moment(String(e.data.happened_at), lang.value, zone.value, now.value)));
    return facts;
  }

  function facts(e: LogEntry): Fact[] {
    if (e.act === "site.imported" || e.act === "site.in_force") return imported(e.data.counts);
    if (e.act === "log.written" || e.act === "log.corrected") return written(e);
    const { from, to, subject: what, zone: where, kind, data } = e.data;
    const found: Fact[] = [];
    if (typeof what === "string") found.push(fact("place", places.whole(typeof where === "string" ? where : null, what)));
    const states = STATES[e.act.split(".", 1)[0] ?? ""] ?? "";
    if (from !== to && [from, to].every((state) => knows(`${states}.${String(state)}`))) found.push(fact("state", `${say(`${states}.${String(from)}`)} → ${say(`${states}.${String(to)}`)}`));
    const own = Object.fromEntries(Object.entries(e.data).filter(([key, value]) => !ELSEWHERE.has(key) && !(key === "said_at" && near(value, e.at))));
    found.push(...details(own, e.act));
    // What the alert came with stands beside what the alert is; the place says some of it already.
    const place = found.find((f) => f.key === "place")?.words ?? "";
    found.push(...details(data, String(kind)).filter((f) => !(locates(f.key) && place.includes(f.words)) && !found.some((other) => other.key === f.key && other.words === f.words)));
    const about = subject(e);
    const rank = (f: Fact) => (ORDER.includes(f.key) ? ORDER.indexOf(f.key) : ORDER.length);
    return found.filter((f) => f.words && f.words !== about).sort((a, b) => rank(a) - rank(b));
  }

  /** Data in words, what is empty or means nothing to people left out. `scope`: the act or the kind of alert. */
  function details(data: unknown, scope = ""): Fact[] {
    if (typeof data !== "object" || data === null) return [];
    return Object.entries(data)
      .filter(([key, value]) => isTold(key, value))
      .map(([key, value]) => ({ ...fact(key, read(key, value, scope), scope), ...(key === "alert" && typeof value === "string" ? { to: { name: "alerts", params: { id: value } } } : {}) }));
  }
  const near = (said: unknown, at: string): boolean => Math.abs(Date.parse(String(said)) - Date.parse(at)) <= 60_000;
  return { subject, page, facts, details, label, actor: places.person };
}
