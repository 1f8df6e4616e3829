/** Times as people at a site read them: its zone, relative and absolute together. */

const cache = new Map<string, Intl.DateTimeFormat>();

function format(language: string, zone: string, parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}|${zone}|${JSON.stringify(parts)}`;
  let made = cache.get(key);
  if (!made) cache.set(key, (made = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { timeZone: zone, hourCycle: "h23", ...parts })));
  return made;
}

const HMS = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
const HM = { hour: "2-digit", minute: "2-digit" } as const;
const DAY = { month: "short", day: "numeric" } as const;
const FULL_DAY = { year: "numeric", month: "short", day: "numeric" } as const;

export const clock = (at: string | number | Date, language: string, zone: string) => format(language, zone, HMS).format(new Date(at));
export const hourMinute = (at: string | number | Date, language: string, zone: string) => format(language, zone, HM).format(new Date(at));
export const dayOf = (at: string | number | Date, language: string, zone: string) => format(language, zone, FULL_DAY).format(new Date(at));

const TODAY = { month: "short", day: "numeric", weekday: "short" } as const;
export const today = (at: number, language: string, zone: string) => format(language, zone, TODAY).format(new Date(at));

/** The clock alone for today, with its day before it otherwise. */
export function moment(at: string, language: string, zone: string, now: number): string {
  const same = dayOf(at, language, zone) === dayOf(now, language, zone);
  return same ? clock(at, language, zone) : `${format(language, zone, DAY).format(new Date(at))} ${clock(at, language, zone)}`;
}

/** Date, time and offset, for the record. In this order: Chinese by itself puts the offset before the time. */
export function inFull(at: string, language: string, zone: string): string {
  const parts = format(language, zone, { ...HMS, timeZoneName: "short" }).formatToParts(new Date(at));
  const offset = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  return `${dayOf(at, language, zone)} ${clock(at, language, zone)} ${offset}`;
}

export interface Span { n: number; unit: "s" | "min" | "h" | "d" }

/** A span cut to the unit a person would say. */
export function span(ms: number): Span {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 100) return { n: s, unit: "s" };
  if (s < 6000) return { n: Math.floor(s / 60), unit: "min" };
  if (s < 172_800) return { n: Math.floor(s / 3600), unit: "h" };
  return { n: Math.floor(s / 86_400), unit: "d" };
}

/** 0:23, 12:05, 1:02:05. Minus for what has passed. */
export function countdown(ms: number): string {
  const total = Math.abs(Math.trunc(ms / 1000));
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  const sign = ms <= -1000 ? "+" : "";
  return sign + (h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`);
}
