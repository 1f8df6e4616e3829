/** The phone's own memory: what waits to be sent, photos, and the last picture of the site. All of it survives a kill. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import { BEGIN, type Done, type Head, type Link, linked, shaOf, type Tap, uuid } from "./chain";
import { requestOf } from "./requests";
import type { Act, Asking, Deed, Sealed } from "./shapes";

interface Row {
  /** Given by the store, in the order of what was done. */
  key?: number;
  id: string;
  site: string;
  person: string;
  at: string;
  /** The point that the phone takes it for; the server's own word comes with the answer. */
  checkpoint: string | null;
  /** It was done without a line, or a first try did not get through. */
  kept: boolean;
  /** Why the server would not have it: it stays until somebody has read that. */
  refused: string | null;
}
/** `sealed`: what is sent of an act; a deed is sent as it stands. */
export type Waiting = Row & ({ tap: Tap; act?: undefined; sealed?: undefined } | { act: Act; sealed?: Sealed; tap?: undefined });
/** Its place in the chain. */
export const linkOf = (row: Waiting): Link | null => row.tap ?? (row.act.kind === "duty" ? row.act.did : (row.sealed ?? null));
interface Photo { sha: string; site: string; bytes: ArrayBuffer; type: string; sent: boolean }

interface Shelf extends DBSchema {
  outbox: { key: number; value: Waiting; indexes: { id: string } };
  photos: { key: string; value: Photo };
  heads: { key: string; value: Head };
  kept: { key: string; value: unknown };
}

let opened: Promise<IDBPDatabase<Shelf>> | null = null;

export function shelf(): Promise<IDBPDatabase<Shelf>> {
  opened ??= openDB<Shelf>("watchroom-guard", 1, {
    upgrade(db) {
      db.createObjectStore("outbox", { keyPath: "key", autoIncrement: true }).createIndex("id", "id", { unique: true });
      db.createObjectStore("photos", { keyPath: "sha" });
      db.createObjectStore("heads");
      db.createObjectStore("kept");
    },
    terminated: () => (opened = null),
  });
  return opened;
}
/** For tests: the next use opens it anew. */
export async function close(): Promise<void> {
  (await opened)?.close();
  opened = null;
}

/** What this phone is called: drawn once, and again only when its store was wiped. */
export async function phone(): Promise<string> {
  const tx = (await shelf()).transaction("kept", "readwrite");
  const known = (await tx.store.get("phone")) as string | undefined;
  const name = known ?? uuid();
  if (!known) await tx.store.put(name, "phone");
  await tx.done;
  return name;
}

export interface Who { site: string; person: string }

/** Write something down as the next of its person's chain. It is safe once this has resolved. */
async function keep<T extends Link>(who: Who, at: string, words: Omit<T, "id" | "n" | "prev" | "said_at">, row: (link: T) => Pick<Waiting, "checkpoint" | "kept" | "tap" | "act" | "sealed">): Promise<Waiting> {
  const tx = (await shelf()).transaction(["outbox", "heads"], "readwrite", { durability: "strict" });
  const heads = tx.objectStore("heads");
  const name = `${who.site}/${who.person}`;
  const { link, head } = linked<T>((await heads.get(name)) ?? BEGIN, uuid(), at, words);
  const made = { id: link.id, ...who, at, refused: null, ...row(link) } as Waiting;
  const [key] = await Promise.all([tx.objectStore("outbox").add(made), heads.put(head, name)]);
  await tx.done;
  return { ...made, key };
}

export const keepTap = (who: Who, { read, answers, note, photos }: Done, more: { at: string; checkpoint: string | null; kept: boolean }): Promise<Waiting> =>
  keep<Tap>(who, more.at, { read, answers, note, photos }, (tap) => ({ checkpoint: more.checkpoint, kept: more.kept, tap }));

/** Somebody came to a seat or left it. */
export const keepDeed = (who: Who, act: Deed["act"], seat: string, at: string): Promise<Waiting> =>
  keep<Deed>(who, at, { act, seat }, (did) => ({ checkpoint: null, kept: true, act: { kind: "duty", did } }));

export const keepAct = (who: Who, act: Asking, at: string, kept: boolean): Promise<Waiting> =>
  keep<Sealed>(who, at, requestOf(act, at), (sealed) => ({ checkpoint: null, kept, act, sealed }));

/** Put a photo away under its hash. */
export async function keepPhoto(site: string, image: Blob): Promise<string> {
  const bytes = await image.arrayBuffer();
  const sha = shaOf(new Uint8Array(bytes));
  await (await shelf()).put("photos", { sha, site, bytes, type: image.type, sent: false });
  return sha;
}
export const photo = async (sha: string) => (await shelf()).get("photos", sha);
/** Photos that the server has not. */
export async function photosWaiting(site: string): Promise<string[]> {
  return (await (await shelf()).getAll("photos")).filter((p) => !p.sent && p.site === site).map((p) => p.sha);
}
export async function photoSent(sha: string): Promise<void> {
  const tx = (await shelf()).transaction("photos", "readwrite");
  const known = await tx.store.get(sha);
  if (known) await tx.store.put({ ...known, sent: true });
  await tx.done;
}

export const waiting = async (): Promise<Waiting[]> => (await shelf()).getAll("outbox");

/** What became of what was sent: gone, or standing there with why it was refused. */
export async function settle(row: Waiting, refused: string | null = null): Promise<void> {
  const tx = (await shelf()).transaction("outbox", "readwrite");
  if (row.key !== undefined && (await tx.store.get(row.key))) await (refused === null ? tx.store.delete(row.key) : tx.store.put({ ...row, refused }));
  await tx.done;
}
export async function marked(row: Waiting, kept: boolean): Promise<void> {
  const tx = (await shelf()).transaction("outbox", "readwrite");
  const known = row.key === undefined ? undefined : await tx.store.get(row.key);
  if (known && known.kept !== kept) await tx.store.put({ ...known, kept });
  await tx.done;
}

/** Photos that nothing names any more. */
export async function dropSentPhotos(): Promise<void> {
  const tx = (await shelf()).transaction(["outbox", "photos"], "readwrite");
  const rows = await tx.objectStore("outbox").getAll();
  const named = new Set(rows.flatMap((r) => (r.tap ? r.tap.photos : "photos" in r.act ? r.act.photos : [])));
  for (const p of await tx.objectStore("photos").getAll()) if (p.sent && !named.has(p.sha)) await tx.objectStore("photos").delete(p.sha);
  await tx.done;
}

export const remember = async (name: string, value: unknown) => void (await (await shelf()).put("kept", value, name));
export const recall = async <T>(name: string) => (await (await shelf()).get("kept", name)) as T | undefined;
export async function headOf(who: Who): Promise<Head> {
  return (await (await shelf()).get("heads", `${who.site}/${who.person}`)) ?? BEGIN;
}

/** Somebody else takes the phone: what is known of the site goes; what waits to be sent stays. */
export async function forget(): Promise<void> {
  const tx = (await shelf()).transaction("kept", "readwrite");
  for (const key of await tx.store.getAllKeys()) if (key !== "phone") await tx.store.delete(key);
  await tx.done;
}
