/** The server's doors for what waits. */
import { client, Refused, taken } from "@shared/api/client";

import { siteId } from "@guard/session/session";

import { phone, photo, photoSent, type Waiting } from "./store";
import type { Act, Deed } from "./shapes";
import type { Answer, Door, Wrong } from "./sync";

interface Told { data?: unknown; error?: unknown; response: Response }

/** A phone in a cellar finds a server that never answers: better to keep it and go on. */
const PATIENCE_MS = 12_000;

async function post(path: string, body: BodyInit, type: string): Promise<Told> {
  const headers = { "X-Watchroom": "1", "content-type": type };
  const response = await fetch(`/api/v1/sites/${siteId.value}${path}`, { method: "POST", credentials: "same-origin", headers, body, signal: AbortSignal.timeout(PATIENCE_MS * (type === "application/json" ? 1 : 5)) });
  const said: unknown = await response.json().catch(() => null);
  return response.ok ? { data: said, response } : { error: said, response };
}

export const door: Door = {
  async taps(name, taps) {
    const told = await taken(post("/taps", JSON.stringify({ client: name, taps }), "application/json"));
    return (told as { items: Answer[] }).items;
  },
  async photo(sha) {
    const kept = await photo(sha);
    if (!kept || kept.sent) return;
    await taken(post("/patrol/photos", new Blob([kept.bytes], { type: kept.type }), "application/octet-stream"));
    await photoSent(sha);
  },
  async act(act, row) {
    const at = { params: { path: { site: row.site } } };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    if (act.kind === "report") await taken(client.POST("/api/v1/sites/{site}/reports", { ...at, signal, body: { kind: act.report, zone: act.zone, note: act.note, caller: "" } }));
    else if (act.kind === "note") await taken(client.POST("/api/v1/sites/{site}/alerts/{id}/note", { params: { path: { site: row.site, id: act.alert } }, signal, body: { text: act.text } }));
    else if (act.kind === "go") await taken(client.POST("/api/v1/sites/{site}/alerts/{id}/go", { params: { path: { site: row.site, id: act.alert } }, signal, body: { said_at: row.at } }));
    else if (act.kind === "duty") await deed(act.did, row);
    else await entry(act, row);
  },
  wrong(error): Wrong {
    if (!(error instanceof Refused)) throw error;
    const { status, code } = error.problem;
    if (status === 401) return { why: "session" };
    if (status === 0 || status >= 500 || status === 429 || status === 408) return { why: "line" };
    return { why: "refused", code };
  },
};

/** The server keeps it as it is; that it was this person they prove by hand afterwards. */
async function deed(did: Deed, row: Waiting): Promise<void> {
  await taken(client.POST("/api/v1/sites/{site}/duty/told", { params: { path: { site: row.site } }, signal: AbortSignal.timeout(PATIENCE_MS), body: { client: await phone(), acts: [{ ...did, kept: true }] } }));
}

/** An entry with photos: uploaded where the logbook keeps its files. */
async function entry(act: Extract<Act, { kind: "entry" }>, row: Waiting): Promise<void> {
  const attachments: { sha256: string; name: string }[] = [];
  for (const sha of act.photos) {
    const kept = await photo(sha);
    if (!kept) continue;
    const put = await taken(post("/logbook/attachments", new Blob([kept.bytes], { type: kept.type }), "application/octet-stream"));
    attachments.push({ sha256: (put as { sha256: string }).sha256, name: "" });
    await photoSent(sha);
  }
  const body = { form: "note", happened_at: row.at, zone: act.zone, persons: [], alert: act.alert, fields: { text: act.text }, attachments };
  await taken(client.POST("/api/v1/sites/{site}/logbook/entries", { params: { path: { site: row.site } }, signal: AbortSignal.timeout(PATIENCE_MS), body }));
}
