import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import en from "./en";
import zh from "./zh-CN";

const SRC = fileURLToPath(new URL("..", import.meta.url));

function keys(tree: object, before = ""): string[] {
  return Object.entries(tree).flatMap(([k, v]) => (typeof v === "string" ? [before + k] : keys(v as object, `${before}${k}.`)));
}
function texts(tree: object): string[] {
  return Object.values(tree).flatMap((v) => (typeof v === "string" ? [v] : texts(v as object)));
}
function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : /\.(vue|ts)$/.test(name) && !/\.test\.ts$/.test(name) ? [path] : [];
  });
}
const sources = files(SRC).filter((f) => !f.slice(SRC.length).startsWith("words/")).map((path) => ({ path: path.slice(SRC.length), text: readFileSync(path, "utf8") }));

describe("words", () => {
  it("says everything in both languages, with the same blanks", () => {
    expect(keys(en)).toEqual(keys(zh));
    const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
    const pairs = texts(zh).map((text, i) => [text, texts(en)[i]!] as const);
    // A language may need fewer of them, but never one that is not given.
    for (const [z, e] of pairs) expect(blanks(z).concat(blanks(e)).every((b) => blanks(z).includes(b) || blanks(e).includes(b))).toBe(true);
    expect(texts(en).filter((text) => /[\u4e00-\u9fff]/.test(text))).toEqual(["中文", "Switch to Chinese (中文)"]);
  });

  it("has words for every key that is asked for", () => {
    const known = new Set(keys(zh));
    const asked = sources.flatMap(({ path, text }) => [...text.matchAll(/\bt\((["'])([\w.]+)\1/g)].map((m) => ({ path, key: m[2]! })));
    expect(asked.length).toBeGreaterThan(150);
    expect(asked.filter(({ key }) => !known.has(key))).toEqual([]);
  });

  it("leaves no bare text in a template", () => {
    const bare = sources.filter(({ path }) => path.endsWith(".vue")).flatMap(({ path, text }) => {
      const template = text.slice(text.indexOf("<template>"), text.lastIndexOf("</template>")).replace(/\{\{[\s\S]*?\}\}/g, "").replace(/<!--[\s\S]*?-->/g, "");
      const between = [...template.replace(/"[^"]*"/g, '""').matchAll(/>([^<>]*[A-Za-z\u4e00-\u9fff][^<>]*)</g)].map((m) => m[1]!.trim());
      return between.filter((words) => words !== "DEMO").map((words) => ({ path, words }));
    });
    expect(bare).toEqual([]);
  });

  it("keeps Chinese out of the code", () => {
    expect(sources.filter(({ text }) => /["'`][^"'`\n]*[\u4e00-\u9fff][^"'`\n]*["'`]/.test(text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, ""))).map(({ path }) => path)).toEqual([]);
  });
});
