/** Taps, newest first, page by page; and anew when the feed brings one. */
import { useInfiniteQuery } from "@tanstack/vue-query";
import { watchDebounced } from "@vueuse/core";
import { computed, ref, type Ref } from "vue";

import { client, taken } from "@shared/api/client";

import { onPush } from "@/live/live";
import { siteId } from "@/session/session";

export function useTaps(limit: number, checkpoint: Ref<string> = ref(""), person: Ref<string> = ref("")) {
  const query = useInfiniteQuery({
    queryKey: ["taps", siteId, checkpoint, person, limit],
    queryFn: ({ pageParam }) =>
      taken(client.GET("/api/v1/sites/{site}/taps", { params: { path: { site: siteId.value }, query: { before: pageParam, limit, checkpoint: checkpoint.value || null, person: person.value || null } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    enabled: () => siteId.value !== "",
  });
  const heard = ref(0);
  onPush("taps", () => (heard.value += 1));
  watchDebounced(heard, () => void query.refetch(), { debounce: 300, maxWait: 1500 });
  return { query, taps: computed(() => query.data.value?.pages.flatMap((p) => p.items) ?? []) };
}
