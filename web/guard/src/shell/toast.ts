/** A word that stays for a moment. */
export async function tell(message: string, ms = 2500): Promise<void> {
  const { showToast } = await import("./vant");
  showToast({ message, duration: ms, wordBreak: "break-word" });
}
