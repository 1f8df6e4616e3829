/** What a person wrote on a form: as the logbook keeps it, and as a draft that can be sent. Pure. */
import type { Attached, FormField, LogEntry, LogForm, Words } from "@shared/api/types";
import { instantOf, wall } from "@shared/words/zoned";

export type Answer = string | number | boolean | null;
export interface Kept extends Attached { name: string }
export interface Draft { form: string; fields: Record<string, string>; happened: string; zone: string; persons: string[]; alert: string; files: Kept[] }
export interface Written {
  form: { id: string; name: Words };
  by: { id: string; name: Words };
  happened_at: string;
  late: boolean;
  zone: { id: string; name: Words } | null;
  persons: { id: string; name: Words }[];
  alert: string | null;
  fields: { id: string; name: Words; value: Answer; said?: Words }[];
  attachments: Kept[];
  corrects?: number;
  reason?: string;
}

export const isWritten = (e: LogEntry): boolean => e.act === "log.written" || e.act === "log.corrected";
export const written = (e: LogEntry): Written => e.data as unknown as Written;
export const blank = (form: string, alert = ""): Draft => ({ form, fields: {}, happened: "", zone: "", persons: [], alert, files: [] });

/** What stands now, to be corrected. */
export function draftOf(w: Written, zone: string): Draft {
  const said = (v: Answer) => (v === true ? "yes" : v === false ? "no" : v === null ? "" : String(v));
  return {
    form: w.form.id, fields: Object.fromEntries(w.fields.map((f) => [f.id, said(f.value)])), happened: wall(w.happened_at, zone), zone: w.zone?.id ?? "",
    persons: w.persons.map((p) => p.id), alert: w.alert ?? "", files: w.attachments ?? [],
  };
}

/** An answer of a field as the server takes it; null: nothing was answered. */
export function answer(field: FormField, text: string): Answer {
  const said = text.trim();
  if (said === "") return null;
  if (field.type === "number") return Number(said);
  return field.type === "bool" ? said === "yes" : said;
}

export const missing = (form: LogForm, draft: Draft): string[] => form.fields.filter((f) => f.required && !(draft.fields[f.id] ?? "").trim()).map((f) => f.id);
export const empty = (draft: Draft): boolean => !Object.values(draft.fields).some((v) => v.trim()) && !draft.files.length;

export function body(form: LogForm, draft: Draft, zone: string) {
  const answers = form.fields.map((f) => [f.id, answer(f, draft.fields[f.id] ?? "")] as const).filter(([, a]) => a !== null);
  const [day = "", time = ""] = draft.happened.split("T");
  return {
    form: form.id, fields: Object.fromEntries(answers), happened_at: draft.happened ? instantOf(day, time.slice(0, 5), zone) : null, zone: draft.zone || null,
    persons: draft.persons, alert: draft.alert || null, attachments: draft.files.map((f) => ({ sha256: f.sha256, name: f.name })),
  };
}

/** 12 kB, 3.4 MB. */
export const bytes = (n: number): string => (n < 1000 ? `${n} B` : n < 1_000_000 ? `${Math.round(n / 1000)} kB` : `${(n / 1_000_000).toFixed(1)} MB`);
