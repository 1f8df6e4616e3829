/** The queue's order and its stillness: see heldOrder.ts for the rule. */
import { computed, ref, shallowRef, watch } from "vue";

import type { Alert, Klass } from "@shared/api/types";

import { live } from "@/live/live";

import { hold } from "./heldOrder";
import { unanswered } from "./next";

export interface Row { alert: Alert; gone: boolean; fresh: boolean }

export function useQueue() {
  const only = ref<Klass | null>(null);
  const held = ref(false);
  const places = shallowRef<string[]>([]);
  const seen = new Map<string, Alert>();

  /** A filter never hides what nobody has answered. */
  const wanted = computed(() => (live.value?.alerts ?? []).filter((a) => !only.value || a.klass === only.value || unanswered(a)));

  const rows = computed<Row[]>(() => {
    const sorted = wanted.value.map((a) => a.id);
    const known = new Map(wanted.value.map((a) => [a.id, a]));
    for (const a of wanted.value) seen.set(a.id, a);
    const { shown, fresh } = held.value ? hold(places.value, sorted) : { shown: sorted, fresh: [] };
    const isFresh = new Set(fresh);
    return shown.flatMap((id) => {
      const alert = known.get(id) ?? seen.get(id);
      return alert ? [{ alert, gone: !known.has(id), fresh: isFresh.has(id) }] : [];
    });
  });
  const fresh = computed(() => rows.value.filter((r) => r.fresh));

  watch(held, (on) => {
    if (on) places.value = wanted.value.map((a) => a.id);
    else seen.clear();
  });
  watch(only, () => (places.value = wanted.value.map((a) => a.id)));

  return { only, held, rows, fresh };
}
