/** The rounds of some days, kept fresh by the feed. */
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";

import { client, taken } from "@shared/api/client";
import { daysAfter, instantOf } from "@shared/words/zoned";

import { onPush } from "@/live/live";
import { siteId, zone } from "@/session/session";

import { fold } from "./rules";

export function useRounds(first: Ref<string>, days = 1) {
  const queries = useQueryClient();
  const key = computed(() => ["rounds", siteId.value, first.value, days]);
  const query = useQuery({
    queryKey: key,
    queryFn: async () => (await taken(client.GET("/api/v1/sites/{site}/rounds", { params: { path: { site: siteId.value }, query: { first: first.value, days } } }))).items,
    enabled: () => siteId.value !== "" && first.value !== "",
    refetchInterval: 120_000, // the feed tells what changes; this is for what it could not
  });
  const begins = computed(() => Date.parse(instantOf(first.value, "00:00", zone.value)));
  const ends = computed(() => Date.parse(instantOf(daysAfter(first.value, days), "00:00", zone.value)));
  const within = (at: string) => Date.parse(at) >= begins.value && Date.parse(at) < ends.value;
  onPush("round", (told) => queries.setQueryData<NonNullable<typeof query.data.value>>(key.value, (had) => (had ? fold(had, told, within) : had)));
  return { query, rounds: computed(() => query.data.value ?? []) };
}
