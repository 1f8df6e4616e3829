import { describe, expect, it } from "vitest";

import { clock, countdown, inFull, moment, span } from "./time";

describe("time", () => {
  it("is the site's, not the browser's", () => {
    expect(clock("2026-03-01T16:30:05Z", "zh-CN", "Asia/Shanghai")).toBe("00:30:05");
    expect(clock("2026-03-01T16:30:05Z", "en", "Europe/London")).toBe("16:30:05");
  });
  it("names the day when it is not today", () => {
    const now = Date.parse("2026-03-02T02:00:00Z");
    expect(moment("2026-03-02T01:00:00Z", "en", "UTC", now)).toBe("01:00:00");
    expect(moment("2026-03-01T23:00:00Z", "en", "UTC", now)).toBe("1 Mar 23:00:00");
  });
  it("tells date, time and offset in this order, in either language and on either side of a change of the clocks", () => {
    expect(inFull("2026-11-22T19:29:26Z", "zh-CN", "Asia/Shanghai")).toBe("2026年11月23日 03:29:26 GMT+8");
    expect(inFull("2026-11-22T19:29:26Z", "en", "Asia/Shanghai")).toBe("23 Nov 2026 03:29:26 GMT+8");
    expect(inFull("2026-10-25T00:30:00Z", "zh-CN", "Europe/Berlin")).toBe("2026年10月25日 02:30:00 GMT+2");
    expect(inFull("2026-10-25T01:30:00Z", "zh-CN", "Europe/Berlin")).toBe("2026年10月25日 02:30:00 GMT+1");
  });
  it("says spans as people do", () => {
    expect([9_999, 99_000, 100_000, 7_200_000, 200_000_000].map((ms) => span(ms))).toEqual([
      { n: 9, unit: "s" }, { n: 99, unit: "s" }, { n: 1, unit: "min" }, { n: 2, unit: "h" }, { n: 2, unit: "d" },
    ]);
  });
  it("counts down, and up once it has passed", () => {
    expect([23_400, 3_725_000, 400, -65_000].map(countdown)).toEqual(["0:23", "1:02:05", "0:00", "+1:05"]);
  });
});
