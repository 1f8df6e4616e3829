/** Who holds the phone. Known without a line too: the last one who signed in here. */
import { computed, shallowRef } from "vue";

import { client, Refused, taken } from "@shared/api/client";
import type { Me } from "@shared/api/types";

import { forget } from "@guard/outbox/store";
import { stored } from "@guard/shell/stored";
import { speak } from "@guard/words";

const kept = stored<Me | null>("watchroom.guard.me", null);
const chosen = stored("watchroom.site", "");
export const me = shallowRef<Me | null>(kept.value);
/** The server does not know us any more: what is done is kept, and goes when somebody has signed in. */
export const signedOut = shallowRef(false);

export const site = computed(() => me.value?.sites.find((s) => s.site_id === chosen.value) ?? me.value?.sites[0] ?? null);
export const siteId = computed(() => site.value?.site_id ?? "");
export const zone = computed(() => site.value?.time_zone ?? "Asia/Shanghai");
export const personId = computed(() => site.value?.person_id ?? "");
export const roles = computed(() => site.value?.roles ?? []);
export const supervises = computed(() => roles.value.some((r) => r === "supervisor" || r === "manager"));

function welcome(who: Me): Me {
  if (kept.value && kept.value.account_id !== who.account_id) void forget();
  kept.value = who;
  me.value = who;
  lastLogin.value = who.login;
  signedOut.value = false;
  if (!localStorage.getItem("watchroom.language") && (who.language === "en" || who.language === "zh-CN")) void speak(who.language);
  return who;
}
export const choose = (id: string) => (chosen.value = id);
export const signIn = async (login: string, password: string) => welcome(await taken(client.POST("/api/v1/session", { body: { login, password } })));
/** Only where this person has signed in by password before: the server says so. */
export const signInByPin = async (login: string, pin: string) => welcome(await taken(client.POST("/api/v1/session/by-pin", { body: { login, pin } })));
/** Whom the sign-in page offers: the last one who used this phone, and what they signed in with. */
export const lastLogin = stored("watchroom.guard.login", "");
export const usesPin = stored("watchroom.guard.pin", "");
export const modes = () => taken(client.GET("/api/v1/modes"));

/** Ask the server who we are. Without a line we stay who we were. */
export async function resume(): Promise<void> {
  try {
    welcome(await taken(client.GET("/api/v1/session")));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.problem.status === 401) signedOut.value = true;
  }
}
export async function signOut(): Promise<void> {
  await client.DELETE("/api/v1/session").catch(() => undefined);
  await forget();
  if ("caches" in globalThis) await caches.delete("plans").catch(() => false);
  kept.value = null;
  me.value = null;
}
