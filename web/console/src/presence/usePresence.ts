/** Presence of the chosen site: read once, kept by its pushes, read anew when the feed had been away. */
import { computed, ref, shallowRef, watch } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";

import { connected, onPush } from "@/live/live";
import { personId, siteId } from "@/session/session";

import { type Going, mine, withAway, withCheck } from "./fold";

export function usePresence() {
  const going = shallowRef<Going>({ checks: [], away: [] });
  const answer = ref<"press" | "password">("press");
  const problem = shallowRef<Problem | null>(null);
  const busy = ref(false);
  const outcome = ref<{ code: string; s: number } | null>(null);

  async function read(): Promise<void> {
    const site = siteId.value;
    if (!site || personId.value === null) return;
    try {
      const told = await taken(client.GET("/api/v1/sites/{site}/presence", { params: { path: { site } } }));
      if (site !== siteId.value) return;
      going.value = { checks: told.checks, away: told.away };
      answer.value = told.answer;
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // the feed's own banner tells when the server is away
    }
  }
  watch([siteId, connected], () => connected.value && void read(), { immediate: true });
  onPush("presence", (check) => (going.value = withCheck(going.value, check)));
  onPush("away", (away) => (going.value = withAway(going.value, away)));

  async function run<T>(asked: Promise<{ data?: T; response: Response }>): Promise<T | null> {
    busy.value = true;
    problem.value = null;
    try {
      return await taken(asked);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.problem;
      if (error.problem.status === 409 || error.problem.status === 404) await read();
      return null;
    } finally {
      busy.value = false;
    }
  }
  const at = (id: string) => ({ params: { path: { site: siteId.value, id } } });
  return {
    answer,
    problem,
    busy,
    outcome,
    mine: computed(() => mine(going.value, personId.value)),
    async say(id: string, password: string | null): Promise<void> {
      const told = await run(client.POST("/api/v1/sites/{site}/presence/checks/{id}/answer", { ...at(id), body: { password } }));
      if (!told) return;
      outcome.value = { code: told.outcome, s: Math.round((told.check.answer_ms ?? 0) / 1000) };
      going.value = withCheck(going.value, told.check);
      setTimeout(() => (outcome.value = null), 6000);
    },
    accept: async (id: string, password: string) => took(await run(client.POST("/api/v1/sites/{site}/duty/away/{id}/accept", { ...at(id), body: { password } }))),
    decline: async (id: string) => took(await run(client.POST("/api/v1/sites/{site}/duty/away/{id}/decline", { ...at(id), body: { reason: "" } }))),
    back: async (id: string, password: string) => took(await run(client.POST("/api/v1/sites/{site}/duty/away/{id}/return", { ...at(id), body: { password } }))),
  };
  function took(away: Parameters<typeof withAway>[1] | null): void {
    if (away) going.value = withAway(going.value, away);
  }
}
