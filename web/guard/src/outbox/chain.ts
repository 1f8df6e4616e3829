/**
 * What the phone keeps until the server has it: taps, and all else that somebody did. Each carries the hash of the one before it,
 * so that one that was edited, taken out or put in by hand shows. Pure and synchronous: a link is made within one transaction of
 * the phone's store, which two open pages then cannot both be in.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

import type { Answers, Deed, Read, Sealed } from "./shapes";

/** What was done at a point. */
export interface Done { read: Read; answers: Answers; note: string; photos: string[] }
/** The how-manieth of this phone and person, by the phone's clock, after which other one. */
interface Mark { id: string; n: number; prev: string; said_at: string }
export interface Tap extends Done, Mark {}
export type Link = Tap | Deed | Sealed;
/** Where a person's chain on this phone has come to. */
export interface Head { n: number; hash: string }

export const BEGIN: Head = { n: 0, hash: "" };

/** One spelling of a value (RFC 8785 for what JSON can say of ours): keys in order, no blanks. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const known = Object.entries(value).filter(([, v]) => v !== undefined);
  return `{${known.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(",")}}`;
}

const MARK = ["id", "n", "prev", "said_at"];
const wordsOf = (link: Link) => ("read" in link ? ["read", "answers", "note", "photos"] : "act" in link ? ["act", "seat"] : ["path", "body"]);

/** Over what is sent, and nothing beside it. */
export const hashOf = (link: Link): string =>
  shaOf(utf8ToBytes(canonical(Object.fromEntries([...MARK, ...wordsOf(link)].map((k) => [k, (link as unknown as Record<string, unknown>)[k]])))));

export const shaOf = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));

/** What follows `head`, and the head after it. */
export function linked<T extends Link>(head: Head, id: string, saidAt: string, words: Omit<T, keyof Mark>): { link: T; head: Head } {
  const link = { id, n: head.n + 1, prev: head.hash, said_at: saidAt, ...words } as T;
  return { link, head: { n: link.n, hash: hashOf(link) } };
}

/** The first number at which what is kept is not what was written; null: all of it is. Those that were sent are gone. */
export function broken(kept: readonly Link[], head: Head): number | null {
  const rows = [...kept].sort((a, b) => a.n - b.n);
  for (const [i, link] of rows.entries()) {
    const next = rows[i + 1];
    if (next && next.n === link.n) return link.n;
    if (next && next.n === link.n + 1 && next.prev !== hashOf(link)) return link.n;
    if (link.n === head.n && hashOf(link) !== head.hash) return link.n;
    if (link.n > head.n) return link.n;
  }
  return null;
}

/** A UUID, on plain http too, where browsers keep `randomUUID` back. */
export function uuid(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (b) => crypto.getRandomValues(b)): string {
  const bytes = random(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytesToHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
