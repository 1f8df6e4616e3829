import { usePreferredLanguages, useStorage } from "@vueuse/core";
import { computed, watch } from "vue";
import { createI18n, useI18n } from "vue-i18n";

import type { Words } from "@shared/api/types";
import { type Language, said, say } from "@shared/words/say";
import { span } from "@shared/words/time";

import en from "./en";
import zh from "./zh-CN";

const preferred = usePreferredLanguages();
export const language = useStorage<Language | "">("watchroom.language", "");

export const i18n = createI18n({
  legacy: false,
  locale: (language.value || (preferred.value[0]?.startsWith("en") ? "en" : "zh-CN")) as Language,
  fallbackLocale: "zh-CN",
  messages: { "zh-CN": zh, en },
});

export function speak(to: Language): void {
  language.value = to;
}

watch(
  language,
  (to) => {
    if (to) i18n.global.locale.value = to;
    document.documentElement.lang = i18n.global.locale.value;
    document.title = i18n.global.t("app.title");
  },
  { immediate: true },
);

/** Everything a component says, in the language of the moment. */
export function useWords() {
  const { t, te, locale } = useI18n();
  const lang = computed(() => locale.value as Language);
  const word = (code: string, data?: Record<string, unknown>) => say(code, lang.value, data);
  return {
    t,
    te,
    lang,
    /** The words of a code from the shared catalogues. */
    say: word,
    knows: (code: string) => said(code, lang.value),
    named: (words: Words | null | undefined, otherwise = "—") => (words ? (lang.value === "en" ? words.en : words.zh) : otherwise),
    spanOf: (ms: number) => {
      const { n, unit } = span(ms);
      return t(`time.${unit}`, { n });
    },
    ago: (ms: number) => {
      const { n, unit } = span(ms);
      return ms < 1500 ? t("time.now") : t("time.ago", { span: t(`time.${unit}`, { n }) });
    },
  };
}
