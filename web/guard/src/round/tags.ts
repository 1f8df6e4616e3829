/** Reading tags and codes with what the phone has: Web NFC, and a camera that knows bar codes. */
import { onScopeDispose, ref, shallowRef } from "vue";

import type { Read } from "@guard/outbox/shapes";

import { ofAddress, ofTag } from "./read";

interface NdefRecord { recordType: string; data?: DataView }
interface NdefReading extends Event { serialNumber: string; message: { records: NdefRecord[] } }
interface NdefReader extends EventTarget { scan(options: { signal: AbortSignal }): Promise<void> }
type Nfc = typeof globalThis & { NDEFReader?: new () => NdefReader };
interface Detector { detect(source: CanvasImageSource): Promise<{ rawValue: string }[]> }
type Codes = typeof globalThis & { BarcodeDetector?: new (options: { formats: string[] }) => Detector };

export const readsTags = "NDEFReader" in globalThis;
export const readsCodes = "BarcodeDetector" in globalThis && "mediaDevices" in navigator;

export type Heard = (read: Read | null, serial: string) => void;

/** Listens for tags until the page is left. The first time the phone asks its holder, so it begins with a press. */
export function useTags(heard: Heard) {
  const listening = ref(false);
  const refusedNfc = ref(false);
  let stop: AbortController | null = null;

  async function listen(): Promise<void> {
    const Reader = (globalThis as Nfc).NDEFReader;
    if (!Reader || listening.value) return;
    stop = new AbortController();
    const reader = new Reader();
    reader.addEventListener("reading", (event) => {
      const { serialNumber, message } = event as NdefReading;
      const texts = message.records.filter((r) => r.recordType === "url" || r.recordType === "absolute-url").map((r) => (r.data ? new TextDecoder().decode(r.data) : ""));
      heard(ofTag(serialNumber, texts), serialNumber);
    });
    reader.addEventListener("readingerror", () => heard(null, ""));
    try {
      await reader.scan({ signal: stop.signal });
      listening.value = true;
      refusedNfc.value = false;
    } catch {
      refusedNfc.value = true;
    }
  }
  onScopeDispose(() => stop?.abort());
  return { listening, refusedNfc, listen };
}

/** Looks through the camera until a code of ours comes by. */
export function useCodes(heard: Heard) {
  const looking = ref(false);
  const noCamera = ref(false);
  const video = shallowRef<HTMLVideoElement | null>(null);
  let stream: MediaStream | null = null;

  function close(): void {
    looking.value = false;
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
  }
  async function look(): Promise<void> {
    const Detect = (globalThis as Codes).BarcodeDetector;
    if (!Detect) return;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      noCamera.value = true;
      return;
    }
    looking.value = true;
    const detector = new Detect({ formats: ["qr_code"] });
    while (looking.value) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (!video.value || !stream) continue;
      if (video.value.srcObject !== stream) {
        video.value.srcObject = stream;
        await video.value.play().catch(() => undefined);
      }
      const found = await detector.detect(video.value).catch(() => []);
      for (const code of found) {
        const read = ofAddress(code.rawValue);
        if (!read || !looking.value) continue;
        close();
        heard(read, "");
      }
    }
  }
  onScopeDispose(close);
  return { looking, noCamera, video, look, close };
}
