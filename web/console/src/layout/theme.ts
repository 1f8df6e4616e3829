/** Light by day, dark by night (18–06 at the site, or as the machine prefers), unless someone chose. */
import { usePreferredDark, useStorage } from "@vueuse/core";
import { computed, watchEffect } from "vue";

import { hourMinute } from "@shared/words/time";

import { now } from "@/live/live";
import { zone } from "@/session/session";

export const theme = useStorage<"auto" | "light" | "dark">("watchroom.theme", "auto");
const prefersDark = usePreferredDark();

const night = computed(() => {
  const hour = Number(hourMinute(now.value - (now.value % 60_000), "en-GB", zone.value).slice(0, 2));
  return hour >= 18 || hour < 6;
});
export const dark = computed(() => (theme.value === "auto" ? prefersDark.value || night.value : theme.value === "dark"));

export function useWakeTheme(): void {
  watchEffect(() => document.documentElement.classList.toggle("dark", dark.value));
}
export const toggleTheme = () => (theme.value = dark.value ? "light" : "dark");
