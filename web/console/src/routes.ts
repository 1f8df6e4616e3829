import { createRouter, createWebHistory } from "vue-router";

import { Refused } from "@shared/api/client";
import type { Me } from "@shared/api/types";

import { known, me, resume } from "./session/session";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/login", name: "login", component: () => import("./session/LoginPage.vue"), meta: { open: true } },
    {
      path: "/",
      component: () => import("./layout/Shell.vue"),
      children: [
        { path: "", redirect: { name: "alerts" } },
        { path: "alerts/:id?", name: "alerts", component: () => import("./alerts/QueuePage.vue") },
        { path: "closed", name: "closed", component: () => import("./alerts/ClosedPage.vue") },
        { path: "events", name: "events", component: () => import("./events/EventsPage.vue") },
        { path: "devices", name: "devices", component: () => import("./devices/DevicesPage.vue") },
        { path: "handover/:id?", name: "handover", component: () => import("./handovers/HandoverView.vue") },
        { path: "on-duty", name: "on-duty", component: () => import("./on-duty/OnDutyPage.vue") },
        { path: "roster", name: "roster", component: () => import("./roster/RosterPage.vue") },
        { path: "requests", name: "requests", component: () => import("./requests/RequestsPage.vue") },
        { path: "my-shifts", name: "my-shifts", component: () => import("./my-shifts/MyShiftsPage.vue") },
        { path: "patrol", name: "patrol", component: () => import("./patrol/RoundsPage.vue") },
        { path: "patrol/round/:id", name: "patrol-round", component: () => import("./patrol/RoundPage.vue") },
        { path: "patrol/map", name: "patrol-map", component: () => import("./patrol/MapPage.vue") },
        { path: "patrol/taps", name: "patrol-taps", component: () => import("./patrol/TapsPage.vue") },
        { path: "patrol/plan", name: "patrol-book", component: () => import("./patrol/BookPage.vue") },
        { path: "patrol/tags", name: "patrol-tags", component: () => import("./patrol/TagsPage.vue") },
        { path: "patrol/report", name: "patrol-report", component: () => import("./patrol/ReportPage.vue") },
        { path: "parameters", name: "parameters", component: () => import("./parameters/ParametersPage.vue") },
        { path: "logbook/entry/:n(\\d+)", name: "entry", component: () => import("./logbook/EntryPage.vue") },
        { path: "logbook/:tab(entries|write|days|keep|readers)?", name: "logbook", component: () => import("./logbook/LogbookPage.vue") },
        { path: ":rest(.*)*", redirect: { name: "alerts" } },
      ],
    },
  ],
});

router.beforeEach(async (to) => {
  if (me.value || to.meta.open) return true;
  const login = { name: "login", query: { ...(to.query.wall ? { wall: to.query.wall } : {}), to: to.fullPath } };
  if (!known.value) return login;
  try {
    await resume();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return login;
  }
  return (me.value as Me | null)?.must_change ? { name: "login" } : true;
});
