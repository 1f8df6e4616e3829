/** The site's routes and plans as a draft: what was changed, what it would come to, and keeping it. */
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { computed, ref, shallowRef, watch } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { components } from "@shared/api/schema";

import { onPush } from "@/live/live";
import { siteId } from "@/session/session";

import { copy, type Draft, same } from "./book";

export type Preview = components["schemas"]["PatrolPreview"];
type Book = components["schemas"]["PatrolBook"];
type Sent = components["schemas"]["PatrolDraft"];
const BOOK = "/api/v1/sites/{site}/patrol/book" as const;

export function useBook() {
  const queries = useQueryClient();
  const key = computed(() => ["patrol-book", siteId.value]);
  const at = () => ({ params: { path: { site: siteId.value } } });
  const query = useQuery({ queryKey: key, queryFn: () => taken(client.GET(BOOK, at())), enabled: () => siteId.value !== "" });
  const draft = ref<Draft>({ routes: [], plans: [] });
  const base = shallowRef<Draft>({ routes: [], plans: [] });
  const version = ref(0);
  const busy = ref(false);
  const problem = shallowRef<Problem | null>(null);
  const preview = shallowRef<Preview | null>(null);

  const dirty = computed(() => !same(draft.value, base.value));
  /** Somebody else has changed the register since this draft was begun. */
  const behind = computed(() => dirty.value && (query.data.value?.version ?? version.value) !== version.value);
  function begin(told: unknown): void {
    const book = told as Book; // openapi-fetch loosens the bands' pairs
    base.value = copy({ routes: book.routes, plans: book.plans });
    draft.value = copy(base.value);
    version.value = book.version;
    preview.value = null;
  }
  watch(() => query.data.value, (book) => book && !dirty.value && begin(book), { immediate: true });
  watch(draft, () => (preview.value = null), { deep: true });
  onPush("register", () => void query.refetch());

  async function ask<T>(what: () => Promise<T>): Promise<T | null> {
    busy.value = true;
    problem.value = null;
    try {
      return await what();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
      return null;
    } finally {
      busy.value = false;
    }
  }
  const sent = () => copy(draft.value) as unknown as Sent;
  return {
    query, draft, base, dirty, behind, busy, problem, preview,
    edited: computed(() => query.data.value?.edited ?? null),
    discard: () => query.data.value && begin(query.data.value),
    async tryOut(): Promise<boolean> {
      const told = await ask(() => taken(client.POST(`${BOOK}/preview`, { ...at(), body: sent() })));
      if (told) preview.value = told;
      return told !== null;
    },
    async keep(reason: string): Promise<boolean> {
      const book = await ask(() => taken(client.POST(BOOK, { ...at(), body: { ...sent(), version: version.value, reason } })));
      if (book) {
        begin(book);
        queries.setQueryData(key.value, book);
      }
      return book !== null;
    },
  };
}
