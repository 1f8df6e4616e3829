/** The words of codes (kinds, states, acts, refusals): the same two catalogues that the server's logbook and messages use. */
import en from "@core-words/en.json";
import zh from "@core-words/zh-CN.json";

import { fill } from "./fill";

export type Language = "zh-CN" | "en";
const CATALOGUES: Record<Language, Record<string, string>> = { "zh-CN": zh, en };

/** A code without words is said as it is; an unfilled blank stays. */
export function say(code: string, language: Language, data: Record<string, unknown> = {}): string {
  const text = CATALOGUES[language][code];
  return text === undefined ? code : fill(text, data);
}

export const said = (code: string, language: Language): boolean => code in CATALOGUES[language];
