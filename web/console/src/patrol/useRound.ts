/** One round with everything known of it, asked anew when the feed says that it moved; and what a supervisor may do to it. */
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { watchDebounced } from "@vueuse/core";
import { computed, ref, shallowRef } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { RoundSheet } from "@shared/api/types";

import { onPush } from "@/live/live";
import { siteId } from "@/session/session";

const ONE = "/api/v1/sites/{site}/rounds/{id}" as const;

export function useRound(id: () => string) {
  const queries = useQueryClient();
  const key = computed(() => ["round", siteId.value, id()]);
  const at = () => ({ params: { path: { site: siteId.value, id: id() } } });
  const query = useQuery({ queryKey: key, queryFn: () => taken(client.GET(ONE, at())), enabled: () => siteId.value !== "" && id() !== "" });
  const busy = ref(false);
  const problem = shallowRef<Problem | null>(null);

  const moved = ref(0);
  onPush("round", (told) => told.id === id() && (moved.value = told.version));
  onPush("taps", (taps) => taps.some((t) => t.checkpoint_id && query.data.value?.brief.points[t.checkpoint_id]) && (moved.value += 0.001));
  watchDebounced(moved, () => void query.refetch(), { debounce: 200, maxWait: 1000 });

  async function act<T>(ask: () => Promise<{ data?: T; response: Response }>): Promise<boolean> {
    busy.value = true;
    problem.value = null;
    try {
      queries.setQueryData(key.value, await taken(ask()));
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
      return false;
    } finally {
      busy.value = false;
    }
  }
  return {
    query,
    sheet: computed(() => (query.data.value as RoundSheet | undefined) ?? null), // openapi-fetch loosens the bands' pairs
    busy,
    problem,
    suspend: (reason: string) => act(() => client.POST(`${ONE}/suspend`, { ...at(), body: { reason } })),
    resume: () => act(() => client.POST(`${ONE}/resume`, at())),
    excuse: (points: string[], reason: string) => act(() => client.POST(`${ONE}/excuse`, { ...at(), body: { points, reason } })),
  };
}
