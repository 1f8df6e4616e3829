/** What people wish of a month, as the solver takes it: a shift liked or not, of a day, of a template, or of both. */
import type { SolveRoster } from "@shared/api/types";

export type Wish = Required<Pick<SolveRoster["wishes"][number], "person" | "day" | "template" | "likes">>;
export const KINDS = ["off", "wants", "avoids"] as const;
export type WishKind = (typeof KINDS)[number];

/** No shift at all on a day is a day off. */
export const said = (w: Wish): WishKind => (w.likes ? "wants" : w.day && !w.template ? "off" : "avoids");
