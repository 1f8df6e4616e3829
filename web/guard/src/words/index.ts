/** What the phone says, in the language of the moment. Only that language is fetched. */
import { computed, shallowRef } from "vue";

import type { Words } from "@shared/api/types";
import { fill } from "@shared/words/fill";
import type { Language } from "@shared/words/say";
import { span } from "@shared/words/time";

import { stored } from "@guard/shell/stored";

const LOADERS = { "zh-CN": () => import("./zh-CN"), en: () => import("./en") };
/** What only some pages say: fetched with the first of them, and with the language. */
const LATER = { "zh-CN": () => import("./later.zh-CN"), en: () => import("./later.en") };
let later = false;
const chosen = stored<Language | "">("watchroom.language", "");
export const lang = computed<Language>(() => chosen.value || (navigator.language.startsWith("en") ? "en" : "zh-CN"));
const catalogue = shallowRef<Record<string, string>>({});

export async function speak(to: Language = lang.value): Promise<void> {
  const [first, more] = await Promise.all([LOADERS[to](), later ? LATER[to]() : null]);
  catalogue.value = { ...first.default, ...more?.default };
  chosen.value = to;
  document.documentElement.lang = to;
  document.title = t("app.title");
}

export async function sayMore(): Promise<void> {
  if (later) return;
  later = true;
  catalogue.value = { ...catalogue.value, ...(await LATER[lang.value]()).default };
}

type Data = Record<string, unknown>;
export const t = (key: string, data?: Data): string => fill(catalogue.value[key] ?? key, data);
export const knows = (key: string): boolean => key in catalogue.value;
export const named = (words: Words | null | undefined, otherwise = "—"): string => (words ? (lang.value === "en" ? words.en : words.zh) : otherwise);
export function spanOf(ms: number): string {
  const { n, unit } = span(ms);
  return t(`time.${unit}`, { n });
}
/** A refusal in words. */
export const refusal = (problem: { code: string; status: number; detail: string; data?: Data }): string =>
  problem.status === 0 ? t("error.unreachable") : knows(`error.${problem.code}`) ? t(`error.${problem.code}`, problem.data) : problem.detail || problem.code;
