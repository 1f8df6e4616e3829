/** Reading codes with the camera: by the browser where it knows bar codes, else by a reader that comes with this page. */
import { onScopeDispose, ref, shallowRef } from "vue";

import type { Read } from "@guard/outbox/shapes";

import { ofAddress } from "./read";

type Look = (video: HTMLVideoElement) => Promise<string[]>;
interface Detector { detect(source: CanvasImageSource): Promise<{ rawValue: string }[]> }
interface Detectors { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> }

const EVERY_MS = 150;
/** Enough for a code that fills a third of the picture, and quick on a cheap phone. */
const LONG_SIDE = 800;

export const readsCodes = "mediaDevices" in navigator;

async function reader(): Promise<Look> {
  const Detect = (globalThis as { BarcodeDetector?: Detectors }).BarcodeDetector;
  // Some Androids know the name and no format.
  const formats: string[] = Detect ? await Detect.getSupportedFormats().catch(() => []) : [];
  if (!Detect || !formats.includes("qr_code")) return own();
  const detector = new Detect({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video).catch(() => [])).map((found) => found.rawValue);
}

async function own(): Promise<Look> {
  const { decodeQR } = await import("qr/decode.js");
  const canvas = document.createElement("canvas");
  const paper = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, LONG_SIDE / Math.max(video.videoWidth, video.videoHeight));
    const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
    if (!paper || !width || !height) return [];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    paper.drawImage(video, 0, 0, width, height);
    try {
      return [decodeQR(paper.getImageData(0, 0, width, height))];
    } catch {
      return []; // nothing there, or not whole
    }
  };
}

/** Looks through the camera until a code of ours comes by. */
export function useCodes(heard: (read: Read | null, serial: string) => void) {
  const looking = ref(false);
  const noCamera = ref(false);
  const strange = ref(false);
  const video = shallowRef<HTMLVideoElement | null>(null);
  let stream: MediaStream | null = null;

  function close(): void {
    looking.value = false;
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
  }
  async function look(): Promise<void> {
    if (looking.value) return;
    looking.value = true;
    noCamera.value = strange.value = false;
    let see: Look;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      see = await reader();
    } catch {
      noCamera.value = true;
      close();
      return;
    }
    if (!looking.value) return close(); // closed while the phone still asked
    while (looking.value) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      if (!video.value || !stream) continue;
      if (video.value.srcObject !== stream) {
        video.value.srcObject = stream;
        await video.value.play().catch(() => undefined);
      }
      const found = await see(video.value);
      const read = found.map(ofAddress).find((each) => each !== null);
      strange.value = found.length > 0 && !read;
      if (!read || !looking.value) continue;
      close();
      heard(read, "");
    }
  }
  onScopeDispose(close);
  return { looking, noCamera, strange, video, look, close };
}
