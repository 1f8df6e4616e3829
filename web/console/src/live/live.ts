/** The live picture of the chosen site: snapshot, pushes, the register, and how fresh they are. One per page. */
import { computed, onScopeDispose, ref, shallowRef } from "vue";

import { client, Refused, taken } from "@shared/api/client";
import type { Alert, Push, Register, SeatState } from "@shared/api/types";
import { absorb, apply, begin, type Live } from "@shared/live/apply";
import { Feed } from "@shared/live/feed";

export const live = shallowRef<Live | null>(null);
export const register = shallowRef<Register | null>(null);
export const fault = shallowRef<Refused | null>(null);
/** The server's clock, one step a second. */
export const now = ref(Date.now());
export const connected = ref(false);
const lastSign = ref(Date.now());
const ahead = ref(0);

/** Milliseconds without a sign of the server, once that is worth saying. */
export const lostFor = computed(() => {
  const quiet = now.value - ahead.value - lastSign.value;
  return live.value && (!connected.value || quiet > 8000) ? Math.max(quiet, 0) : 0;
});
export const stale = computed(() => lostFor.value > 8000);

let feed: Feed | null = null;
let site = "";
let waiting: Push[] = [];
let drain: ReturnType<typeof setTimeout> | undefined;
let onSignedOut: () => void = () => undefined;

setInterval(() => (now.value = Date.now() + ahead.value), 1000);

type Told = { [T in Push["type"]]: Extract<Push, { type: T }>["body"] };
const listeners = new Set<(push: Push) => void>();

/** For a page that asks itself for what it shows: `act` hears the feed's word until the page is left. */
export function onPush<T extends Push["type"]>(type: T, act: (body: Told[T]) => void): void {
  const hear = (push: Push) => push.type === type && act(push.body as Told[T]);
  listeners.add(hear);
  onScopeDispose(() => listeners.delete(hear));
}

export const whenSignedOut = (act: () => void) => (onSignedOut = act);

export async function follow(siteId: string): Promise<void> {
  leave();
  site = siteId;
  await fetchAll();
}

export function leave(): void {
  feed?.close();
  feed = null;
  site = "";
  waiting = [];
  live.value = null;
  register.value = null;
  fault.value = null;
}

/** Take in an alert that an act has just returned, without waiting for its push. */
export function take(alert: Alert): void {
  if (live.value) live.value = absorb(live.value, alert);
}

/** Likewise for who is on. */
export function absorbDuty(seats: SeatState[]): void {
  if (!live.value) return;
  const told = new Map(seats.map((s) => [s.seat_id, s]));
  live.value = { ...live.value, duty: live.value.duty.map((s) => told.get(s.seat_id) ?? s) };
}

let fetching = false;
async function fetchAll(): Promise<void> {
  if (fetching) return;
  fetching = true;
  const asked = site;
  const at = { params: { path: { site: asked } } };
  try {
    const [book, snapshot] = await Promise.all([
      taken(client.GET("/api/v1/sites/{site}/register", at)),
      taken(client.GET("/api/v1/sites/{site}/snapshot", at)),
    ]);
    if (asked !== site) return;
    register.value = book as Register; // openapi-fetch loosens the polygons' pairs
    live.value = begin(snapshot);
    waiting = [];
    fault.value = null;
    heard(snapshot.at);
    feed?.close();
    feed = new Feed(asked, snapshot.seq, listener);
  } catch (error) {
    if (asked !== site) return;
    if (!(error instanceof Refused)) throw error;
    if (error.problem.status === 401) return onSignedOut();
    fault.value = error;
    setTimeout(() => site === asked && void fetchAll(), 3000);
  } finally {
    fetching = false;
    if (site && asked !== site) void fetchAll();
  }
}

function heard(at?: string): void {
  lastSign.value = Date.now();
  connected.value = true;
  if (!at) return;
  const skew = Date.parse(at) - Date.now();
  ahead.value = Math.abs(skew) > 1500 ? skew : 0;
}

let settledAt = 0;
function settle(): void {
  drain = undefined;
  settledAt = performance.now();
  if (!live.value) return;
  const next = waiting.reduce(apply, live.value);
  waiting = [];
  live.value = next;
  if (next.refetch) void fetchAll();
}

const listener = {
  hello: () => heard(),
  push(push: Push) {
    heard();
    waiting.push(push);
    for (const hear of listeners) hear(push);
    // At once when it is quiet; in a storm a few times a second, so that the page stays quick to the hand.
    drain ??= setTimeout(settle, performance.now() - settledAt > 250 ? 0 : 120);
  },
  beat: heard,
  refetch: () => void fetchAll(),
  signedOut: () => onSignedOut(),
  lost() {
    connected.value = false;
    void taken(client.GET("/api/v1/session")).catch((e: unknown) => e instanceof Refused && e.problem.status === 401 && onSignedOut());
  },
};
