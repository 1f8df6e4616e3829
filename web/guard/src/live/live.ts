/** The site as this phone sees it: live while there is a line, else as it last was. */
import { computed, ref, shallowRef, watch } from "vue";

import { client, Refused, taken } from "@shared/api/client";
import type { Alert, Away, DutyTold, LoneWatch, Push, Register, RoundBrief, RoundSheet, SeatCheck, SeatState } from "@shared/api/types";
import { absorb, apply, begin, type Live } from "@shared/live/apply";
import { Feed } from "@shared/live/feed";
import { dayAt } from "@shared/words/zoned";

import { recall, remember } from "@guard/outbox/store";
import { personId, signedOut, siteId, zone } from "@guard/session/session";

export const live = shallowRef<Live | null>(null);
export const register = shallowRef<Register | null>(null);
export const rounds = shallowRef<RoundSheet[]>([]);
export const checks = shallowRef<SeatCheck[]>([]);
export const aways = shallowRef<Away[]>([]);
/** Who has themselves called while they walk alone. */
export const lone = shallowRef<LoneWatch[]>([]);
export const answerBy = ref<"press" | "password">("press");
export const connected = ref(false);
/** The server's clock, one step a second; without a line, as far ahead of ours as it last was. */
export const now = ref(Date.now());
/** When what is shown was true. */
export const asOf = ref<string | null>(null);

/** What I told of coming and leaving without a line, and have still to prove. */
export const owedProof = shallowRef<DutyTold[]>([]);
/** The seats of which I last told that I came to them. */
export const toldSeats = shallowRef<string[]>([]);

/** Which point each tag in use stands for, by the hash of its number. */
export const marks = shallowRef<Record<string, string> | null>(null);

interface Kept { register: Register; live: Live; rounds: RoundSheet[]; owed?: DutyTold[]; marks?: Record<string, string> | null; ahead: number; at: string }
let ahead = 0;
let feed: Feed | null = null;
let site = "";
let retry: ReturnType<typeof setTimeout> | undefined;
setInterval(() => (now.value = Date.now() + ahead), 1000);

/** The seats that I hold now. */
export const mySeats = computed(() => (personId.value === "" ? [] : (live.value?.duty ?? []).filter((s) => s.holder_id === personId.value || toldSeats.value.includes(s.seat_id) || turn(s)).map((s) => s.seat_id)));
/** Without a line nobody tells us that the shift has changed; the roster said it beforehand. */
const turn = (s: SeatState) => !connected.value && s.next_person_id === personId.value && s.next_at !== null && Date.parse(s.next_at) <= now.value;
/** Seats whose rounds this phone must know before it goes where there is no line. */
const soonMine = computed(() => {
  const posts = register.value?.people[personId.value]?.posts ?? [];
  return (live.value?.duty ?? []).filter((s) => mySeats.value.includes(s.seat_id) || s.next_person_id === personId.value || posts.includes(register.value?.seats[s.seat_id]?.post ?? "")).map((s) => s.seat_id);
});
export const myRounds = computed(() => rounds.value.filter((r) => mySeats.value.includes(r.brief.seat_id)));
export const take = (alert: Alert) => live.value && (live.value = absorb(live.value, alert));
export function absorbDuty(seats: SeatState[]): void {
  if (!live.value) return;
  const told = new Map(seats.map((s) => [s.seat_id, s]));
  live.value = { ...live.value, duty: live.value.duty.map((s) => told.get(s.seat_id) ?? s) };
}

export async function follow(id: string): Promise<void> {
  leave();
  site = id;
  const kept = await recall<Kept>(`picture/${id}`).catch(() => undefined);
  if (kept && site === id && !live.value) {
    ahead = kept.ahead;
    now.value = Date.now() + ahead;
    [register.value, live.value, rounds.value, asOf.value] = [kept.register, kept.live, kept.rounds, kept.at];
    owedProof.value = kept.owed ?? [];
    marks.value = kept.marks ?? null;
  }
  await fetchAll();
}

export function leave(): void {
  feed?.close();
  feed = null;
  clearTimeout(retry);
  site = "";
  live.value = register.value = asOf.value = marks.value = null;
  rounds.value = [];
  checks.value = [];
  aways.value = [];
  lone.value = [];
  owedProof.value = [];
  connected.value = false;
}

export const again = () => void (site && !connected.value && fetchAll());

let fetching = false;
async function fetchAll(): Promise<void> {
  if (fetching) return;
  fetching = true;
  clearTimeout(retry);
  const asked = site;
  const at = { params: { path: { site: asked } } };
  try {
    const [book, snapshot, presence] = await Promise.all([
      taken(client.GET("/api/v1/sites/{site}/register", at)),
      taken(client.GET("/api/v1/sites/{site}/snapshot", at)),
      taken(client.GET("/api/v1/sites/{site}/presence", at)),
    ]);
    if (asked !== site) return;
    register.value = book as Register; // openapi-fetch loosens the polygons' pairs
    live.value = begin(snapshot);
    checks.value = presence.checks;
    aways.value = presence.away;
    lone.value = presence.lone;
    answerBy.value = presence.answer;
    heard(snapshot.at);
    feed?.close();
    feed = new Feed(asked, snapshot.seq, listener);
    await Promise.all([fetchRounds(), fetchOwed(), fetchMarks()]);
  } catch (error) {
    if (asked !== site) return;
    if (!(error instanceof Refused)) throw error;
    connected.value = false;
    if (error.problem.status === 401) signedOut.value = true;
    else retry = setTimeout(() => asked === site && void fetchAll(), 4000);
  } finally {
    fetching = false;
    if (site && asked !== site) void fetchAll();
  }
}

