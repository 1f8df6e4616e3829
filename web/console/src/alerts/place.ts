/** Where something is and what it is called, from the register. */
import { computed } from "vue";

import type { Zone } from "@shared/api/types";

import { live, register } from "@/live/live";
import { dayInFull, monthName } from "@/roster/days";
import { useWords } from "@/words";

export function zonePath(id: string | null | undefined): Zone[] {
  const path: Zone[] = [];
  let next = id ? register.value?.zones[id] : undefined;
  while (next && !path.includes(next)) {
    path.unshift(next);
    next = next.parent ? register.value?.zones[next.parent] : undefined;
  }
  return path;
}

/** "B座 › B座7层" says B座 twice: a name that begins with the one before it stands for both. */
export function terse(names: string[]): string[] {
  return names.filter((name, i) => !(names[i + 1] ?? "").toLowerCase().startsWith(name.toLowerCase()) || names[i + 1] === undefined);
}

/** The rest of a name after the place it begins with. */
export function within(name: string, place: string): string {
  const rest = place && name.toLowerCase().startsWith(place.toLowerCase()) ? name.slice(place.length).trim() : name;
  return rest || name;
}

/** What has no name of its own: its alert or its line says what it is. */
const UNNAMED = new Set(["report", "proof", "chief", "round", "presence", "away", "request", "feed", "hold"]);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

export function usePlaces() {
  const { named, say, t, te, lang } = useWords();
  const book = computed(() => register.value);
  const person = (id: string | null | undefined) => {
    if (!id) return "—";
    if (id === "system") return t("people.system");
    if (id.startsWith("account/")) return t("people.account", { id: id.slice(8) });
    if (id.startsWith("external/")) return external(id.slice(9));
    return named(book.value?.people[id]?.name, id);
  };
  const external = (id: string) => named(book.value?.externals.find((e) => e.id === id)?.name, id || t("people.external"));
  const seat = (id: string | null | undefined) => named(id ? book.value?.seats[id]?.name : null, id ?? "—");
  const checkpoint = (id: string) => named(book.value?.checkpoints[id]?.name, id);
  const holder = (seatId: string) => live.value?.duty.find((s) => s.seat_id === seatId) ?? null;
  const zone = (id: string | null | undefined) => {
    const path = zonePath(id);
    return terse((path.length > 1 ? path.filter((z) => z.kind !== "site") : path).map((z) => named(z.name))).join(" › ");
  };
  const subject = (what: string) => {
    const [family, id] = what.includes("/") ? (what.split("/", 2) as [string, string]) : ["device", what];
    if (family === "seat") return seat(id);
    if (family === "gateway") return named(book.value?.gateways[id]?.name, id);
    if (family === "equipment") return named(book.value?.equipment_tests[id]?.name, id);
    if (family === "coverage") return `${named(book.value?.seats[id]?.name ?? book.value?.posts[id]?.name, id)} · ${dayInFull(what.split("/")[2] ?? "", lang.value)}`;
    if (family === "checkpoint" || family === "violation") return checkpoint(id);
    if (family === "point") return checkpoint(what.split("/")[2] ?? "");
    if (family === "person") return book.value?.people[id] ? person(id) : "";
    if (family === "mode") return say(`mode.${id}`);
    if (family === "day") return dayInFull(id, lang.value);
    if (family === "roster" && /^\d{4}-\d\d$/.test(id)) return monthName(id, lang.value);
    if (what === "logbook" || UNNAMED.has(family) || UUID.test(id)) return "";
    return named(book.value?.devices[id]?.name ?? book.value?.zones[id]?.name, id);
  };
  return {
    person,
    /** A family of devices; one we have no words for keeps its code. */
    model: (code: string) => (te(`model.${code}`) ? t(`model.${code}`) : code),
    seat,
    checkpoint,
    holder,
    /** From the outside in, without the site itself when there is more to say. */
    zone,
    subject,
    /** Zone and subject together, neither said twice. */
    whole: (zoneId: string | null | undefined, what: string) => {
      const inner = zonePath(zoneId).at(-1);
      return [zone(zoneId), zoneId === what ? "" : within(subject(what), inner ? named(inner.name) : "")].filter(Boolean).join(" · ");
    },
    /** Whom a rung calls. */
    called: (who: string) => {
      const [what, id = ""] = who.split(":", 2);
      if (what === "seat") return seat(id);
      if (what === "post") return named(book.value?.posts[id]?.name, id);
      if (what === "role") return say(`role.${id}`);
      if (what === "person") return person(id);
      return external(id);
    },
  };
}
