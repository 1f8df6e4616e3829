import { describe, expect, it } from "vitest";

import { type Draft, faults, freshPlan, freshRoute, moved, placeOf, toggled, weekdays, weekdayToggled, whenOf, whenSet } from "./book";

const none: Draft = { routes: [], plans: [] };
const route = { ...freshRoute(none), name: { zh: "环线", en: "Loop" }, stops: toggled([], "C1") };
const plan = freshPlan(none, route.id, "gate");

describe("the book of routes and plans", () => {
  it("moves a stop, and nothing over the edge", () => {
    expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
    expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
    expect(moved(["a", "b"], 1, 2)).toEqual(["a", "b"]);
  });
  it("takes a point onto the route and off it again", () => {
    const two = toggled(toggled([], "C1"), "C2");
    expect(two.map((s) => s.checkpoint)).toEqual(["C1", "C2"]);
    expect(toggled(two, "C1").map((s) => s.checkpoint)).toEqual(["C2"]);
  });
  it("finds nothing wrong with what is whole", () => {
    expect(faults({ routes: [route], plans: [plan] })).toEqual([]);
    for (const when of ["every_min", "per_shift", "rrule"] as const) {
      const other = whenSet(plan, when);
      expect(whenOf(other)).toBe(when);
      expect(faults({ routes: [route], plans: [other] })).toEqual([]);
    }
  });
  it.each([
    ["patrol_routes[0].name", { ...route, name: { zh: "环线", en: " " } }, plan],
    ["patrol_routes[0].stops", { ...route, stops: [] }, plan],
    ["patrol_routes[0].stops[0].leg_s", { ...route, stops: [{ checkpoint: "C1", tasks: [], leg_s: [90, 30] as [number, number] }] }, plan],
    ["patrol_plans[0].route", route, { ...plan, route: "none" }],
    ["patrol_plans[0].every_min", route, { ...plan, every_min: 5 }],
    ["patrol_plans[0].window_min", route, { ...plan, window_min: 300 }],
    ["patrol_plans[0].window_min", route, { ...whenSet(plan, "rrule"), window_min: 0 }],
  ])("names the field %s", (field, r, p) => {
    expect(faults({ routes: [r], plans: [p] }).map((f) => f.field)).toEqual([field]);
  });
  it("reads and writes weekdays, and leaves other rules alone", () => {
    expect(weekdays("FREQ=WEEKLY;BYDAY=TU,FR")).toEqual(["TU", "FR"]);
    expect(weekdays("FREQ=MONTHLY;BYMONTHDAY=1")).toBeNull();
    expect(weekdayToggled("FREQ=WEEKLY;BYDAY=FR", "TU")).toBe("FREQ=WEEKLY;BYDAY=TU,FR");
    expect(weekdayToggled("FREQ=WEEKLY;BYDAY=FR", "FR")).toBe("FREQ=WEEKLY;BYDAY=FR");
  });
  it("knows where a fault is", () => {
    expect(placeOf("patrol_plans[2].window_min")).toEqual({ list: "plans", n: 2, rest: "window_min" });
    expect(placeOf("reason")).toBeNull();
  });
});
