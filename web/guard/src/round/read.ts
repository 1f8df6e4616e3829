/** What a tag or a code says, however it was read. Pure. */
import type { Checkpoint } from "@shared/api/types";

import { shaOf } from "@guard/outbox/chain";
import type { Read } from "@guard/outbox/shapes";

const UID = /^[0-9A-F]{8,20}$/;
export const normal = (tag: string): string => tag.toUpperCase().replace(/[^0-9A-Z]/g, "");

/** An address of a tag (`/t?p=…&m=…`) or of a code (`/t/q/CODE`); null: it is none of ours. */
export function ofAddress(text: string): Read | null {
  let url: URL;
  try {
    url = new URL(text, "https://x.invalid");
  } catch {
    return null;
  }
  const code = /^\/t\/q\/([A-Za-z0-9_-]+)$/.exec(url.pathname);
  if (code) return { by: "qr", code: code[1]! };
  const [picc, mac] = [url.searchParams.get("p") ?? "", url.searchParams.get("m") ?? ""];
  if (url.pathname === "/t" && /^[0-9A-Fa-f]{32}$/.test(picc) && /^[0-9A-Fa-f]{16}$/.test(mac)) return { by: "sun", picc_data: picc, cmac: mac };
  return null;
}

/** The best proof that a tag gave: its own signed word before its number. */
export function ofTag(serial: string, addresses: readonly string[]): Read | null {
  for (const text of addresses) {
    const read = ofAddress(text);
    if (read?.by === "sun") return read;
  }
  const uid = normal(serial);
  return UID.test(uid) ? { by: "uid", uid } : null;
}

/** Which point the phone takes it for, by the marks of the tags in use (or, if it has none, the register): the server's word counts. */
export function pointOf(read: Read, points: Readonly<Record<string, Checkpoint>>, marks: Readonly<Record<string, string>> | null, serial = ""): string | null {
  if (read.by === "manual") return read.checkpoint;
  const tag = normal(read.by === "uid" ? read.uid : read.by === "qr" ? read.code : serial);
  if (!tag) return null;
  if (marks) return marks[shaOf(new TextEncoder().encode(tag))] ?? null;
  return Object.values(points).find((p) => p.tags.some((known) => normal(known) === tag))?.id ?? null;
}
