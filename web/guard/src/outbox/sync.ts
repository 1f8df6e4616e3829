/** Sending what waits. Whoever cries for help first, then what is done now, then what was kept in the order of its chain, photos last. */
import type { Tap } from "./chain";
import type { Outcome } from "./shapes";
import { linkOf, type Waiting, type Who } from "./store";

export const BATCH = 50;
/** Of one request's content: the server takes 64 kB. */
const MOST_BYTES = 48_000;

export interface Answer { id: string; outcome: "counted" | "flagged" | "duplicate"; flags: string[]; checkpoint: string | null; findings: string[] }
/** Why it could not be sent: the line, somebody must sign in, or the server will never have it as it is. */
export type Wrong = { why: "line" } | { why: "session" } | { why: "refused"; code: string };

export interface Door {
  taps(client: string, taps: (Tap & { kept: boolean })[]): Promise<Answer[]>;
  act(row: Waiting): Promise<void>;
  photo(sha: string): Promise<void>;
  wrong(error: unknown): Wrong;
}
export interface Book {
  settle(row: Waiting, refused?: string | null): Promise<void>;
  marked(row: Waiting, kept: boolean): Promise<void>;
  /** It need not be sent any more. */
  photoSent(sha: string): Promise<void>;
}
export interface Told { row: Waiting; outcome: Outcome; flags: string[]; checkpoint: string | null; findings: string[] }

const urgent = (row: Waiting) => row.act?.kind === "report";
const place = (row: Waiting) => linkOf(row)?.n ?? 0;

/** What of it this person may send now, in the order in which it goes. */
export function inTurn(rows: readonly Waiting[], who: Who): Waiting[] {
  const mine = rows.filter((r) => r.site === who.site && r.person === who.person && r.refused === null);
  const rank = (r: Waiting) => (urgent(r) ? 0 : r.kept ? 2 : 1);
  return mine.sort((a, b) => rank(a) - rank(b) || place(a) - place(b));
}

/** Taps go many at a time; all else in between goes alone, in its place. */
export function batches(rows: readonly Waiting[]): Waiting[][] {
  const made: Waiting[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = 3 * JSON.stringify(row.tap ?? row.act).length;
    const last = made.at(-1);
    if (!last || !row.tap || !last[0]!.tap || last.length >= BATCH || bytes + size > MOST_BYTES) {
      made.push([row]);
      bytes = size;
    } else {
      last.push(row);
      bytes += size;
    }
  }
  return made;
}

/** Send one batch; one that is refused as a whole is sent again tap by tap, so that one bad tap holds no other back. */
async function sendTaps(door: Door, book: Book, client: string, rows: Waiting[], told: (t: Told) => void): Promise<void> {
  let answers: Answer[];
  try {
    answers = await door.taps(client, rows.map((r) => ({ ...r.tap!, kept: r.kept })));
  } catch (error) {
    const wrong = door.wrong(error);
    if (wrong.why !== "refused") throw error;
    if (rows.length > 1) {
      for (const row of rows) await sendTaps(door, book, client, [row], told);
      return;
    }
    await book.settle(rows[0]!, wrong.code);
    told({ row: rows[0]!, outcome: "refused", flags: [wrong.code], checkpoint: null, findings: [] });
    return;
  }
  const by = new Map(answers.map((a) => [a.id, a]));
  for (const row of rows) {
    const answer = by.get(row.id);
    if (!answer) continue;
    await book.settle(row);
    told({ row, outcome: answer.outcome, flags: answer.flags, checkpoint: answer.checkpoint ?? row.checkpoint, findings: answer.findings });
  }
}

async function sendAct(door: Door, book: Book, row: Waiting, told: (t: Told) => void): Promise<void> {
  try {
    await door.act(row);
  } catch (error) {
    const wrong = door.wrong(error);
    if (wrong.why !== "refused") throw error;
    await book.settle(row, wrong.code);
    told({ row, outcome: "refused", flags: [wrong.code], checkpoint: null, findings: [] });
    return;
  }
  await book.settle(row);
  told({ row, outcome: "done", flags: [], checkpoint: null, findings: [] });
}

/** A photo that the server will never have holds nothing back, and is not sent again and again. */
async function sendPhoto(door: Door, book: Book, sha: string): Promise<void> {
  try {
    await door.photo(sha);
  } catch (error) {
    if (door.wrong(error).why !== "refused") throw error;
    await book.photoSent(sha);
  }
}

/** All that this person may send; `photos` are those of taps, which may come after them. Throws what `door` threw when the line or the session is gone; the rest then stays. */
export async function flush(door: Door, book: Book, client: string, who: Who, rows: readonly Waiting[], photos: readonly string[], told: (t: Told) => void): Promise<void> {
  for (const batch of batches(inTurn(rows, who))) await (batch[0]!.tap ? sendTaps(door, book, client, batch, told) : sendAct(door, book, batch[0]!, told));
  for (const sha of new Set(photos)) await sendPhoto(door, book, sha);
}
