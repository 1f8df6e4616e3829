/** What may wait in the outbox. */
export type Read =
  | { by: "sun"; picc_data: string; cmac: string }
  | { by: "uid"; uid: string }
  | { by: "qr"; code: string }
  | { by: "manual"; checkpoint: string; reason: string };
export type Answers = Record<string, boolean | number | string>;

/** What is not a tap goes by its own route, once. */
export type Act =
  | { kind: "report"; report: "manual.panic" | "manual.report"; zone: string; note: string }
  | { kind: "note"; alert: string; text: string }
  | { kind: "entry"; text: string; zone: string | null; alert: string | null; photos: string[] };

export type Outcome = "counted" | "flagged" | "duplicate" | "done" | "refused";
