import { describe, expect, it } from "vitest";

import type { LogForm } from "@shared/api/types";

import { answer, blank, body, bytes, draftOf, empty, missing, type Written } from "./written";

const w = (text: string) => ({ zh: text, en: text });
const form: LogForm = {
  id: "visitors", name: w("Visitors"),
  fields: [
    { id: "visitor", name: w("Visitor"), type: "text", required: true, choices: [] }, { id: "people", name: w("How many"), type: "number", required: true, choices: [] },
    { id: "known", name: w("Known"), type: "bool", required: false, choices: [] }, { id: "came", name: w("Came"), type: "time", required: false, choices: [] },
  ],
};
const ZONE = "Asia/Shanghai";

describe("an entry", () => {
  it("is sent with answers of the field's own kind, and without those that were not given", () => {
    const draft = { ...blank("visitors", "a-1"), fields: { visitor: " Li ", people: "3", known: "no", came: "" }, happened: "2026-03-02T00:30", persons: ["wang"] };
    expect(body(form, draft, ZONE)).toEqual({ form: "visitors", fields: { visitor: "Li", people: 3, known: false }, happened_at: "2026-03-01T16:30:00.000Z", zone: null, persons: ["wang"], alert: "a-1", attachments: [] });
  });
  it("names what is still required", () => {
    expect(missing(form, { ...blank("visitors"), fields: { visitor: "  ", people: "0" } })).toEqual(["visitor"]);
    expect([empty(blank("note")), empty({ ...blank("note"), fields: { text: "x" } })]).toEqual([true, false]);
  });
  it("comes back as it was written, to be corrected", () => {
    const kept: Written = {
      form: { id: "visitors", name: w("Visitors") }, by: { id: "wang", name: w("Wang") }, happened_at: "2026-03-01T16:30:00Z", late: false, zone: null, persons: [{ id: "li", name: w("Li") }], alert: null,
      fields: [{ id: "visitor", name: w("Visitor"), value: "Li" }, { id: "people", name: w("How many"), value: 3 }, { id: "known", name: w("Known"), value: false }], attachments: [],
    };
    const draft = draftOf(kept, ZONE);
    expect(draft.fields).toEqual({ visitor: "Li", people: "3", known: "no" });
    expect(body(form, draft, ZONE)).toMatchObject({ fields: { visitor: "Li", people: 3, known: false }, happened_at: "2026-03-01T16:30:00.000Z", persons: ["li"] });
  });
  it("answers nothing with nothing", () => expect(form.fields.map((f) => answer(f, " "))).toEqual([null, null, null, null]));
  it("says sizes as people do", () => expect([12, 12_400, 3_440_000].map(bytes)).toEqual(["12 B", "12 kB", "3.4 MB"]));
});
