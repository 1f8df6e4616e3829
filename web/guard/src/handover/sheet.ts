/** One hand-over as it stands on the server: read, acted on in turn, and read anew when somebody else moves it. */
import { computed, ref, shallowRef, watch } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { HandoverSheet } from "@shared/api/types";

import { connected, live } from "@guard/live/live";
import { siteId } from "@guard/session/session";
import type { Proof } from "@guard/session/proof";

const ONE = "/api/v1/sites/{site}/handovers/{which}" as const;
type Told = Promise<{ data?: HandoverSheet; response: Response }>;

export function useSheet(id: () => string) {
  const sheet = shallowRef<HandoverSheet | null>(null);
  const busy = ref(false);
  const problem = shallowRef<Problem | null>(null);
  const at = () => ({ params: { path: { site: siteId.value, which: id() } } });
  const version = () => sheet.value?.handover.version ?? 0;

  async function look(): Promise<void> {
    try {
      sheet.value = await taken(client.GET(ONE, at()));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (!sheet.value) problem.value = error.problem;
    }
  }
  /** A refusal is kept to be said; after one the sheet is read anew, for it may be somebody else's doing. */
  async function act(ask: () => Told): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    problem.value = null;
    try {
      sheet.value = await taken(ask());
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
      if (error.problem.status === 409) await look();
      return false;
    } finally {
      busy.value = false;
    }
  }
  const moved = computed(() => live.value?.handovers.find((h) => h.id === id())?.version ?? 0);
  watch([id, connected, moved], () => connected.value && !busy.value && moved.value !== version() && void look(), { immediate: true });

  return {
    sheet, busy, problem,
    edit: (key: string, said: { counted?: number; fine?: boolean; explanation?: string; text?: string }) => act(() => client.POST(`${ONE}/edit`, { ...at(), body: { version: version(), key, ...said } })),
    explain: (key: string, explanation: string) => act(() => client.POST(`${ONE}/explain`, { ...at(), body: { version: version(), key, explanation } })),
    add: (kind: "text" | "anomaly", text: string) => act(() => client.POST(`${ONE}/add`, { ...at(), body: { version: version(), kind, text, explanation: "" } })),
    confirm: (keys: string[]) => act(() => client.POST(`${ONE}/confirm`, { ...at(), body: { version: version(), keys, comment: "", follow_up: false } })),
    dispute: (key: string, comment: string) => act(() => client.POST(`${ONE}/dispute`, { ...at(), body: { version: version(), key, comment } })),
    offer: (proof: Proof) => act(() => client.POST(`${ONE}/offer`, { ...at(), body: { version: version(), ...proof } })),
    sign: (proof: Proof) => act(() => client.POST(`${ONE}/sign`, { ...at(), body: { version: version(), ...proof } })),
    withdraw: () => act(() => client.POST(`${ONE}/withdraw`, { ...at(), body: { version: version() } })),
  };
}
export type Sheet = ReturnType<typeof useSheet>;
