/** The solver at work on a draft: begun, watched each second, called off; its answer is one step that can be undone. */
import { useIntervalFn } from "@vueuse/core";
import { computed, ref, type Ref, shallowRef, watch } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { Roster, RosterSolve } from "@shared/api/types";

import { siteId } from "@/session/session";

import type { Wish } from "./wishes";

export const SOLVE_S = 10;
const PATH = "/api/v1/sites/{site}/rosters/{id}/solve" as const;

export function useSolve(roster: Ref<Roster | null>, load: () => Promise<void>) {
  const job = shallowRef<RosterSolve | null>(null);
  const problem = shallowRef<Problem | null>(null);
  /** What people wish of this roster; kept while it is on the page, so that one may solve again. */
  const wishes = ref<Wish[]>([]);
  const running = computed(() => job.value?.state === "running");
  const at = () => ({ params: { path: { site: siteId.value, id: roster.value?.id ?? "" } } });

  async function run(asked: Promise<{ data?: RosterSolve; error?: unknown; response: Response }>): Promise<void> {
    const whose = roster.value?.id;
    try {
      const found = await taken<RosterSolve>(asked);
      if (roster.value?.id !== whose) return;
      const was = job.value?.state;
      job.value = found;
      problem.value = null;
      if (was === "running" && found.state === "solved") await load();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
    }
  }
  const poll = useIntervalFn(() => void (running.value && run(client.GET(PATH, at()))), 1000, { immediate: false });
  watch(running, (now) => (now ? poll.resume() : poll.pause()));
  watch(() => roster.value?.id, () => {
    job.value = null;
    problem.value = null;
    wishes.value = [];
  });

  return {
    job, problem, running, wishes,
    begin: () => run(client.POST(PATH, { ...at(), body: { revision: roster.value?.revision ?? 0, seconds: SOLVE_S, seats: [], keep: true, wishes: wishes.value } })),
    callOff: () => run(client.DELETE(PATH, at())),
    forget: () => {
      job.value = null;
      problem.value = null;
    },
  };
}
