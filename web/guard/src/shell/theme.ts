/** Dark by night and where the phone prefers it, unless someone chose at the console on this device. */
import { computed, ref, watchEffect } from "vue";

import { hourMinute } from "@shared/words/time";

import { now } from "@guard/live/live";
import { zone } from "@guard/session/session";

import { stored } from "./stored";

const theme = stored<"auto" | "light" | "dark">("watchroom.theme", "auto");
const media = matchMedia("(prefers-color-scheme: dark)");
const prefers = ref(media.matches);
media.addEventListener("change", () => (prefers.value = media.matches));
const night = computed(() => {
  const hour = Number(hourMinute(now.value - (now.value % 60_000), "en-GB", zone.value).slice(0, 2));
  return hour >= 18 || hour < 6;
});
export const dark = computed(() => (theme.value === "auto" ? prefers.value || night.value : theme.value === "dark"));
export const useTheme = () => watchEffect(() => document.documentElement.classList.toggle("dark", dark.value));
