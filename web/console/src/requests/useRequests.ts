/** Requests: asked for, answered, and heard of again when the feed says that one moved. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/vue-query";
import { computed, type Ref, ref, shallowRef } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { AskRequest, DutyRequest } from "@shared/api/types";

import { onPush } from "@/live/live";
import { personId, siteId } from "@/session/session";

export function useRequests(state: Ref<"open" | "all">) {
  const queries = useQueryClient();
  const pages = useInfiniteQuery({
    queryKey: ["requests", siteId, state],
    queryFn: ({ pageParam }) => taken(client.GET("/api/v1/sites/{site}/requests", { params: { path: { site: siteId.value }, query: { state: state.value, before: pageParam, limit: 50 } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
  const items = computed<DutyRequest[]>(() => pages.data.value?.pages.flatMap((p) => p.items) ?? []);
  const viewer = computed(() => ({ person: personId.value, decides: pages.data.value?.pages[0]?.decides ?? false }));
  const refresh = () => queries.invalidateQueries({ queryKey: ["requests", siteId.value] });
  onPush("request", () => void refresh());
  return { pages, items, viewer, refresh };
}

export type Asked = AskRequest;
const ONE = "/api/v1/sites/{site}/requests/{id}" as const;

/** One command at a time; its refusal stays until the next. */
export function useAnswer(done: () => Promise<unknown>) {
  const busy = ref(false);
  const problem = shallowRef<Problem | null>(null);
  async function run(asked: Promise<{ data?: DutyRequest; error?: unknown; response: Response }>): Promise<DutyRequest | null> {
    busy.value = true;
    problem.value = null;
    try {
      return await taken<DutyRequest>(asked);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
      return null;
    } finally {
      await done();
      busy.value = false;
    }
  }
  const at = (id: string) => ({ params: { path: { site: siteId.value, id } } });
  return {
    busy, problem,
    ask: (body: Asked) => run(client.POST("/api/v1/sites/{site}/requests", { params: { path: { site: siteId.value } }, body })),
    agree: (id: string) => run(client.POST(`${ONE}/agree`, { ...at(id), body: {} })),
    approve: (id: string, override: string, standIn: string | null, answer: string) => run(client.POST(`${ONE}/approve`, { ...at(id), body: { override, stand_in: standIn, answer } })),
    refuse: (id: string, reason: string) => run(client.POST(`${ONE}/refuse`, { ...at(id), body: { reason } })),
    withdraw: (id: string) => run(client.POST(`${ONE}/withdraw`, { ...at(id), body: {} })),
  };
}
