/** Who is signed in, and at which site. */
import { useStorage } from "@vueuse/core";
import { computed, shallowRef } from "vue";

import { call, get, post } from "@shared/api/call";
import type { Me, Modes, Role } from "@shared/api/types";

import { language, speak } from "@/words";

export const me = shallowRef<Me | null>(null);
const chosen = useStorage("watchroom.site", "");

export const site = computed(() => me.value?.sites.find((s) => s.site_id === chosen.value) ?? me.value?.sites[0] ?? null);
export const siteId = computed(() => site.value?.site_id ?? "");
export const zone = computed(() => site.value?.time_zone ?? "Asia/Shanghai");
export const personId = computed(() => site.value?.person_id ?? null);

const RANKS: Role[] = ["guard", "operator", "supervisor", "manager", "engineer", "auditor", "admin"];
const has = (...roles: Role[]) => roles.some((r) => site.value?.roles.includes(r)) || (roles.includes("admin") && me.value?.admin === true);

export const answers = computed(() => has("guard", "operator", "supervisor"));
export const supervises = computed(() => has("supervisor", "manager"));
export const engineers = computed(() => has("engineer", "admin"));
export const roles = computed(() => RANKS.filter((r) => site.value?.roles.includes(r)));

export function choose(id: string): void {
  chosen.value = id;
}

function welcome(who: Me): Me {
  me.value = who;
  if (!language.value && (who.language === "en" || who.language === "zh-CN")) speak(who.language);
  return who;
}

/** Who the cookie says we are; throws `Refused` when nobody. */
export const resume = async () => welcome(await get<Me>("/session"));
export const signIn = async (login: string, password: string) => welcome(await post<Me>("/session", { login, password }));
export const changePassword = (old: string, fresh: string) => post("/session/password", { old, new: fresh });
export const modes = () => get<Modes>("/modes");

export async function signOut(): Promise<void> {
  await call("DELETE", "/session").catch(() => undefined);
  me.value = null;
}
