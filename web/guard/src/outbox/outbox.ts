/** The outbox of this phone: write down first, then send. What is shown as waiting is what the phone's store holds. */
import { computed, shallowRef, watch } from "vue";

import { Refused } from "@shared/api/client";

import { connected, fetchOwed, owedProof, toldSeats } from "@guard/live/live";
import { me, personId, signedOut, siteId } from "@guard/session/session";

import { broken, type Done } from "./chain";
import type { Asking, Deed } from "./shapes";
import * as store from "./store";
import { flush, type Told } from "./sync";
import { door } from "./wire";

export const rows = shallowRef<store.Waiting[]>([]);
export const photosLeft = shallowRef(0);
/** The outbox was edited by hand: it is sent all the same, and the server says so. */
export const edited = shallowRef(false);
export const waiting = computed(() => rows.value.filter((r) => r.refused === null).length + photosLeft.value);
export const refused = computed(() => rows.value.filter((r) => r.refused !== null));
/** The last that the server said of something of ours. */
export const told = shallowRef<Told | null>(null);

const others = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("watchroom-guard");
if (others) others.onmessage = () => void look(false);

const who = () => ({ site: siteId.value, person: personId.value });

export async function look(tell = true): Promise<void> {
  rows.value = await store.waiting();
  const mine = rows.value.filter((r) => r.site === siteId.value && r.person === personId.value).flatMap((r) => store.linkOf(r) ?? []);
  edited.value = broken(mine, await store.headOf(who())) !== null;
  photosLeft.value = (await store.photosWaiting(siteId.value)).length;
  toldSeats.value = cameTo();
  if (tell) others?.postMessage(0);
}

/** Where I last came to and did not leave, by what this phone has told or is still to tell. */
function cameTo(): string[] {
  const mine = rows.value.flatMap((r) => (r.site === siteId.value && r.person === personId.value && r.act?.kind === "duty" ? r.act.did : []));
  const last = new Map([...owedProof.value.map((o) => [o.seat_id, o.deed] as const), ...mine.map((d) => [d.seat, d.act] as const)]);
  return [...last].filter(([, act]) => act === "on").map(([seat]) => seat);
}

watch(owedProof, () => (toldSeats.value = cameTo()));

/** A tap is safe on the phone when this has resolved; it is on its way, too, if there is a line. */
export async function tapped(done: Done, checkpoint: string | null): Promise<store.Waiting> {
  const plain = JSON.parse(JSON.stringify(done)) as Done; // what a form holds is watched, and no store takes that
  const row = await store.keepTap(who(), plain, { at: new Date().toISOString(), checkpoint, kept: !connected.value });
  await look();
  void now(row);
  return row;
}
/** Came to a seat or left it, without a line: it counts once the person has proved it on line. */
export async function came(deed: Deed["act"], seat: string): Promise<void> {
  const row = await store.keepDeed(who(), deed, seat, new Date().toISOString());
  await look();
  void now(row);
}
/** What is not a tap. It is safe on the phone when this has resolved; `sent` then tells whether it got through at once. */
export async function act(what: Asking): Promise<{ id: string; sent: Promise<unknown> }> {
  const row = await store.keepAct(who(), JSON.parse(JSON.stringify(what)) as Asking, new Date().toISOString(), !connected.value);
  await look();
  return { id: row.id, sent: now(row) };
}

/** What is done now goes by itself, past photos that are still on their way. */
const inHand = new Set<string>();
async function now(row: store.Waiting): Promise<void> {
  if (!connected.value || signedOut.value) return send();
  inHand.add(row.id);
  try {
    await flush(door, store, await store.phone(), who(), [row], [], hear);
  } catch (error) {
    await failed(error);
  } finally {
    inHand.delete(row.id);
  }
  await look();
  if (waiting.value) void send();
}
function hear(t: Told): void {
  told.value = t;
  void (t.row.act?.kind === "duty" ? fetchOwed() : Promise.resolve()).then(lookSoon);
}
/** A night's answers come fifty at a time: to read all that waits and check its chain at each would take longer than the sending. */
const SOON_MS = 250;
let soon: ReturnType<typeof setTimeout> | undefined;
const lookSoon = () => (soon ??= setTimeout(() => ((soon = undefined), void look()), SOON_MS));
async function failed(error: unknown): Promise<void> {
  if (!(error instanceof Refused)) throw error;
  if (error.problem.status === 401) signedOut.value = true;
  for (const row of await store.waiting()) if (!row.kept) await store.marked(row, true);
}
export async function dismiss(row: store.Waiting): Promise<void> {
  await store.settle(row);
  await look();
}
export const keepPhoto = (image: Blob) => store.keepPhoto(siteId.value, image);

let sending: Promise<void> | null = null;
let more = false;
/** Send what waits, one page of the phone at a time. Called again meanwhile, it goes round once more. */
export function send(): Promise<void> {
  if (sending) {
    more = true;
    return sending;
  }
  sending = turn().finally(() => {
    sending = null;
    if (more) {
      more = false;
      void send();
    }
  });
  return sending;
}

async function turn(): Promise<void> {
  if (!me.value || !personId.value || signedOut.value) return;
  if ("locks" in navigator) await navigator.locks.request("watchroom-guard-send", flushed);
  else await flushed();
}

async function flushed(): Promise<void> {
  await look(false);
  if (!waiting.value) return;
  try {
    const photos = await store.photosWaiting(siteId.value);
    await flush(door, store, await store.phone(), who(), rows.value.filter((r) => !inHand.has(r.id)), photos, hear);
    await store.dropSentPhotos();
  } catch (error) {
    await failed(error);
  }
  await look();
}

/** Whenever there may be a line again; and now and then, for browsers that don't say. */
export function keepSending(): void {
  void look(false).then(send);
  for (const sign of ["online", "focus"]) addEventListener(sign, () => void send());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void send());
  setInterval(() => waiting.value && void send(), 15_000);
}
