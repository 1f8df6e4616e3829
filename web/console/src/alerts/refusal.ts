/** A refusal in words: what was refused, and who may instead. */
import type { Problem } from "@shared/api/client";

import { useWords } from "@/words";

export function useRefusal() {
  const { t, say, knows } = useWords();
  return (problem: Problem, names: { custodian: string; holder: string; seat: string }): string => {
    const words = knows(`error.${problem.code}`) ? say(`error.${problem.code}`, problem.data) : problem.status === 0 ? t("error.unreachable") : problem.detail;
    if (problem.code === "not_holder") return `${words}。${t("error.who", names)}`.replace("。", t("error.stop"));
    return words;
  };
}
