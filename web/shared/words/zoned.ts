/** Wall-clock times of a site as instants, and back: what a person writes into a field. */

const cache = new Map<string, Intl.DateTimeFormat>();

function parts(at: number, zone: string): Record<string, string> {
  let format = cache.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    cache.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(at).map((p) => [p.type, p.value]));
}

/** `2026-03-01T08:30`, as a field for date and time takes it. */
export function wall(at: string | number | Date, zone: string): string {
  const p = parts(new Date(at).getTime(), zone);
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`;
}
export const dayAt = (at: string | number | Date, zone: string): string => wall(at, zone).slice(0, 10);

/** The instant at which the site's clocks show `day` and `time`. In the hour that is left out, the one after it; of two, the first. */
export function instantOf(day: string, time: string, zone: string): string {
  const asUtc = Date.parse(`${day}T${time}:00Z`);
  const offset = (at: number): number => {
    const p = parts(at, zone);
    return Date.parse(`${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}:${p.second}Z`) - at;
  };
  const fits = [offset(asUtc - 86_400_000), offset(asUtc + 86_400_000)].map((o) => asUtc - o).filter((at) => at + offset(at) === asUtc);
  return new Date(fits.length ? Math.min(...fits) : asUtc - offset(asUtc - 86_400_000)).toISOString();
}

/** The day `n` days after one. */
export const daysAfter = (day: string, n: number): string => new Date(Date.parse(`${day}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10);
