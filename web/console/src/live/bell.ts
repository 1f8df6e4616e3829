/**
 * The console's bell. It rings while anything is unanswered and has no mute: answering is what silences it.
 * The loop runs inside the audio graph, so a busy or hidden page rings on.
 */
import { useDocumentVisibility, useIntervalFn, useWakeLock } from "@vueuse/core";
import { computed, reactive, ref, watch } from "vue";

import { client } from "@shared/api/client";

import { siteId } from "@/session/session";

import { live, now } from "./live";
import { render } from "@shared/sound/sound";

const RINGING = new Set(["raised", "cleared"]);
const wake = useWakeLock();
const visible = useDocumentVisibility();

let context: AudioContext | null = null;
let playing: { source: AudioBufferSourceNode; key: string } | null = null;

export const bell = reactive({ canRing: false, onDuty: false });
const state = ref<string>("none");

export const ringing = computed(() => live.value?.alerts.filter((a) => RINGING.has(a.state)) ?? []);

/** What the room hears now: the most urgent unanswered alert. */
const heard = computed(() => {
  const worst = ringing.value[0];
  if (!worst) return "";
  const overdue = ringing.value.some((a) => a.priority === worst.priority && Date.parse(a.ack_by) < now.value);
  return `${worst.priority}:${overdue ? "late" : "due"}`;
});

/** "Start duty": only a person's own press may unlock sound. */
export async function startDuty(): Promise<void> {
  context ??= new AudioContext();
  context.onstatechange = () => (state.value = context?.state ?? "none");
  await context.resume();
  state.value = context.state;
  bell.onDuty = true;
  ring();
  if (wake.isSupported.value) await wake.request("screen").catch(() => undefined);
}

export function endDuty(): void {
  bell.onDuty = false;
  hush();
  void context?.close();
  context = null;
  state.value = "none";
  void wake.release().catch(() => undefined);
}

watch(state, (now) => (bell.canRing = now === "running"));
watch(heard, ring);
watch([() => bell.canRing, () => bell.onDuty], report);
watch(visible, () => {
  if (visible.value === "visible" && context && context.state !== "running") void context.resume();
});
useIntervalFn(report, 15_000);

function hush(): void {
  playing?.source.stop();
  playing?.source.disconnect();
  playing = null;
}

function ring(): void {
  const key = heard.value;
  if (playing?.key === key) return;
  hush();
  if (!key || !context || !bell.onDuty) return;
  const [priority, late] = key.split(":");
  const samples = render(Number(priority), late === "late", context.sampleRate);
  const buffer = context.createBuffer(1, samples.length, context.sampleRate);
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer, loop: true });
  source.connect(context.destination);
  source.start();
  playing = { source, key };
}

/** A console that cannot ring is itself news for the server. */
function report(): void {
  if (!siteId.value || !live.value) return;
  const body = { can_ring: bell.canRing, on_duty: bell.onDuty };
  void client.POST("/api/v1/sites/{site}/console", { params: { path: { site: siteId.value } }, body }).catch(() => undefined);
}
