/** What the feed's word on rosters asks of a board that shows one of them. Pure. */
import type { RosterHead, RosterMoved } from "@shared/api/types";

export type Known = Pick<RosterHead, "id" | "revision" | "state" | "version">;

/**
 * `nothing`: not our month, or what we know already (our own edits come back this way). `list`: another roster of the
 * month moved. `roster`: the one we show is not what it was.
 */
export function asks(known: Known | null, month: string, moved: RosterMoved): "nothing" | "list" | "roster" {
  if (moved.month !== month) return "nothing";
  if (!known || moved.id !== known.id) return "list";
  return moved.revision === known.revision && moved.state === known.state && moved.version === known.version ? "nothing" : "roster";
}
