/** What comes next with a roster, and whether it is this viewer's to do. Pure. */
import type { Register, Role, RosterHead } from "@shared/api/types";

export type Step = "make" | "submit" | "approve" | "publish" | "revise";
export interface Viewer { person: string | null; roles: readonly Role[] }
type Policy = Pick<Register["policies"]["duty"], "roster_authors" | "roster_approvers">;
/** `role`: another role does it; `own`: whoever made it does not approve it; `past`: the month is over. */
export interface Next { step: Step; may: boolean; why: "" | "role" | "own" | "past" }

const one = (viewer: Viewer, roles: readonly Role[]) => viewer.person !== null && viewer.roles.some((r) => roles.includes(r));
export const writes = (viewer: Viewer, policy: Policy): boolean => one(viewer, policy.roster_authors);
export const approves = (viewer: Viewer, policy: Policy): boolean => one(viewer, policy.roster_approvers);

/** Null for what is only kept: versions that were superseded, drafts that were withdrawn. */
export function next(roster: RosterHead | null, viewer: Viewer, policy: Policy, past: boolean): Next | null {
  const by = (step: Step, may: boolean): Next => ({ step, may: may && !past, why: past ? "past" : may ? "" : "role" });
  switch (roster?.state) {
    case undefined:
      return by("make", writes(viewer, policy));
    case "draft":
    case "sent_back":
      return by("submit", writes(viewer, policy));
    case "submitted": {
      const own = viewer.person !== null && roster.authors.includes(viewer.person);
      const found = by("approve", approves(viewer, policy) && !own);
      return found.why === "role" && own && approves(viewer, policy) ? { ...found, why: "own" } : found;
    }
    case "approved":
      return by("publish", writes(viewer, policy) || approves(viewer, policy));
    case "published":
      return by("revise", writes(viewer, policy));
    default:
      return null;
  }
}

/** Who could do it: the people of those roles, for an approval without the authors. */
export function who(step: Step, roster: RosterHead | null, book: Register): string[] {
  const { roster_authors: authors, roster_approvers: approvers } = book.policies.duty;
  const roles = step === "approve" ? approvers : step === "publish" ? [...authors, ...approvers] : authors;
  return Object.values(book.people)
    .filter((p) => p.roles.some((r) => roles.includes(r)) && !(step === "approve" && roster?.authors.includes(p.id)))
    .map((p) => p.id);
}
