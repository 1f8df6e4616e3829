/** Days and months as the site's calendar has them: plain `2026-03-01` and `2026-03`, no instants. */

export const monthOf = (day: string): string => day.slice(0, 7);

export function addMonths(month: string, n: number): string {
  const at = new Date(`${month}-01T00:00:00Z`);
  at.setUTCMonth(at.getUTCMonth() + n);
  return at.toISOString().slice(0, 7);
}

export function addDays(day: string, n: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + n);
  return at.toISOString().slice(0, 10);
}

export function daysOf(month: string): string[] {
  const first = `${month}-01`;
  return Array.from({ length: 31 }, (_, n) => addDays(first, n)).filter((day) => monthOf(day) === month);
}

/** The wall clock at a site: `2026-03-01T08:30:00`, so that two of them compare as text. */
export function wallClock(at: number | string, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(new Date(at));
  const of = (type: string) => parts.find((p) => p.type === type)?.value ?? "00";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}:${of("second")}`;
}

const text = (day: string, language: string, parts: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { timeZone: "UTC", ...parts }).format(new Date(`${day}T00:00:00Z`));

export const dayName = (day: string, language: string): string => text(day, language, { month: "short", day: "numeric" });
export const dayInFull = (day: string, language: string): string => text(day, language, { month: "short", day: "numeric", weekday: "short" });
export const weekdayName = (day: string, language: string): string => text(day, language, { weekday: "narrow" });
export const monthName = (month: string, language: string): string => text(`${month}-01`, language, { year: "numeric", month: "long" });
