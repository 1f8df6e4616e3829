/** The console's keys. They never act while someone is typing. */
import { useEventListener } from "@vueuse/core";

interface Keys {
  up(): void;
  down(): void;
  act(key: "a" | "d" | "r" | "n"): void;
  help(): void;
  leave(): void;
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function useKeys(keys: Keys): void {
  useEventListener(document, "keydown", (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && !event.key.startsWith("Arrow")) return;
    if (event.key === "Escape") return keys.leave();
    if (typing(event.target) || document.querySelector("[role='dialog'][aria-modal='true']")) return;
    const acts: Record<string, () => void> = {
      ArrowUp: keys.up,
      ArrowDown: keys.down,
      a: () => keys.act("a"),
      d: () => keys.act("d"),
      r: () => keys.act("r"),
      n: () => keys.act("n"),
      "?": keys.help,
      "？": keys.help,
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
