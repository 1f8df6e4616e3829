import "fake-indexeddb/auto";

import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { broken, hashOf } from "./chain";
import * as store from "./store";

const WANG = { site: "garden", person: "wang" };
const done = (uid: string, photos: string[] = []) => ({ read: { by: "uid" as const, uid }, answers: {}, note: "", photos });
const more = { at: "2026-03-01T14:00:00.000Z", checkpoint: "C1", kept: true };

/** Another page of the same phone: its own connection to the same memory. */
async function otherPage(): Promise<typeof store> {
  vi.resetModules();
  return import("./store");
}

beforeEach(async () => {
  await store.close();
  globalThis.indexedDB = new IDBFactory();
});

describe("the phone's memory", () => {
  it("has a tap after a kill, in the order of what was done", async () => {
    await store.keepTap(WANG, done("A"), more);
    await store.keepAct(WANG, { kind: "note", alert: "a", text: "on my way" }, more.at, true);
    await store.keepTap(WANG, done("B"), more);
    await store.close();
    const rows = await (await otherPage()).waiting();
    expect(rows.map((r) => r.tap?.n ?? r.act?.kind)).toEqual([1, "note", 3]);
    expect(rows.map((r) => store.linkOf(r)?.n)).toEqual([1, 2, 3]);
    expect(broken(rows.map((r) => store.linkOf(r)!), await store.headOf(WANG))).toBeNull();
    expect(broken(rows.map((r) => (r.sealed ? { ...r.sealed, body: { text: "at home" } } : store.linkOf(r)!)), await store.headOf(WANG))).toBe(2);
  });

  it("keeps one chain when two pages write at once", async () => {
    const other = await otherPage();
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).keepTap(WANG, done(String(i)), more)));
    const taps = (await store.waiting()).map((r) => r.tap!);
    expect(taps.map((t) => t.n).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(broken(taps, await store.headOf(WANG))).toBeNull();
    expect(await store.phone()).toBe(await other.phone());
  });

  it("counts each person's taps by themselves, and goes on where they were after all were sent", async () => {
    const first = await store.keepTap(WANG, done("A"), more);
    await store.keepTap({ ...WANG, person: "li" }, done("A"), more);
    await store.settle(first);
    const second = await store.keepTap(WANG, done("B"), more);
    expect([second.tap!.n, second.tap!.prev]).toEqual([2, hashOf(first.tap!)]);
    expect((await store.waiting()).map((r) => [r.person, r.tap!.n])).toEqual([["li", 1], ["wang", 2]]);
  });

  it("keeps what was refused until it is read, and drops photos only when they were sent and nothing names them", async () => {
    const sha = await store.keepPhoto("garden", new Blob([new Uint8Array([1, 2, 3])], { type: "image/jpeg" }));
    const row = await store.keepTap(WANG, done("A", [sha]), more);
    await store.photoSent(sha);
    await store.dropSentPhotos();
    expect((await store.photo(sha))?.sent).toBe(true);
    await store.settle(row, "invalid");
    expect((await store.waiting()).map((r) => r.refused)).toEqual(["invalid"]);
    await store.settle(row);
    await store.dropSentPhotos();
    expect(await store.photo(sha)).toBeUndefined();
  });

  it("forgets the site for the next person, and nothing that waits", async () => {
    const name = await store.phone();
    await store.remember("picture/garden", { a: 1 });
    await store.keepTap(WANG, done("A"), more);
    await store.forget();
    expect(await store.recall("picture/garden")).toBeUndefined();
    expect(await store.phone()).toBe(name);
    expect(await store.waiting()).toHaveLength(1);
  });
});
