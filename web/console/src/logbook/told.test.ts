import { createSSRApp } from "vue";
import { renderToString } from "vue/server-renderer";
import { beforeAll, describe, expect, it, vi } from "vitest";

import catalogue from "@core-words/en.json";
import FIELDS from "@core-words/fields.json";
import type { LogEntry, Register } from "@shared/api/types";

vi.stubGlobal("document", { documentElement: {}, title: "" });
const { i18n } = await import("@/words");
const { register } = await import("@/live/live");
const { useTold } = await import("./told");

const w = (zh: string, en: string) => ({ name: { zh, en } });
const site = {
  zones: {}, devices: {}, gateways: {}, externals: [], templates: { night: { id: "night", ...w("夜班", "Night") } },
  people: { wang: { id: "wang", ...w("王", "Wang") }, li: { id: "li", ...w("李", "Li") } },
  seats: { centre: { id: "centre", ...w("监控值机", "Centre operator") }, patrol: { id: "patrol", ...w("巡逻", "Patrol") } },
  posts: { gate: { id: "gate", ...w("门岗", "Gate") } }, checkpoints: { C1: { id: "C1", ...w("泵房", "Pump room") } },
  patrol_routes: { grounds: { id: "grounds", ...w("园区日巡", "Grounds"), stops: [] } }, checklists: { centre: { seat: "centre", items: [{ id: "radios", ...w("对讲机", "Radios") }] } }, pre_checks: {}, equipment_tests: {},
};

/** What a line says, in a language: `subject | label words | …`. */
async function line(language: "zh-CN" | "en", act: string, subject: string, data: Record<string, unknown>): Promise<string> {
  i18n.global.locale.value = language;
  let told = "";
  const app = createSSRApp({
    setup() {
      const { facts, subject: about } = useTold();
      const entry = { n: 1, at: "2026-03-01T14:00:00Z", act, actor: "system", subject, data, chain: "" } as LogEntry;
      told = [about(entry), ...facts(entry).map((f) => `${f.label} ${f.words}`.trim())].filter(Boolean).join(" | ");
      return () => null;
    },
  });
  await renderToString(app.use(i18n));
  return told;
}

describe("a line", () => {
  beforeAll(() => void (register.value = site as unknown as Register));
  const ROUND = "019ca9ce-5e40-73e5-b7ca-08c1e59f98a7";

  it("of a round names its route and seat, and no id", async () => {
    const data = { route: "grounds", plan: "by-night", seat: "patrol", closes_at: "2026-03-01T15:30:00Z" };
    expect(await line("zh-CN", "patrol.open", `round/${ROUND}`, data)).toMatch(/^园区日巡 \| 席位 巡逻 \| 截止 .*30:00$/);
    expect(await line("en", "patrol.open", `round/${ROUND}`, data)).toMatch(/^Grounds \| seat Patrol \| closes .*30:00$/);
  });
  it("of an alert says what it came with, each thing once and the beginning before the end", async () => {
    const data = { number: 4, kind: "duty.short", subject: "coverage/gate/2026-03-12", seat: "centre", holder: "wang", data: { code: "too_few", ends_at: "2026-03-12T08:00:00Z", gaps: 1, have: 1, need: 2, post: "gate", starts_at: "2026-03-12T00:00:00Z" } };
    const told = await line("en", "alert.raise", `alert/${ROUND}`, data);
    expect(told).toContain("seat in charge Centre operator | holder Wang | what is missing too few people | need 2 | have 1 | starts ");
    expect(told.match(/Gate/g)).toHaveLength(1);
    expect(told.indexOf("starts")).toBeLessThan(told.indexOf("ends"));
    expect(await line("zh-CN", "alert.raise", `alert/${ROUND}`, data)).toContain("缺口 人数不足 | 需要人数 2 | 现有人数 1 | 开始 ");
  });
  it("says spans, points, shifts and states as people do", async () => {
    expect(await line("zh-CN", "away.return", `away/${ROUND}`, { seat: "centre", person: "wang", away_s: 840, overdue_s: 0 })).toBe("席位 监控值机 | 人员 王 | 离岗时长 14 分钟");
    expect(await line("en", "patrol.settle", `round/${ROUND}`, { route: "grounds", points: { C1: "late" }, result: "partial", odd: [] })).toBe("Grounds | result Partial | points Pump room Late");
    expect(await line("en", "request.approve", `request/${ROUND}`, { kind: "swap", from: "agreed", to: "approved", shifts: [["centre", "2026-03-06", "night", "wang", "li"]], rosters: [ROUND] })).toMatch(/^Swap \| Waiting for approval → Approved \| shifts Centre operator Fri 6 Mar Night Wang → Li$/);
  });
  it("names what a hand-over goes through", async () => {
    expect(await line("en", "handover.override", `handover/${ROUND}`, { left: ["list/radios", `point/${ROUND}/C1`, "entry/000000012", `follow/alert/${ROUND}`] })).toBe("hand-over | left open Radios, Pump room, entry 12, alarm");
  });
  it("leaves a device its own words", async () => expect(await line("en", "alert.raise", "alert/x", { number: 1, kind: "fire.alarm", data: { loop: 2, vendor_code: "0x2F" } })).toBe("#1 | Fire alarm | loop 2 | vendor_code 0x2F"));
});

it("has words for every family of codes that a field is said to be of", () => {
  const families = Object.values(FIELDS).filter((kind) => kind.startsWith("code:")).flatMap((kind) => kind.slice(5).split(",")).filter((family) => family !== "person");
  expect(families.length).toBeGreaterThan(20);
  expect(families.filter((family) => !Object.keys(catalogue).some((code) => code.startsWith(`${family}.`)))).toEqual([]);
});
