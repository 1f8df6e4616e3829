/** A word that stays for a moment. */
import { nextTick } from "vue";

export async function tell(message: string, ms = 2500): Promise<void> {
  const { showToast } = await import("./vant");
  showToast({ message, duration: ms, wordBreak: "break-word" });
  await nextTick();
  // Vant calls it a dialog; it is news that asks for nothing.
  const box = document.querySelector(".van-toast");
  box?.setAttribute("role", "status");
  box?.removeAttribute("tabindex");
}
