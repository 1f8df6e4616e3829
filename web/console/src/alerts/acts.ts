/** One command at a time, its answer taken into the live picture, its refusal in words. */
import { useQueryClient } from "@tanstack/vue-query";
import { ref } from "vue";

import { post, type Problem, Refused } from "@shared/api/call";
import type { Alert, Cause, Disposition } from "@shared/api/types";

import { take } from "@/live/live";
import { siteId } from "@/session/session";

export type Outcome = "custody" | "witness" | "override";
export interface Answer { alert: Alert; outcome?: Outcome }
export interface Close { disposition: Disposition; cause?: Cause; note?: string; reason?: string }

export function useActs() {
  const busy = ref(false);
  const problem = ref<Problem | null>(null);
  const queries = useQueryClient();

  async function run(id: string, verb: string, body: object): Promise<Answer | null> {
    if (busy.value) return null;
    busy.value = true;
    problem.value = null;
    try {
      const answer = await post<Answer>(`/sites/${siteId.value}/alerts/${id}/${verb}`, body);
      take(answer.alert);
      await queries.invalidateQueries({ queryKey: ["story", siteId.value, id] });
      return answer;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
      return null;
    } finally {
      busy.value = false;
    }
  }

  return {
    busy,
    problem,
    ack: (id: string) => run(id, "ack", {}),
    override: (id: string, reason: string) => run(id, "ack", { override: true, reason }),
    reset: (id: string) => run(id, "reset", {}),
    release: (id: string, reason: string) => run(id, "release", { reason }),
    note: (id: string, text: string) => run(id, "note", { text }),
    dispose: (id: string, close: Close) => run(id, "dispose", close),
  };
}
