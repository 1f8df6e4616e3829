/** One command at a time, its answer taken into the live picture, its refusal in words. */
import { useQueryClient } from "@tanstack/vue-query";
import { ref } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { Acknowledged, Alert, Cause, Disposition } from "@shared/api/types";

import { take } from "@/live/live";
import { siteId } from "@/session/session";

export type Outcome = Acknowledged["outcome"];
export interface Close { disposition: Disposition; cause: Cause | null; note: string | null; reason: string | null }

export function useActs() {
  const busy = ref(false);
  const problem = ref<Problem | null>(null);
  const queries = useQueryClient();

  async function run<T extends { alert: Alert }>(id: string, asked: Promise<{ data?: T; response: Response }>): Promise<T | null> {
    busy.value = true;
    problem.value = null;
    try {
      const answer = await taken(asked);
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
  const at = (id: string) => ({ params: { path: { site: siteId.value, id } } });
  const ONE = "/api/v1/sites/{site}/alerts/{id}" as const;

  return {
    busy,
    problem,
    ack: (id: string) => run(id, client.POST(`${ONE}/ack`, { ...at(id), body: { override: false, reason: null } })),
    override: (id: string, reason: string) => run(id, client.POST(`${ONE}/ack`, { ...at(id), body: { override: true, reason } })),
    reset: (id: string) => run(id, client.POST(`${ONE}/reset`, { ...at(id), body: {} })),
    release: (id: string, reason: string) => run(id, client.POST(`${ONE}/release`, { ...at(id), body: { reason } })),
    note: (id: string, text: string) => run(id, client.POST(`${ONE}/note`, { ...at(id), body: { text } })),
    record: (id: string, person: string) => run(id, client.POST(`${ONE}/recorder`, { ...at(id), body: { person } })),
    dispose: (id: string, close: Close) => run(id, client.POST(`${ONE}/dispose`, { ...at(id), body: close })),
  };
}
