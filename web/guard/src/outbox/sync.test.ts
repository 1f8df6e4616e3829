import { describe, expect, it } from "vitest";

import { BEGIN, linked, type Tap } from "./chain";
import { requestOf } from "./requests";
import type { Asking, Sealed } from "./shapes";
import type { Waiting } from "./store";
import { type Answer, BATCH, batches, type Door, flush, inTurn, type Told } from "./sync";

const WANG = { site: "garden", person: "wang" };
const AT = "2026-03-01T14:00:00.000Z";
const row = (key: number) => ({ key, id: `id-${key}`, ...WANG, at: AT, checkpoint: "C1", kept: true, refused: null });
const tap = (key: number, n = key, kept = true): Waiting => {
  const made = linked<Tap>({ ...BEGIN, n: n - 1 }, `id-${key}`, AT, { read: { by: "uid", uid: "A" }, answers: {}, note: "", photos: [] });
  return { ...row(key), kept, tap: made.link };
};
const act = (key: number, what: Asking, n = key): Waiting => ({ ...row(key), act: what, sealed: linked<Sealed>({ ...BEGIN, n: n - 1 }, `id-${key}`, AT, requestOf(what, AT)).link });
const SOS: Asking = { kind: "report", report: "manual.panic", zone: "b7", note: "" };
const NOTE: Asking = { kind: "note", alert: "a", text: "arrived" };
class Refusal extends Error { constructor(readonly why: "line" | "session" | "refused") { super(why); } }

function house(more: Partial<Door> = {}) {
  const sent: string[] = [];
  const settled = new Map<string, string | null>();
  const told: Told[] = [];
  const door: Door = {
    async taps(_, taps): Promise<Answer[]> {
      sent.push(taps.map((t) => t.id).join("+"));
      return taps.map((t) => ({ id: t.id, outcome: "counted", flags: [], checkpoint: "C9", findings: [] }));
    },
    async act(r) { sent.push(r.act!.kind); },
    async photo(sha) { sent.push(`photo ${sha}`); },
    wrong: (e) => { const { why } = e as Refusal; return why === "refused" ? { why, code: "invalid" } : { why }; },
    ...more,
  };
  const book = {
    async settle(r: Waiting, refused: string | null = null) { settled.set(r.id, refused); },
    async marked() {},
    async photoSent(sha: string) { settled.set(sha, null); },
  };
  return { sent, settled, told, go: (rows: Waiting[], photos: string[] = []) => flush(door, book, "phone", WANG, rows, photos, (t) => told.push(t)) };
}

describe("what goes first", () => {
  it("is the cry for help, then what is done now, then what was kept by number, notes between taps", () => {
    const rows = [act(1, NOTE, 2), tap(2, 3), tap(3, 1), act(4, SOS), tap(5, 5, false)];
    expect(inTurn(rows, WANG).map((r) => r.key)).toEqual([4, 5, 3, 1, 2]);
    expect(batches(inTurn(rows, WANG)).map((b) => b.map((r) => r.key))).toEqual([[4], [5, 3], [1], [2]]);
  });

  it("is only one's own, at the site one is signed in at, and not what was refused before", () => {
    const rows = [{ ...tap(1), person: "li" }, { ...tap(2), site: "other" }, { ...tap(3), refused: "invalid" }, tap(4)] as Waiting[];
    expect(inTurn(rows, WANG).map((r) => r.key)).toEqual([4]);
  });

  it("goes in batches that the server takes", () => {
    const made = batches(Array.from({ length: 120 }, (_, i) => tap(i + 1)));
    expect(made.map((b) => b.length).every((n) => n <= BATCH)).toBe(true);
    expect(made.flat()).toHaveLength(120);
    const long = tap(1);
    long.tap!.note = "长".repeat(1000);
    expect(batches(Array.from({ length: 40 }, () => long)).every((b) => JSON.stringify(b.map((r) => r.tap)).length * 3 < 64_000)).toBe(true);
  });
});

describe("flush", () => {
  it("sends everything once and settles it with the server's own word for the point", async () => {
    const h = house();
    await h.go([tap(1), tap(2), act(3, NOTE), act(4, SOS)], ["aa", "aa"]);
    expect(h.sent).toEqual(["report", "id-1+id-2", "note", "photo aa"]);
    expect([...h.settled.values()]).toEqual([null, null, null, null]);
    expect(h.told.find((t) => t.row.id === "id-1")?.checkpoint).toBe("C9");
  });

  it("stops where the line breaks and loses nothing", async () => {
    let tries = 0;
    const h = house({ async act() { tries += 1; throw new Refusal("line"); } });
    await expect(h.go([tap(1), act(2, NOTE), act(3, NOTE)])).rejects.toThrow("line");
    expect(tries).toBe(1);
    expect([...h.settled.keys()]).toEqual(["id-1"]);
  });

  it("lets one tap that is refused hold no other back", async () => {
    const h = house();
    const bad = house({
      async taps(_, taps) {
        if (taps.some((t) => t.id === "id-2")) throw new Refusal("refused");
        return taps.map((t) => ({ id: t.id, outcome: "counted" as const, flags: [], checkpoint: null, findings: [] }));
      },
    });
    await bad.go([tap(1), tap(2), tap(3)]);
    expect(Object.fromEntries(bad.settled)).toEqual({ "id-1": null, "id-2": "invalid", "id-3": null });
    expect(bad.told.map((t) => t.outcome)).toEqual(["counted", "refused", "counted"]);
    expect(h.told).toEqual([]);
  });

  it("keeps a tap of which the answer says nothing", async () => {
    const h = house({ async taps() { return []; } });
    await h.go([tap(1)]);
    expect(h.settled.size).toBe(0);
  });
});
