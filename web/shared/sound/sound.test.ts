import { describe, expect, it } from "vitest";

import { loopMs, render } from "./sound";

describe("the bell", () => {
  it("is quicker for what is more urgent, and once the target has passed", () => {
    const calm = [1, 2, 3, 4].map((p) => loopMs(p, false));
    expect(calm).toEqual([...calm].sort((a, b) => a - b));
    for (const p of [1, 2, 3, 4]) expect(loopMs(p, true)).toBeLessThan(loopMs(p, false));
  });

  it("sounds, never clips, and ends each loop in silence", () => {
    for (const p of [1, 2, 3, 4]) {
      const samples = render(p, true, 8000);
      expect(Math.max(...samples)).toBeGreaterThan(0.1);
      expect(Math.max(...samples.map(Math.abs))).toBeLessThanOrEqual(1);
      expect(samples.at(-1)).toBeCloseTo(0);
    }
  });
});
