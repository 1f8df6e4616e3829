/** What a month's roster holds, and what painting does to it. Pure: values in, values out. */
import type { Register } from "@shared/api/types";

/** Seat, day, shift, person. */
export type Cells = Record<string, Record<string, Record<string, string>>>;
export type Template = Register["templates"][string];
export interface Edit { seat: string; day: string; template: string; person: string | null }

/** The cells after some edits; what was given stays as it is. */
export function edited(cells: Cells, edits: readonly Edit[]): Cells {
  if (!edits.length) return cells;
  const made: Cells = { ...cells };
  for (const { seat, day, template, person } of edits) {
    const there = { ...made[seat]?.[day] };
    if (person === null) delete there[template];
    else there[template] = person;
    made[seat] = { ...made[seat], [day]: there };
  }
  return made;
}

/** Edits as the API takes them: the last word on each shift. */
export function bodyOf(edits: readonly Edit[]): Record<string, Record<string, Record<string, string | null>>> {
  const made: Record<string, Record<string, Record<string, string | null>>> = {};
  for (const { seat, day, template, person } of edits) ((made[seat] ??= {})[day] ??= {})[template] = person;
  return made;
}

/** Shifts that stand, as cells; a split shift is one. */
export function cellsOf(shifts: readonly { id: string; person: string; template: string }[]): Cells {
  const edits = shifts.map((s) => {
    const [seat = "", day = ""] = s.id.split("/");
    return { seat, day, template: s.template, person: s.person };
  });
  return edited({}, edits);
}

/** The shifts of one person on one day, wherever they are. */
export function worksOn(cells: Cells, person: string, day: string): { seat: string; template: string }[] {
  return Object.entries(cells).flatMap(([seat, days]) =>
    Object.entries(days[day] ?? {}).filter(([, who]) => who === person).map(([template]) => ({ seat, template })),
  );
}

/**
 * Give a person one shift of a seat on a day, or none. Whoever stood there steps aside: a shift has one person.
 * What may not be touched any more (`open` says so) stays.
 */
export function painted(
  cells: Cells, seat: string, person: string, day: string, template: string | null, open: (day: string, template: string) => boolean,
): Edit[] {
  const there = cells[seat]?.[day] ?? {};
  const left = Object.entries(there).filter(([t, who]) => who === person && t !== template && open(day, t)).map(([t]) => ({ seat, day, template: t, person: null }));
  if (template === null || there[template] === person || !open(day, template)) return left;
  return [...left, { seat, day, template, person }];
}

/** By the clock, then by name: the order in which a day is worked. */
export const inOrder = (templates: Record<string, Template>): Template[] =>
  Object.values(templates).sort((a, b) => firstHour(a) - firstHour(b) || length(a) - length(b) || (a.id < b.id ? -1 : 1));

/** A night that begins at midnight closes the day as people speak of it: 早 中 夜. */
const firstHour = (t: Template): number => ((Number(t.starts.slice(0, 2)) + 18) % 24) * 60 + Number(t.starts.slice(3, 5));
const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
const length = (t: Template): number => hoursOf(t);

/** Hours of work in a shift; the break of a split one is none. */
export function hoursOf(t: Template): number {
  const spans = t.segments.length ? t.segments : [[t.starts, t.ends]];
  return spans.reduce((sum, [from = "", to = ""]) => sum + ((((minutes(to) - minutes(from)) % 1440) + 1440) % 1440 || 1440) / 60, 0);
}

/** Night work: any of it between midnight and five. */
export const isNight = (t: Template): boolean => {
  const [from, to] = [minutes(t.starts), minutes(t.ends)];
  return from < 300 || (to <= from && to > 0);
};

/** One sign for each shift: the first of its name that no other has. */
export function signs(templates: readonly Template[], english: boolean): Map<string, string> {
  const made = new Map<string, string>();
  const used = new Set<string>();
  for (const t of templates) {
    const name = (english ? t.name.en : t.name.zh).replace(/[\s\d]/g, "");
    const sign = [...name].map((c) => c.toUpperCase()).find((c) => !used.has(c)) ?? name.slice(0, 2);
    used.add(sign);
    made.set(t.id, sign);
  }
  return made;
}

/** Which shifts a seat works: those that it has, those of its rotas and rotations; of a new seat all. */
export function templatesOf(book: Register, seat: string, cells: Cells): Template[] {
  const used = new Set(Object.values(cells[seat] ?? {}).flatMap((there) => Object.keys(there)));
  for (const rota of book.rotas) if (rota.seat === seat) for (const day of rota.days) for (const t of Object.keys(day)) used.add(t);
  for (const rotation of Object.values(book.rotations)) if (rotation.seats.includes(seat)) for (const t of rotation.cycle) if (t) used.add(t);
  const all = inOrder(book.templates);
  return used.size ? all.filter((t) => used.has(t.id)) : all;
}

/**
 * Who may stand in a seat, its regular people first, then whoever stands there all the same. Painting moves nobody: the
 * order is the register's, not the month's.
 */
export function peopleOf(book: Register, seat: string, cells: Cells): string[] {
  const post = book.seats[seat]?.post ?? "";
  const there = new Set(Object.values(cells[seat] ?? {}).flatMap((day) => Object.values(day)));
  const regular = new Set<string>();
  for (const rota of book.rotas) if (rota.seat === seat) for (const day of rota.days) for (const who of Object.values(day)) regular.add(who);
  for (const r of Object.values(book.rotations)) if (r.seats.includes(seat)) for (const crew of r.crews) regular.add(crew[r.seats.indexOf(seat)] ?? "");
  const wanted = new Set(book.posts[post]?.staffing.flatMap((s) => s.roles) ?? []);
  const may = (id: string) => {
    const p = book.people[id]!;
    return p.posts.includes(post) || (p.posts.length === 0 && (p.floater || p.roles.some((r) => wanted.has(r))));
  };
  const ids = Object.keys(book.people).filter((id) => regular.has(id) || may(id));
  const known = new Set(ids);
  return [...ids.filter((id) => regular.has(id)), ...ids.filter((id) => !regular.has(id)), ...[...there].filter((id) => !known.has(id)).sort()];
}
