/** Who is signed in, and at which site. */
import { useStorage } from "@vueuse/core";
import { computed, shallowRef } from "vue";

import { client, taken } from "@shared/api/client";
import type { Me, Role } from "@shared/api/types";

import { language, speak } from "@/words";

export const me = shallowRef<Me | null>(null);
const chosen = useStorage("watchroom.site", "");
/** Whether a session may be there: a browser that never signed in need not ask. */
export const known = useStorage("watchroom.known", false);

export const site = computed(() => me.value?.sites.find((s) => s.site_id === chosen.value) ?? me.value?.sites[0] ?? null);
export const siteId = computed(() => site.value?.site_id ?? "");
export const zone = computed(() => site.value?.time_zone ?? "Asia/Shanghai");
export const personId = computed(() => site.value?.person_id ?? null);

const RANKS: Role[] = ["guard", "operator", "supervisor", "manager", "engineer", "auditor", "admin"];
const has = (...roles: Role[]) => roles.some((r) => site.value?.roles.includes(r)) || (roles.includes("admin") && me.value?.admin === true);

/** May acknowledge at all; whether that is custody or a witness is the server's to say. */
export const answers = computed(() => personId.value !== null && has("guard", "operator", "supervisor", "manager", "engineer"));
export const supervises = computed(() => personId.value !== null && has("supervisor", "manager", "admin"));
/** Sits at the console: for them, silence is a fault. */
export const watches = computed(() => personId.value !== null && has("guard", "operator", "supervisor"));
export const readsLog = computed(() => roles.value.some((r) => r !== "guard"));
export const writesLog = answers;
export const seesReaders = computed(() => has("auditor", "admin"));
export const seesVersions = computed(() => has("manager", "auditor", "admin"));
export const holdsLog = computed(() => has("manager", "admin"));
export const exportsLog = computed(() => has("supervisor", "manager", "auditor", "admin"));
export const engineers = computed(() => has("engineer", "manager", "auditor", "admin"));
/** May ask for leave, a swap or a substitute. */
export const asksForDuty = computed(() => personId.value !== null && roles.value.some((r) => r !== "auditor"));
/** Says what kind of day a date is at the site. */
export const setsCalendar = computed(() => has("manager", "admin"));
export const roles = computed(() => RANKS.filter((r) => site.value?.roles.includes(r)));

export function choose(id: string): void {
  chosen.value = id;
}

function welcome(who: Me): Me {
  me.value = who;
  known.value = true;
  if (!language.value && (who.language === "en" || who.language === "zh-CN")) speak(who.language);
  return who;
}

/** Who the cookie says we are; throws `Refused` when nobody. */
export const resume = async () => welcome(await taken(client.GET("/api/v1/session")));
export const signIn = async (login: string, password: string) => welcome(await taken(client.POST("/api/v1/session", { body: { login, password } })));
export const changePassword = (old: string, fresh: string) => taken(client.POST("/api/v1/session/password", { body: { old, new: fresh } }));
export const modes = () => taken(client.GET("/api/v1/modes"));

export async function signOut(): Promise<void> {
  await client.DELETE("/api/v1/session").catch(() => undefined);
  me.value = null;
  known.value = false;
}
