import { createRouter, createWebHistory } from "vue-router";

import { me } from "./session/session";
import { sayMore } from "./words";

// The service worker fetches the others beforehand: a page that was never opened must open in a cellar, too.
export const router = createRouter({
  history: createWebHistory("/guard/"),
  routes: [
    { path: "/", name: "round", component: () => import("./round/RoundPage.vue") },
    { path: "/shift", name: "shift", component: () => sayMore().then(() => import("./shift/ShiftPage.vue")) },
    { path: "/handover/:id", name: "handover", component: () => sayMore().then(() => import("./handover/HandoverPage.vue")), props: true },
    { path: "/alerts", name: "alerts", component: () => import("./alerts/AlertsPage.vue") },
    { path: "/sign-in", name: "sign-in", component: () => import("./session/SignInPage.vue") },
    { path: "/:rest(.*)*", redirect: { name: "round" } },
  ],
});

router.beforeEach((to) => (me.value || to.name === "sign-in" ? true : { name: "sign-in", query: { to: to.fullPath } }));
