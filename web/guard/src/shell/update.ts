/** The page's own copy of itself: it opens without a line, and a new version waits until its holder takes it. */
import { shallowRef } from "vue";

export const fresh = shallowRef<ServiceWorker | null>(null);

export function serveOffline(): void {
  if (!navigator.serviceWorker || !import.meta.env.PROD) return;
  const had = navigator.serviceWorker.controller !== null;
  void navigator.serviceWorker.register("/guard/sw.js", { scope: "/guard/" }).then((door) => {
    if (door.waiting) fresh.value = door.waiting;
    door.addEventListener("updatefound", () => {
      const made = door.installing;
      made?.addEventListener("statechange", () => made.state === "installed" && had && (fresh.value = made));
    });
  }, () => undefined);
  navigator.serviceWorker.addEventListener("controllerchange", () => had && location.reload());
}
export const takeFresh = () => fresh.value?.postMessage({ type: "SKIP_WAITING" });
