import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import vue from "@vitejs/plugin-vue";
import elementPlus from "unplugin-element-plus/vite";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The last build goes, but not the guard's phone, which lies in the same folder and is built by itself. */
const emptied: Plugin = { name: "emptied", apply: "build", buildStart: () => rmSync(here("../api/static/assets"), { recursive: true, force: true }) };

export default defineConfig({
  root: here("console"),
  plugins: [emptied, vue(), elementPlus({})],
  resolve: {
    alias: { "@shared": here("shared"), "@core-words": here("../core/words"), "@": here("console/src"), "@guard": here("guard/src") },
  },
  define: {
    __VUE_OPTIONS_API__: true, // Element Plus needs it
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: { outDir: here("../api/static"), emptyOutDir: false, target: "es2022", chunkSizeWarningLimit: 400 },
  server: {
    port: 5173,
    fs: { allow: [here("..")] },
    proxy: { "/api": { target: "http://127.0.0.1:8080", changeOrigin: false } },
  },
  test: {
    root: here("."),
    environment: "node",
    testTimeout: 30_000, // reading every page for its words takes longer than the usual five seconds on a busy machine
    include: ["shared/**/*.test.ts", "console/**/*.test.ts", "guard/**/*.test.ts"],
    server: { deps: { inline: ["element-plus"] } },
  },
});
