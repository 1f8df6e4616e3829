/** A finding in words: names for ids, hours and minutes as people say them. */
import type { Finding } from "@shared/api/types";
import { hourMinute } from "@shared/words/time";

import { usePlaces } from "@/alerts/place";
import { register } from "@/live/live";
import { zone } from "@/session/session";
import { useWords } from "@/words";

import { dayName, wallClock } from "./days";

export function useFinding() {
  const { say, knows, named, lang, t, spanOf } = useWords();
  const places = usePlaces();
  const post = (id: unknown) => named(typeof id === "string" ? register.value?.posts[id]?.name : null, String(id));
  const number = (value: unknown) => (typeof value === "number" ? Number(value.toFixed(1)) : value);

  /** What is wrong. */
  function wrong(f: Finding): string {
    const data: Record<string, unknown> = Object.fromEntries(Object.entries(f.data).map(([k, v]) => [k, number(v)]));
    data.person = f.person ? places.person(f.person) : "";
    for (const key of ["was", "now"]) if (typeof data[key] === "string") data[key] = places.person(data[key]);
    data.seat = f.seat ? places.seat(f.seat) : "";
    data.template = f.template ? named(register.value?.templates[f.template]?.name, f.template) : "";
    if ("post" in data) data.post = post(data.post);
    if (f.code === "uncovered" && typeof f.data.minutes === "number") return t("roster.uncovered", { span: spanOf(f.data.minutes * 60_000) });
    const code = `finding.${f.code}`;
    return knows(code) ? say(code, data) : f.code;
  }
  /** When and where. */
  function where(f: Finding): string {
    const place = f.seat ? places.seat(f.seat) : "post" in f.data ? post(f.data.post) : "";
    if (f.starts_at && f.ends_at && !f.person) {
      const [from, to] = [wallClock(f.starts_at, zone.value).slice(0, 10), wallClock(f.ends_at, zone.value).slice(0, 10)];
      const until = (from === to ? "" : `${dayName(to, lang.value)} `) + hourMinute(f.ends_at, lang.value, zone.value);
      return [place, `${dayName(from, lang.value)} ${hourMinute(f.starts_at, lang.value, zone.value)}–${until}`].filter(Boolean).join(" · ");
    }
    return [place, f.day ? dayName(f.day, lang.value) : ""].filter(Boolean).join(" · ");
  }
  const weight = (f: Finding) => t(f.severity === "error" ? "roster.error" : "roster.warning");
  return { wrong, where, weight };
}
