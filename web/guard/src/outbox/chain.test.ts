import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { BEGIN, broken, canonical, type Head, hashOf, linked, type Tap, uuid } from "./chain";

const done = (uid: string) => ({ read: { by: "uid" as const, uid }, answers: { lamp: true, meter: 3.5 }, note: "正常", photos: [] });

function chain(length: number): { taps: Tap[]; head: Head } {
  let head = BEGIN;
  const taps: Tap[] = [];
  for (let i = 0; i < length; i += 1) {
    const made = linked<Tap>(head, uuid(), `2026-03-01T14:00:${String(i).padStart(2, "0")}.000Z`, done(`04A${i}`));
    taps.push(made.link);
    head = made.head;
  }
  return { taps, head };
}

describe("the chain of taps", () => {
  it("spells a value one way, whatever order its keys were written in", () => {
    expect(canonical({ b: [1, null, { z: true, a: "é\n" }], a: undefined, A: 0.1 })).toBe('{"A":0.1,"b":[1,null,{"a":"é\\n","z":true}]}');
  });

  it("hashes exactly what is sent, as any other SHA-256 does", () => {
    const { link } = linked<Tap>(BEGIN, "00000000-0000-4000-8000-000000000000", "2026-03-01T14:00:00.000Z", done("04A1"));
    const spelt = '{"answers":{"lamp":true,"meter":3.5},"id":"00000000-0000-4000-8000-000000000000","n":1,"note":"正常","photos":[],"prev":"","read":{"by":"uid","uid":"04A1"},"said_at":"2026-03-01T14:00:00.000Z"}';
    expect(hashOf(link)).toBe(createHash("sha256").update(spelt, "utf8").digest("hex"));
  });

  it("counts from one and names the tap before", () => {
    const { taps, head } = chain(3);
    expect(taps.map((t) => t.n)).toEqual([1, 2, 3]);
    expect(taps.map((t) => t.prev)).toEqual(["", hashOf(taps[0]!), hashOf(taps[1]!)]);
    expect(head).toEqual({ n: 3, hash: hashOf(taps[2]!) });
  });

  it("is whole as it was written, and when those in front or between have been sent", () => {
    const { taps, head } = chain(5);
    expect(broken(taps, head)).toBeNull();
    expect(broken(taps.slice(2), head)).toBeNull();
    expect(broken([taps[0]!, taps[3]!], head)).toBeNull();
    expect(broken([...taps].reverse(), head)).toBeNull();
    expect(broken([], head)).toBeNull();
  });

  it.each([
    ["an hour moved", (t: Tap[]) => t.map((x) => (x.n === 3 ? { ...x, said_at: "2026-03-01T13:00:00.000Z" } : x)), 3],
    ["an answer changed", (t: Tap[]) => t.map((x) => (x.n === 2 ? { ...x, answers: { lamp: false } } : x)), 2],
    ["the last one edited", (t: Tap[]) => t.map((x) => (x.n === 5 ? { ...x, note: "x" } : x)), 5],
    ["one put in", (t: Tap[]) => [...t, { ...t[4]!, n: 6, id: uuid() }], 5],
    ["one doubled", (t: Tap[]) => [...t, { ...t[1]!, id: uuid() }], 2],
    ["two swapped", (t: Tap[]) => t.map((x) => (x.n === 2 ? { ...t[2]!, n: 2 } : x.n === 3 ? { ...t[1]!, n: 3 } : x)), 1],
  ])("shows %s", (_, edit, at) => {
    const { taps, head } = chain(5);
    expect(broken(edit(taps), head)).toBe(at);
  });

  it("draws UUIDs of version 4", () => {
    expect(uuid((b) => b.fill(255))).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
    expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
