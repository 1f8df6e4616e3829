import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import type { Alert, Push, Snapshot } from "../api/types";
import { absorb, apply, begin, type Live } from "./apply";

const alert = (id: string, more: Partial<Alert> = {}): Alert =>
  ({ id, number: 1, priority: 2, heard_at: "2026-03-01T14:00:00Z", state: "raised", version: 0, repeats: 0, closed_at: null, ...more }) as Alert;

const empty: Snapshot = {
  seq: 10, at: "2026-03-01T14:00:00Z", alerts: [], conditions: [], devices: [], gateways: [], duty: [], handovers: [],
  log: { size: 5, chain: "aa", checkpoint: { size: 3, at: "2026-03-01T13:00:00Z" } }, events: [], taps: [], quiet_since: null,
};
const push = (seq: number, type: Push["type"], body: unknown) => ({ seq, type, body }) as Push;
const after = (state: Live, ...pushes: Push[]) => pushes.reduce(apply, state);

describe("apply", () => {
  it("keeps the queue by priority, then age", () => {
    const made = after(
      begin(empty),
      push(11, "alert", alert("late", { heard_at: "2026-03-01T14:05:00Z" })),
      push(12, "alert", alert("early")),
      push(13, "alert", alert("life", { priority: 1, heard_at: "2026-03-01T14:09:00Z" })),
    );
    expect(made.alerts.map((a) => a.id)).toEqual(["life", "early", "late"]);
    expect(made.seq).toBe(13);
  });

  it("lets nothing older than itself change it, whatever order answers and pushes come in", () => {
    const acked = alert("a", { state: "acked", version: 2 });
    const made = after(absorb(after(begin(empty), push(11, "alert", alert("a"))), acked), push(12, "alert", alert("a", { version: 1 })));
    expect(made.alerts[0]!.state).toBe("acked");
  });

  it("hears each push once", () => {
    const once = after(begin(empty), push(11, "repeats", []), push(12, "log", { size: 6, chain: "bb" }));
    expect(apply(once, push(12, "log", { size: 9, chain: "zz" }))).toBe(once);
  });

  it("drops a closed alert and remembers since when it is quiet", () => {
    const made = after(begin(empty), push(11, "alert", alert("a")), push(12, "alert", alert("a", { state: "closed", closed_at: "2026-03-01T15:00:00Z", version: 3 })));
    expect(made.alerts).toEqual([]);
    expect(made.quiet_since).toBe("2026-03-01T15:00:00Z");
  });

  it("counts repeats without a whole alert", () => {
    const made = after(begin({ ...empty, alerts: [alert("a"), alert("b")] }), push(11, "repeats", [{ id: "a", repeats: 7, last_at: "2026-03-01T14:01:00Z", version: 1, state: "raised" }]));
    expect(made.alerts.map((a) => a.repeats)).toEqual([7, 0]);
  });

  it("forgets a condition that is over, keeps the checkpoint when the log grows", () => {
    const on = { subject: "S", name: "fire.alarm", active: true, since: "2026-03-01T14:00:00Z" };
    const made = after(begin({ ...empty, conditions: [on] }), push(11, "conditions", [{ ...on, active: false }]), push(12, "log", { size: 6, chain: "bb" }));
    expect(made.conditions).toEqual([]);
    expect(made.log).toEqual({ size: 6, chain: "bb", checkpoint: { size: 3, at: "2026-03-01T13:00:00Z" } });
  });

  it("keeps a hand-over while it is under way, and nothing older than what it knows", () => {
    const moved = (version: number, state: string) => ({ id: "h", seat_id: "centre", state, version, outgoing: "wang", incoming: null, expected: null, planned_end: null });
    const offered = after(begin(empty), push(11, "handover", moved(1, "open")), push(12, "handover", moved(3, "offered")), push(13, "handover", moved(2, "open")));
    expect(offered.handovers.map((h) => [h.version, h.state])).toEqual([[3, "offered"]]);
    expect(after(offered, push(14, "handover", moved(4, "done"))).handovers).toEqual([]);
  });

  it("asks for a fresh picture when the register changed or the server says something new", () => {
    expect(apply(begin(empty), push(11, "register", { version: 2 })).refetch).toBe("register");
    expect(apply(begin(empty), push(11, "from_the_future" as Push["type"], {})).refetch).toContain("from_the_future");
  });

  it("changes nothing it was given", () => {
    const state = Object.freeze(begin({ ...empty, alerts: Object.freeze([alert("a")]) as Alert[] }));
    after(state, push(11, "alert", alert("b")), push(12, "events", { count: 1, items: [{ id: "e", heard_at: "2026-03-01T14:00:00Z", device_id: "S" }] }));
    expect(state.alerts).toHaveLength(1);
  });
});

/** Written by the server's own tests: what it says, and what a fresh snapshot then holds. */
const folder = fileURLToPath(new URL("../../../tests/contract/live/", import.meta.url));
const vectors = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith(".json")) : [];

describe.runIf(vectors.length > 0)("snapshot + pushes = fresh snapshot", () => {
  it.each(vectors)("%s", (file) => {
    const { before, pushes, after: fresh } = JSON.parse(readFileSync(folder + file, "utf8")) as { before: Snapshot; pushes: Push[]; after: Snapshot };
    const live = pushes.reduce(apply, begin(before));
    expect(settled(live)).toEqual(settled(begin(fresh)));
    // Of a burst the feed tells only the newest; what it told is what there is.
    const told = pushes.every((p) => p.type !== "events" || p.body.count === p.body.items.length);
    expect(fresh.events).toEqual(expect.arrayContaining(live.events));
    if (told) expect(live.events).toHaveLength(fresh.events.length);
  });
});

/** Order is the page's own affair; `at` is when it was asked; a device's last word is only pushed with its events. */
function settled(state: Live): unknown {
  const by = <T>(rows: T[], key: (row: T) => string) => [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return {
    seq: state.seq,
    alerts: state.alerts,
    quiet_since: state.quiet_since,
    conditions: by(state.conditions, (c) => `${c.subject} ${c.name}`),
    devices: by(state.devices, (d) => d.device_id).map(({ device_id, silent }) => ({ device_id, silent })),
    gateways: by(state.gateways, (g) => g.gateway_id),
    duty: by(state.duty, (s) => s.seat_id),
    handovers: by(state.handovers, (h) => h.id),
    taps: by(state.taps, (t) => t.event_id),
    log: { size: state.log.size, chain: state.log.chain },
  };
}
