/** The guard's phone: an application of its own under /guard/, small, and whole without a line. */
import { fileURLToPath } from "node:url";

import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Of the house's words only what a phone says: the rest is for desks. */
const SAID = /^(kind|point|state|cause|tapflag|basis|role)\.|^disposition\.(false_alarm|confirmed)$/;
/** Refusals of what the phone asks for. */
const REFUSED = new RegExp(
  "^error\\.(alert_\\w+|already_(answered|signed_on)|certificate_missing|check_\\w+|condition_active|fault|field_\\w+|file_\\w+|handover_needed|invalid|must_change|" +
    "not_(a_member|found|holder|in_seat|permitted|signed_in|signed_on|yours|yet_happened)|post_not_allowed|reason_needed|refused|seat_not_found|stale|supervisor_needed|tap\\w*|photo\\w*|" +
    "too_\\w+|unavailable|wrong_own_password|wrong_password|wrong_pin|no_pin|pin_locked|password_needed|signature_needed|two_seats_at_once|nobody_in_seat|csrf|wrong_origin)$",
);

/** Of the pages that are opened seldom, fetched with the first of them. */
const LATER = /^(handover\.(item|state)|toldstate)\./;
const REFUSED_LATER = new RegExp(
  "^error\\.(weak_pin|handover_\\w+|item_\\w+|not_outgoing|not_incoming|same_person|incoming_not_on|checks_owed|explanation_owed|items_unconfirmed|words_needed|joint_open|content_changed|clock_set_back|lone_\\w+)$",
);

const phoneWords: Plugin = {
  name: "phone-words",
  enforce: "pre",
  transform(code, id) {
    if (!/core\/words\/[\w-]+\.json(\?later)?$/.test(id)) return null;
    const [said, refused] = id.endsWith("?later") ? [LATER, REFUSED_LATER] : [SAID, REFUSED];
    const words = Object.entries(JSON.parse(code) as Record<string, string>);
    const some = JSON.stringify(Object.fromEntries(words.filter(([k]) => said.test(k) || refused.test(k))));
    return said === LATER ? { code: `export default ${some}`, map: null, moduleType: "js" } : { code: some, map: null };
  },
};

/** What the first page needs in two pieces, which pack better than twenty: others' code, which a new version seldom changes, and ours. */
const FIRST = [
  { name: "ground", tags: ["$initial" as const], test: /node_modules|plugin-vue/, priority: 1 },
  { name: "first", tags: ["$initial" as const] },
];

export default defineConfig({
  root: here("guard"),
  base: "/guard/",
  plugins: [
    phoneWords,
    vue(),
    VitePWA({
      registerType: "prompt",
      injectRegister: false,
      includeAssets: ["mark.svg"],
      manifest: {
        name: "值班室 巡逻 Watchroom guard",
        short_name: "巡逻",
        lang: "zh-CN",
        start_url: "/guard/",
        scope: "/guard/",
        display: "standalone",
        orientation: "portrait",
        background_color: "#12161a",
        theme_color: "#12161a",
        icons: [{ src: "mark.svg", sizes: "any", type: "image/svg+xml", purpose: "any" }],
      },
      workbox: {
        globPatterns: ["**/*.{js,css,html,svg}"],
        navigateFallback: "/guard/index.html",
        navigateFallbackDenylist: [/^\/api\//, /^\/t\b/],
        cleanupOutdatedCaches: true,
        runtimeCaching: [
          {
            urlPattern: /\/api\/v1\/sites\/[^/]+\/plans\/[^/]+\.svg$/,
            handler: "StaleWhileRevalidate",
            options: { cacheName: "plans", expiration: { maxEntries: 60 } },
          },
        ],
      },
    }),
  ],
  resolve: {
    alias: { "@shared": here("shared"), "@core-words": here("../core/words"), "@guard": here("guard/src") },
  },
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  build: { outDir: here("../api/static/guard"), emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false }, rolldownOptions: { output: { codeSplitting: { groups: FIRST } } } },
  server: { port: 5174, fs: { allow: [here("..")] }, proxy: { "/api": { target: "http://127.0.0.1:8080", changeOrigin: false } } },
});
