/** What is asked of the server for each act that is no tap: made when it is kept, and sent as it stands. Pure. */
import type { components } from "@shared/api/schema";

import type { Asking } from "./shapes";

type Bodies = components["schemas"];
type Body<T> = Omit<T, "phone">;
export interface Request { path: string; body: object }

export function requestOf(act: Asking, at: string): Request {
  if (act.kind === "report") return { path: "reports", body: { kind: act.report, zone: act.zone, note: act.note, caller: "" } satisfies Body<Bodies["ReportSaid"]> };
  if (act.kind === "note") return { path: `alerts/${act.alert}/note`, body: { text: act.text } satisfies Body<Bodies["NoteSaid"]> };
  if (act.kind === "go") return { path: `alerts/${act.alert}/go`, body: { said_at: at } satisfies Body<Bodies["WaySaid"]> };
  if (act.kind === "violation") return { path: "violations", body: { checkpoint: act.checkpoint, note: act.note, photos: act.photos } satisfies Body<Bodies["ReportViolation"]> };
  const attachments = act.photos.map((sha256) => ({ sha256, name: "" }));
  const entry: Body<Bodies["EntrySaid"]> = { form: "note", happened_at: at, zone: act.zone, persons: [], alert: act.alert, fields: { text: act.text }, attachments };
  return { path: "logbook/entries", body: entry };
}
