import { describe, expect, it } from "vitest";

import { type PatrolTag, type UnknownTag, waiting, withTag } from "./tags";

const at = "2026-03-01T22:00:00Z";
const tag = (uid: string, checkpoint: string, state: PatrolTag["state"] = "active"): PatrolTag =>
  ({ uid, checkpoint, proof: "uid", state, key_version: 1, counter: -1, read_at: null, changed_at: at, changed_by: "lead" });
const read = (uid: string): UnknownTag => ({ uid, proof: "uid", read_at: at, person: null, client: "HH-01", reads: 1 });

const before = { tags: [tag("AA", "C1")], unknown: [read("NEW"), read("ODD")] };
const after = { tags: [tag("AA", "C1"), tag("NEW", "C2")], unknown: [read("ODD")] };
const rows = (tags: PatrolTag[], unknown: UnknownTag[]) => [...waiting(unknown, tags), ...tags].map((t) => t.uid).sort();

describe("a tag that is being hung", () => {
  it.each([
    ["neither list has come anew", before.tags, before.unknown],
    ["the register came first", after.tags, before.unknown],
    ["the reads came first", before.tags, after.unknown],
    ["both have come", after.tags, after.unknown],
  ])("stands on the page once when %s", (_, tags, unknown) => {
    expect(rows(withTag(tags, tag("NEW", "C2")), unknown)).toEqual(["AA", "NEW", "ODD"]);
  });
  it.each(["active", "blocked", "replaced"] as const)("is no stranger while it is %s", (state) => {
    expect(waiting(before.unknown, [tag("NEW", "C2", state)]).map((u) => u.uid)).toEqual(["ODD"]);
  });
  it("changes its row and adds none", () => {
    const blocked = withTag(after.tags, tag("NEW", "C2", "blocked"));
    expect(blocked.map((t) => [t.uid, t.state])).toEqual([["AA", "active"], ["NEW", "blocked"]]);
  });
  it("stands at its point, as the server sorts them", () => {
    expect(withTag(after.tags, tag("ZZ", "C1")).map((t) => t.uid)).toEqual(["AA", "ZZ", "NEW"]);
    expect(withTag(after.tags, tag("AA", "C3")).map((t) => t.uid)).toEqual(["NEW", "AA"]);
  });
});
