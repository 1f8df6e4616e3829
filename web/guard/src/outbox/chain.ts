/**
 * Taps as the phone keeps them until the server has them. Each carries the hash of the one before it, so that one that was
 * edited, taken out or put in by hand shows. Pure and synchronous: a tap is made within one transaction of the phone's store,
 * which two open pages then cannot both be in.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

import type { Answers, Deed, Read } from "./shapes";

/** What was done at a point. */
export interface Done { read: Read; answers: Answers; note: string; photos: string[] }
/** A tap: the how-manieth of this phone and person, by the phone's clock, after which other one. */
export interface Tap extends Done { id: string; n: number; prev: string; said_at: string }
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

export const hashOf = ({ id, n, prev, said_at, read, answers, note, photos }: Tap): string =>
  bytesToHex(sha256(utf8ToBytes(canonical({ id, n, prev, said_at, read, answers, note, photos }))));

export const hashOfDeed = ({ id, n, prev, said_at, act, seat }: Deed): string => bytesToHex(sha256(utf8ToBytes(canonical({ id, n, prev, said_at, act, seat }))));
const hashOfEither = (link: Tap | Deed): string => ("read" in link ? hashOf(link) : hashOfDeed(link));

export const shaOf = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));

/** The tap that follows `head`, and the head after it. */
export function linked(head: Head, id: string, saidAt: string, done: Done): { tap: Tap; head: Head } {
  const { read, answers, note, photos } = done;
  const tap = { id, n: head.n + 1, prev: head.hash, said_at: saidAt, read, answers, note, photos };
  return { tap, head: { n: tap.n, hash: hashOf(tap) } };
}

/** The same of coming to a seat, or leaving it. */
export function linkedDeed(head: Head, id: string, saidAt: string, act: Deed["act"], seat: string): { did: Deed; head: Head } {
  const did: Deed = { id, n: head.n + 1, prev: head.hash, said_at: saidAt, act, seat };
  return { did, head: { n: did.n, hash: hashOfDeed(did) } };
}

/** The first number at which what is kept is not what was written; null: all of it is. Those that were sent are gone. */
export function broken(kept: readonly (Tap | Deed)[], head: Head): number | null {
  const rows = [...kept].sort((a, b) => a.n - b.n);
  for (const [i, tap] of rows.entries()) {
    const next = rows[i + 1];
    if (next && next.n === tap.n) return tap.n;
    if (next && next.n === tap.n + 1 && next.prev !== hashOfEither(tap)) return tap.n;
    if (tap.n === head.n && hashOfEither(tap) !== head.hash) return tap.n;
    if (tap.n > head.n) return tap.n;
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
