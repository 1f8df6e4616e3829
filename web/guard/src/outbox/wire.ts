/** The server's doors for what waits. */
import { client, Refused, taken } from "@shared/api/client";

import { siteId } from "@guard/session/session";

import { phone, photo, photoSent, type Waiting } from "./store";
import type { Deed } from "./shapes";
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
    if (!(await photo(sha))?.sent) await upload("/patrol/photos", sha);
  },
  async act(row) {
    if (row.act?.kind === "duty") return deed(row.act.did, row);
    for (const sha of row.act?.kind === "entry" ? row.act.photos : []) await upload("/logbook/attachments", sha);
    const { id, n, prev, said_at, path, body } = row.sealed!;
    // A cry for help overtakes what was kept, however long it waited.
    const mark = { client: await phone(), id, n, prev, said_at, kept: row.kept && row.act?.kind !== "report" };
    await taken(post(`/${path}`, JSON.stringify({ ...body, phone: mark }), "application/json"));
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

/** A photo goes where what names it looks for it. */
async function upload(path: string, sha: string): Promise<void> {
  const kept = await photo(sha);
  if (!kept) return;
  await taken(post(path, new Blob([kept.bytes], { type: kept.type }), "application/octet-stream"));
  await photoSent(sha);
}