export async function fetchOwed(): Promise<void> {
  const told = await client.GET("/api/v1/sites/{site}/duty/told", { params: { path: { site } } }).catch(() => null);
  if (told?.data) owedProof.value = told.data.items;
}

async function fetchMarks(): Promise<void> {
  const asked = site;
  const told = await client.GET("/api/v1/sites/{site}/tags/marks", { params: { path: { site } } }).catch(() => null);
  if (asked === site && told?.data) marks.value = told.data.items;
}
/** Tags are hung and taken away in the logbook; a look now and then after something was written there is enough. */
const MARKS_MS = 15_000;
let looking: ReturnType<typeof setTimeout> | undefined;
const askMarks = () => (looking ??= setTimeout(() => ((looking = undefined), void (site && connected.value && fetchMarks())), MARKS_MS));

const AHEAD_MS = 14 * 3_600_000;
/** The rounds of this shift and the next one that are not over, each with its points. One that stands as it was is not asked for again. */
export async function fetchRounds(): Promise<void> {
  const asked = site;
  const path = { site: asked };
  const { items } = await taken(client.GET("/api/v1/sites/{site}/rounds", { params: { path, query: { first: dayAt(now.value, zone.value), days: 2 } } }));
  const mine = items.filter((b) => soonMine.value.includes(b.seat_id) && Date.parse(b.ends_at) > now.value - 3_600_000 && Date.parse(b.opens_at) < now.value + AHEAD_MS);
  const sheets = await Promise.all(mine.slice(0, 24).map((b) => known(b) ?? taken(client.GET("/api/v1/sites/{site}/rounds/{id}", { params: { path: { ...path, id: b.id } } }))));
  if (asked === site) rounds.value = sheets as RoundSheet[];
}

/** What comes later and has not changed since. One that runs is always asked for: its proofs are told nowhere else. */
const known = (b: RoundBrief) => (Date.parse(b.opens_at) > now.value ? rounds.value.find((r) => r.brief.id === b.id && JSON.stringify(r.brief) === JSON.stringify(b)) : undefined);

function heard(at?: string): void {
  connected.value = true;
  if (!at) return;
  asOf.value = at;
  const skew = Date.parse(at) - Date.now();
  ahead = Math.abs(skew) > 1500 ? skew : 0;
}

const SOON_MS = 150;
/** Fifty taps that waited move a round as often: one look a second is enough for an eye. */
const APART_MS = 1000;
let asking: ReturnType<typeof setTimeout> | undefined;
let askedAt = 0;
const askRounds = () => (asking ??= setTimeout(askNow, Math.max(SOON_MS, askedAt + APART_MS - performance.now())));
function askNow(): void {
  asking = undefined;
  askedAt = performance.now();
  if (site && connected.value) void fetchRounds().catch(() => undefined);
}
watch(() => soonMine.value.join(), () => connected.value && askRounds());

const LIVE_CHECKS = new Set(["asked", "missed"]);
const listener = {
  hello: () => heard(),
  push(push: Push) {
    heard();
    if (!live.value) return;
    live.value = apply(live.value, push);
    if (push.type === "round") askRounds();
    if (push.type === "log") askMarks();
    if (push.type === "presence") checks.value = [...checks.value.filter((c) => c.id !== push.body.id), ...(LIVE_CHECKS.has(push.body.state) ? [push.body] : [])];
    if (push.type === "away") aways.value = [...aways.value.filter((a) => a.id !== push.body.id), push.body];
    if (live.value.refetch) void fetchAll();
  },
  beat: heard,
  refetch: () => void fetchAll(),
  signedOut: () => ((signedOut.value = true), (connected.value = false)),
  lost() {
    connected.value = false;
  },
};

/** What a phone that is opened without a line will show. Written when the picture has settled, not at every push. */
let keeping: ReturnType<typeof setTimeout> | undefined;
watch([live, register, rounds, owedProof, marks], () => {
  if (!live.value || !register.value || !connected.value) return;
  keeping ??= setTimeout(() => {
    keeping = undefined;
    if (!live.value || !register.value || !site) return;
    const kept: Kept = { register: register.value, live: { ...live.value, events: [], devices: [], conditions: [] }, rounds: rounds.value, owed: owedProof.value, marks: marks.value, ahead, at: asOf.value ?? new Date().toISOString() };
    void remember(`picture/${siteId.value}`, JSON.parse(JSON.stringify(kept))).catch(() => undefined);
  }, 400);
});
