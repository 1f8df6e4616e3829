/** A refusal in words, with names for the people and roles in it. */
import type { Problem } from "@shared/api/client";

import { usePlaces } from "@/alerts/place";
import { useWords } from "@/words";

export function useTrouble() {
  const { t, say, knows } = useWords();
  const places = usePlaces();
  return (problem: Problem): string => {
    if (problem.status === 0) return t("error.unreachable");
    const code = `error.${problem.code}`;
    const words = knows(code) ? say(code, problem.data) : problem.detail;
    const { roles, authors } = problem.data as { roles?: unknown; authors?: unknown };
    if (Array.isArray(roles)) return `${words} ${t("roster.may", { who: roles.map((r) => say(`role.${String(r)}`)).join(t("facts.and")) })}`;
    if (Array.isArray(authors)) return `${words} ${t("roster.madeBy", { who: authors.map((a) => places.person(String(a))).join(t("facts.and")) })}`;
    return words;
  };
}
