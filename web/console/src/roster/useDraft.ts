/** A draft under the hand: cells change at once, the server hears of them in order, a refusal takes them back. */
import { computed, type Ref, shallowRef } from "vue";

import { client, type Problem, Refused, taken } from "@shared/api/client";
import type { Roster } from "@shared/api/types";

import { siteId } from "@/session/session";

import { bodyOf, type Cells, type Edit, edited } from "./cells";

interface Of {
  roster: Ref<Roster | null>;
  busy: Ref<boolean>;
  problem: Ref<Problem | null>;
  take(found: Roster): void;
  load(): Promise<void>;
  refresh(): Promise<void>;
}
type Asked = Promise<{ data?: Roster; error?: unknown; response: Response }>;
const ONE = "/api/v1/sites/{site}/rosters/{id}" as const;

export function useDraft(of: Of) {
  const sending = shallowRef<Edit[]>([]);
  const waiting = shallowRef<Edit[]>([]);
  /** How many shifts were taken back because someone else had changed the draft. */
  const lost = shallowRef(0);
  const cells = computed<Cells>(() => edited(of.roster.value?.cells ?? {}, [...sending.value, ...waiting.value]));
  const saving = computed(() => sending.value.length + waiting.value.length);

  function change(edits: Edit[]): void {
    if (!edits.length) return;
    waiting.value = [...waiting.value, ...edits];
    void drain();
  }

  async function drain(): Promise<void> {
    const roster = of.roster.value;
    if (of.busy.value || !waiting.value.length || !roster) return;
    sending.value = waiting.value;
    waiting.value = [];
    const body = { revision: roster.revision, cells: bodyOf(sending.value) };
    await run(client.POST(`${ONE}/cells`, { ...at(roster), body }));
    void drain();
  }

  /** One command; its answer is the roster. */
  async function run(asked: Asked): Promise<boolean> {
    of.busy.value = true;
    of.problem.value = null;
    try {
      const found = await taken<Roster>(asked);
      sending.value = [];
      of.take(found);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      lost.value = sending.value.length + waiting.value.length;
      sending.value = [];
      waiting.value = [];
      if (error.problem.status === 409) await of.load();
      of.problem.value = error.problem;
      return false;
    } finally {
      of.busy.value = false;
    }
  }
  const at = (roster: Roster) => ({ params: { path: { site: siteId.value, id: roster.id } } });

  /** Steps of the whole roster wait until every cell is with the server. */
  async function act(ask: (roster: Roster) => Asked): Promise<boolean> {
    if (of.busy.value || saving.value || !of.roster.value) return false;
    lost.value = 0;
    return run(ask(of.roster.value));
  }
  async function step(ask: (roster: Roster) => Asked): Promise<boolean> {
    const done = await act(ask);
    await of.refresh();
    return done;
  }

  return {
    cells, saving, lost, change,
    undo: () => act((r) => client.POST(`${ONE}/undo`, { ...at(r), body: { revision: r.revision } })),
    redo: () => act((r) => client.POST(`${ONE}/redo`, { ...at(r), body: { revision: r.revision } })),
    fill: (source: "rotation" | "last_month" | "standing", rotations: string[] = [], period = 28) =>
      act((r) => client.POST(`${ONE}/fill`, { ...at(r), body: { revision: r.revision, source, rotations, period_days: period } })),
    submit: () => step((r) => client.POST(`${ONE}/submit`, { ...at(r), body: {} })),
    approve: () => step((r) => client.POST(`${ONE}/approve`, { ...at(r), body: {} })),
    publish: () => step((r) => client.POST(`${ONE}/publish`, { ...at(r), body: {} })),
    sendBack: (reason: string) => step((r) => client.POST(`${ONE}/send-back`, { ...at(r), body: { reason } })),
    withdraw: (reason: string) => step((r) => client.POST(`${ONE}/withdraw`, { ...at(r), body: { reason } })),
  };
}
