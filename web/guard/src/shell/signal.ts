/** What a hand and an ear notice: a buzz and a tone. Silent where the phone has neither. */
import { render } from "@shared/sound/sound";

let context: AudioContext | null = null;

/** Only a person's own press may unlock sound. */
export function unlock(): void {
  context ??= "AudioContext" in window ? new AudioContext() : null;
  if (context?.state === "suspended") void context.resume();
}
export function buzz(pattern: number | number[]): void {
  // Chromium complains of a buzz before the first press.
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(pattern);
}
export function ring(priority: number): void {
  if (!context || context.state !== "running") return;
  const samples = render(priority, false, context.sampleRate);
  const buffer = context.createBuffer(1, samples.length, context.sampleRate);
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
}
