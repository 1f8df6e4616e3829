/** The board's rows: people of one seat, or the shifts of all. Pure, so that every cell can be tried without a screen. */
import type { Finding, Register } from "@shared/api/types";

import { type Cells, hoursOf, isNight, type Template, worksOn } from "./cells";
import { type Weight, worst } from "./findings";

export type Tone = "" | "day" | "late" | "night" | "full" | "other" | "rest" | "hole";
export interface Shown { text: string; tone: Tone; mark: Weight | null; fixed: boolean; changed: boolean }
export interface Row { key: string; seat: string; person: string; template: string; label: string; sum: string; nights: number; cells: Shown[] }
export interface Day { id: string; type: string }

export interface Board {
  book: Register;
  cells: Cells;
  /** What a draft is held against: the version that stands. */
  before: Cells | null;
  days: readonly string[];
  found: Map<string, Finding[]>;
  /** One sign for each template. */
  sign: Map<string, string>;
  rest: string;
  person(id: string): string;
  brief(id: string): string;
  /** Whether a shift has not begun yet. */
  open(day: string, template: string): boolean;
}

export function toneOf(t: Template | undefined): Tone {
  if (!t) return "other";
  if (hoursOf(t) >= 20) return "full";
  if (isNight(t)) return "night";
  return Number(t.starts.slice(0, 2)) < 12 ? "day" : "late";
}

/** Each person a row; of what they do elsewhere only a shadow is seen. */
export function peopleRows(b: Board, seat: string, people: readonly string[]): Row[] {
  return people.map((person) => {
    let [hours, nights] = [0, 0];
    const cells = b.days.map((day): Shown => {
      const works = worksOn(b.cells, person, day);
      for (const w of works) {
        const t = b.book.templates[w.template];
        if (t) [hours, nights] = [hours + hoursOf(t), nights + (isNight(t) ? 1 : 0)];
      }
      const here = works.filter((w) => w.seat === seat);
      const shown = here.length ? here : works;
      const was = b.before === null ? works : worksOn(b.before, person, day);
      return {
        text: shown.map((w) => b.sign.get(w.template) ?? "?").join("") || b.rest,
        tone: here.length ? toneOf(b.book.templates[here[0]!.template]) : works.length ? "other" : "rest",
        mark: worst(b.found.get(`${person}/${day}`)),
        fixed: !b.open(day, here[0]?.template ?? ""),
        changed: key(works) !== key(was),
      };
    });
    return { key: person, seat, person, template: "", label: b.person(person), sum: String(Math.round(hours)), nights, cells };
  });
}
const key = (works: readonly { seat: string; template: string }[]) => works.map((w) => `${w.seat}/${w.template}`).sort().join();

/** Each shift of each seat a row; the cell says who. */
export function shiftRows(b: Board, seats: readonly { seat: string; templates: readonly Template[]; label(t: Template): string }[]): Row[] {
  return seats.flatMap(({ seat, templates, label }) =>
    templates.map((t) => ({
      key: `${seat}/${t.id}`, seat, person: "", template: t.id, label: label(t), sum: "", nights: 0,
      cells: b.days.map((day): Shown => {
        const who = b.cells[seat]?.[day]?.[t.id];
        const own = who ? (b.found.get(`${who}/${day}`) ?? []).filter((f) => !f.seat || f.seat === seat) : [];
        const required = b.book.seats[seat]?.required ?? false;
        return {
          text: who ? b.brief(who) : "",
          tone: who ? toneOf(t) : required ? "hole" : "rest",
          mark: worst([...own, ...(who ? [] : (b.found.get(`seat:${seat}/${day}`) ?? []))]),
          fixed: !b.open(day, t.id),
          changed: b.before !== null && b.before[seat]?.[day]?.[t.id] !== who,
        };
      }),
    })),
  );
}

/** Under the people: whether the seat is covered each day. */
export function coverRow(b: Board, seat: string, label: string): Row {
  const cells = b.days.map((day): Shown => {
    const mark = worst(b.found.get(`seat:${seat}/${day}`));
    return { text: mark ? "!" : "", tone: mark ? "hole" : "", mark, fixed: true, changed: false };
  });
  return { key: `seat:${seat}`, seat, person: "", template: "", label, sum: "", nights: 0, cells };
}
