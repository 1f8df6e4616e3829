/** The tags of the site, those that were read and hang nowhere, and what a leader does with them. */
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { watchDebounced } from "@vueuse/core";
import { computed, ref, shallowRef } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";

import { onPush } from "@/live/live";
import { siteId } from "@/session/session";

import { type PatrolTag, type UnknownTag, waiting, withTag } from "./tags";

export type { PatrolTag, UnknownTag };
const TAGS = "/api/v1/sites/{site}/tags" as const;

export function useTags() {
  const queries = useQueryClient();
  const at = () => ({ params: { path: { site: siteId.value } } });
  const one = (uid: string) => ({ params: { path: { site: siteId.value, uid } } });
  const enabled = () => siteId.value !== "";
  const query = useQuery({ queryKey: computed(() => ["tags", siteId.value]), queryFn: () => taken(client.GET(TAGS, at())), enabled });
  const strange = useQuery({ queryKey: computed(() => ["tags-unknown", siteId.value]), queryFn: () => taken(client.GET(`${TAGS}/unknown`, at())), enabled });
  const tags = computed(() => query.data.value?.items ?? []);
  const busy = ref(false);
  const problem = shallowRef<Problem | null>(null);
  const heard = ref(0);
  onPush("taps", () => (heard.value += 1));
  watchDebounced(heard, () => void Promise.all([query.refetch(), strange.refetch()]), { debounce: 300, maxWait: 1500 });

  /** What the server answers is on the page at once; the two lists then come anew, in whatever order, and tell the rest. */
  async function act(ask: () => Promise<{ data?: PatrolTag; response: Response }>): Promise<PatrolTag | null> {
    busy.value = true;
    problem.value = null;
    try {
      const made = await taken(ask());
      const mine = ["tags", siteId.value];
      await queries.cancelQueries({ queryKey: mine });
      queries.setQueryData<{ items: PatrolTag[] }>(mine, (old) => old && { ...old, items: withTag(old.items, made) });
      void Promise.all([queries.invalidateQueries({ queryKey: ["tags"] }), queries.invalidateQueries({ queryKey: ["tags-unknown"] })]);
      return made;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
      return null;
    } finally {
      busy.value = false;
    }
  }
  return {
    query, busy, problem,
    tags,
    unknown: computed(() => waiting(strange.data.value?.items ?? [], tags.value)),
    assign: (checkpoint: string, tag: UnknownTag | null) =>
      act(() => client.POST(TAGS, { ...at(), body: { checkpoint, uid: tag?.uid, proof: tag?.proof === "sun" ? "sun" : "uid", key_version: 1 } })),
    block: (uid: string, reason: string) => act(() => client.POST(`${TAGS}/{uid}/block`, { ...one(uid), body: { reason } })),
    restore: (uid: string, reason: string) => act(() => client.POST(`${TAGS}/{uid}/restore`, { ...one(uid), body: { reason } })),
    move: (uid: string, checkpoint: string, reason: string) => act(() => client.POST(`${TAGS}/{uid}/move`, { ...one(uid), body: { checkpoint, reason } })),
    replace: (uid: string, by: string, reason: string) => act(() => client.POST(`${TAGS}/{uid}/replace`, { ...one(uid), body: { by, reason } })),
  };
}
