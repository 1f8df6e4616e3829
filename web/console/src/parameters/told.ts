/** Parameters and differences as words. */
import type { VersionChange as Change } from "@shared/api/types";

import { useWords } from "@/words";

/** The longest list that is told one by one. */
const FEW = 6;

export function useTold() {
  const { t, te, say, knows, named } = useWords();
  const name = (parameter: string): string => (te(`parameters.about.${parameter}`) ? t(`parameters.about.${parameter}`) : parameter);
  const one = (value: unknown): string => {
    if (value === null || value === undefined) return t("parameters.off");
    if (typeof value === "boolean") return t(value ? "parameters.yes" : "parameters.no");
    if (typeof value === "string") return te(`parameters.word.${value}`) ? t(`parameters.word.${value}`) : knows(`role.${value}`) ? say(`role.${value}`) : value;
    if (Array.isArray(value)) return value.length === 0 ? t("parameters.none") : value.length > FEW ? String(value.length) : value.map(one).join(", ");
    if (typeof value !== "object") return String(value);
    if ("zh" in value && "en" in value) return named(value as { zh: string; en: string });
    return Object.entries(value).map(([key, part]) => `${key}: ${one(part)}`).join(", ");
  };
  const value = (found: unknown, unit: string): string => (typeof found === "number" || (Array.isArray(found) && typeof found[0] === "number") ? `${one(found)} ${unit}`.trim() : one(found));
  const thing = (c: Change): string => (c.section === "policies" ? name(c.field) : [c.section, c.id, c.field].filter(Boolean).join(" · "));
  return { name, value, thing };
}
