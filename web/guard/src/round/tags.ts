/** Reading tags where the phone lets a page do it: Web NFC. */
import { onScopeDispose, ref } from "vue";

import type { Read } from "@guard/outbox/shapes";

import { ofTag } from "./read";

interface NdefRecord { recordType: string; data?: DataView }
interface NdefReading extends Event { serialNumber: string; message: { records: NdefRecord[] } }
interface NdefReader extends EventTarget { scan(options: { signal: AbortSignal }): Promise<void> }
type Nfc = typeof globalThis & { NDEFReader?: new () => NdefReader };

export const readsTags = "NDEFReader" in globalThis;

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
