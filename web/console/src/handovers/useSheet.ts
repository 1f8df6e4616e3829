/** One hand-over as it stands on the server: read, acted on in turn, and read anew when somebody else moves it. */
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { watchDebounced } from "@vueuse/core";
import { computed, ref, shallowRef } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { components } from "@shared/api/schema";
import type { HandoverSheet } from "@shared/api/types";

import { live } from "@/live/live";
import { siteId } from "@/session/session";

const ONE = "/api/v1/sites/{site}/handovers/{which}" as const;
/** Exactly one way of saying that it is oneself. */
export type Proof = { password: string } | { pin: string } | { passkey: components["schemas"]["Assertion"] };
type Answer<T> = Promise<{ data?: T; response: Response }>;
type Ask<T> = (version: number, at: { params: { path: { site: string; which: string } } }) => Answer<T>;

export function useSheet(id: () => string) {
  const queries = useQueryClient();
  const key = computed(() => ["handover", siteId.value, id()]);
  const query = useQuery({
    queryKey: key,
    queryFn: () => taken(client.GET(ONE, { params: { path: { site: siteId.value, which: id() } } })),
    enabled: () => siteId.value !== "" && id() !== "",
    staleTime: 0,
  });
  const sheet = computed(() => query.data.value ?? null);
  const waiting = ref(0);
  const problem = shallowRef<Problem | null>(null);

  // Whatever can change the sheet without us: the other browser's acts, and what is open, silent or away right now.
  const moved = computed(() => {
    const h = sheet.value?.handover;
    if (!h || !live.value) return "";
    const mine = live.value.alerts.filter((a) => a.seat_id === h.seat || a.custody_by === h.outgoing).map((a) => a.id + a.state);
    const told = live.value.handovers.find((other) => other.id === h.id);
    return [told?.version ?? "ended", ...mine, ...live.value.devices.filter((d) => d.silent).map((d) => d.device_id), ...live.value.gateways.filter((g) => g.silent || g.state === "offline").map((g) => g.gateway_id)].join();
  });
  watchDebounced(moved, (_, before) => before !== "" && waiting.value === 0 && void query.refetch(), { debounce: 250, maxWait: 1000 });

  /** One at a time, each on the version that the one before it left; a refusal is kept to be said, and answered by null. */
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn<T>(ask: Ask<T>, keep?: (answer: NonNullable<T>) => Promise<void>): Promise<NonNullable<T> | null> {
    waiting.value += 1;
    const mine = turn.then(async () => {
      problem.value = null;
      try {
        if (!sheet.value) return null;
        const answer = await taken(ask(sheet.value.handover.version, { params: { path: { site: siteId.value, which: id() } } }));
        await keep?.(answer);
        return answer;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        problem.value = error.problem;
        if (error.problem.status === 409) await query.refetch();
        return null;
      } finally {
        waiting.value -= 1;
      }
    });
    turn = mine.catch(() => undefined);
    return mine;
  }
  async function keep(answer: HandoverSheet): Promise<void> {
    await queries.cancelQueries({ queryKey: key.value });
    queries.setQueryData(key.value, answer);
  }
  const act = async (ask: Ask<HandoverSheet>): Promise<boolean> => (await inTurn(ask, keep)) !== null;

  return {
    sheet,
    query,
    problem,
    busy: computed(() => waiting.value > 0),
    edit: (item: string, said: { counted?: number; fine?: boolean; explanation?: string; text?: string }) =>
      act((version, at) => client.POST(`${ONE}/edit`, { ...at, body: { version, key: item, ...said } })),
    add: (kind: "text" | "note" | "anomaly", text: string) => act((version, at) => client.POST(`${ONE}/add`, { ...at, body: { version, kind, text, explanation: "" } })),
    remove: (item: string) => act((version, at) => client.POST(`${ONE}/remove`, { ...at, body: { version, key: item } })),
    explain: (item: string, explanation: string) => act((version, at) => client.POST(`${ONE}/explain`, { ...at, body: { version, key: item, explanation } })),
    offer: (proof: Proof) => act((version, at) => client.POST(`${ONE}/offer`, { ...at, body: { version, ...proof } })),
    /** What a passkey of mine is to sign: the digest of the act and of everything on the sheet as it is now. */
    challenge: (what: "offer" | "sign") => inTurn((version, at) => client.POST(`${ONE}/challenge`, { ...at, body: { version, act: what } })),
    withdraw: () => act((version, at) => client.POST(`${ONE}/withdraw`, { ...at, body: { version } })),
    confirm: (keys: string[], follow = false) => act((version, at) => client.POST(`${ONE}/confirm`, { ...at, body: { version, keys, comment: "", follow_up: follow } })),
    dispute: (item: string, comment: string) => act((version, at) => client.POST(`${ONE}/dispute`, { ...at, body: { version, key: item, comment } })),
    resolve: (item: string, reason: string) => act((version, at) => client.POST(`${ONE}/resolve`, { ...at, body: { version, key: item, reason } })),
    tag: (item: string, words: string) => act((version, at) => client.POST(`${ONE}/tag`, { ...at, body: { version, key: item, words } })),
    lift: (reason: string) => act((version, at) => client.POST(`${ONE}/lift`, { ...at, body: { version, reason } })),
    sign: (proof: Proof) => act((version, at) => client.POST(`${ONE}/sign`, { ...at, body: { version, ...proof } })),
    override: (incoming: string, reason: string, password: string) => act((version, at) => client.POST(`${ONE}/override`, { ...at, body: { version, incoming, reason, password } })),
    cancel: (reason: string) => act((version, at) => client.POST(`${ONE}/cancel`, { ...at, body: { version, reason } })),
  };
}
export type Sheet = ReturnType<typeof useSheet>;
