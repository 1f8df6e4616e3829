/** The tags of the site beside those that were read and hang nowhere: two lists that are told apart, fetched apart, and
 *  must never both hold one tag. */
import type { components } from "@shared/api/schema";

export type PatrolTag = components["schemas"]["PatrolTag"];
export type UnknownTag = components["schemas"]["UnknownTag"];

/** The reads that wait to be hung. A tag that has its row in the register hangs, whatever an older answer says of its reads. */
export function waiting(unknown: readonly UnknownTag[], tags: readonly PatrolTag[]): UnknownTag[] {
  const hung = new Set(tags.map((t) => t.uid));
  return unknown.filter((u) => !hung.has(u.uid));
}

/** The register with this tag as the server just told it: in its row, or as a new one at its point. */
export function withTag(tags: readonly PatrolTag[], told: PatrolTag): PatrolTag[] {
  const key = (t: PatrolTag) => `${t.checkpoint}\n${t.uid}`;
  return [...tags.filter((t) => t.uid !== told.uid), told].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
