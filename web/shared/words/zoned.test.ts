import { describe, expect, it } from "vitest";

import { dayAt, daysAfter, instantOf, wall } from "./zoned";

describe("a site's wall clock", () => {
  it("is written and read back", () => {
    expect(wall("2026-03-01T16:30:05Z", "Asia/Shanghai")).toBe("2026-03-02T00:30");
    expect(instantOf("2026-03-02", "00:30", "Asia/Shanghai")).toBe("2026-03-01T16:30:00.000Z");
    expect(dayAt("2026-03-01T16:30:05Z", "Asia/Shanghai")).toBe("2026-03-02");
  });
  it.each([
    ["2026-03-08", "00:00", "2026-03-08T05:00:00.000Z"], ["2026-03-09", "00:00", "2026-03-09T04:00:00.000Z"],
    ["2026-03-08", "02:30", "2026-03-08T07:30:00.000Z"], ["2026-11-01", "01:30", "2026-11-01T05:30:00.000Z"], ["2026-11-02", "00:00", "2026-11-02T05:00:00.000Z"],
  ])("knows the hour that is left out and the one that comes twice: %s %s", (day, time, at) => expect(instantOf(day, time, "America/New_York")).toBe(at));
  it("counts days over the end of a month", () => expect([daysAfter("2026-02-28", 1), daysAfter("2026-03-01", -1)]).toEqual(["2026-03-01", "2026-02-28"]));
});
