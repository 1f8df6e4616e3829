/** One month's rosters: which there are, which is shown, and what the feed says of them. */
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { computed, type Ref, ref, shallowRef, watch } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { Roster, RosterHead, RosterState } from "@shared/api/types";

import { onPush } from "@/live/live";
import { siteId } from "@/session/session";

import { daysOf } from "./days";
import { asks } from "./moves";

const OPEN: ReadonlySet<RosterState> = new Set(["draft", "submitted", "sent_back", "approved"]);
export const isOpen = (r: RosterHead | null): boolean => r !== null && OPEN.has(r.state);

export function useRoster(month: Ref<string>, drafts: Ref<boolean>) {
  const queries = useQueryClient();
  const site = () => ({ site: siteId.value });
  const roster = shallowRef<Roster | null>(null);
  const problem = shallowRef<Problem | null>(null);
  /** A version that somebody wants to see; otherwise what is on its way, else what stands. */
  const wanted = ref<string | null>(null);
  /** While an own edit is under way the feed's word waits: it is probably about that edit. */
  const busy = ref(false);
  const missed = ref(false);

  const list = useQuery({
    queryKey: ["rosters", siteId, month],
    queryFn: () => taken(client.GET("/api/v1/sites/{site}/rosters", { params: { path: site(), query: { month: month.value } } })),
  });
  const heads = computed<RosterHead[]>(() => (list.data.value?.items ?? []).filter((r) => drafts.value || r.version !== null));
  const going = computed(() => heads.value.find((r) => OPEN.has(r.state)) ?? null);
  const published = computed(() => heads.value.find((r) => r.state === "published") ?? null);
  const shownId = computed(() => (heads.value.some((r) => r.id === wanted.value) ? wanted.value : ((drafts.value ? going.value?.id : null) ?? published.value?.id ?? null)));

  const calendar = useQuery({
    queryKey: ["calendar", siteId, month],
    queryFn: () => taken(client.GET("/api/v1/sites/{site}/calendar/{month}", { params: { path: { ...site(), month: month.value } } })),
  });
  const standing = useQuery({
    queryKey: ["shifts", siteId, month],
    queryFn: () => taken(client.GET("/api/v1/sites/{site}/shifts", { params: { path: site(), query: { first: `${month.value}-01`, days: daysOf(month.value).length } } })),
    enabled: () => list.isSuccess.value && shownId.value === null,
  });
  const findings = useQuery({
    queryKey: ["findings", siteId, () => roster.value?.id, () => roster.value?.revision, () => roster.value?.state],
    queryFn: () => taken(client.GET("/api/v1/sites/{site}/rosters/{id}/findings", { params: { path: { ...site(), id: roster.value!.id } } })),
    enabled: () => roster.value !== null && (isOpen(roster.value) || roster.value.state === "published"),
    placeholderData: (before) => before,
  });

  /** Of a month without a roster: what the shifts that stand leave open, as far ahead as any stand. */
  const coverage = useQuery({
    queryKey: ["coverage", siteId, month],
    queryFn: () => taken(client.GET("/api/v1/sites/{site}/coverage", { params: { path: site(), query: { first: `${month.value}-01`, days: daysOf(month.value).length } } })),
    enabled: () => list.isSuccess.value && shownId.value === null,
  });

  async function load(): Promise<void> {
    const id = shownId.value;
    if (id === null) return void (roster.value = null);
    try {
      const found = await taken(client.GET("/api/v1/sites/{site}/rosters/{id}", { params: { path: { ...site(), id } } }));
      if (shownId.value === id) take(found);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
    }
  }
  /** Take in a roster that an act has just returned. */
  function take(found: Roster): void {
    roster.value = found;
    problem.value = null;
  }
  const refresh = () => queries.invalidateQueries({ queryKey: ["rosters", siteId.value, month.value] });

  watch([siteId, month], () => {
    wanted.value = null;
    roster.value = null;
  });
  watch([shownId, siteId], () => {
    if (roster.value?.id !== shownId.value) roster.value = null;
    if (roster.value === null) void load();
  }, { immediate: true });
  onPush("roster", (moved) => {
    const what = asks(roster.value, month.value, moved);
    if (what === "nothing") return;
    void refresh();
    if (what !== "roster") return;
    if (busy.value) missed.value = true;
    else void load();
  });
  onPush("duty", () => void queries.invalidateQueries({ queryKey: ["shifts", siteId.value, month.value] }));
  watch(busy, (now) => {
    if (now || !missed.value) return;
    missed.value = false;
    void load();
  });

  return { roster, heads, going, published, shownId, wanted, busy, problem, list, calendar, standing, coverage, findings, load, take, refresh };
}
