/** What may wait in the outbox. */
export type Read =
  | { by: "sun"; picc_data: string; cmac: string }
  | { by: "uid"; uid: string }
  | { by: "qr"; code: string }
  | { by: "manual"; checkpoint: string; reason: string };
export type Answers = Record<string, boolean | number | string>;

/** Coming to a seat and leaving it, as the server takes it. */
export interface Deed { id: string; n: number; prev: string; said_at: string; act: "on" | "off"; seat: string }

/** What is not a tap goes by its own route, and is done once. */
export type Act =
  | { kind: "report"; report: "manual.panic" | "manual.report"; zone: string; note: string }
  | { kind: "note"; alert: string; text: string }
  /** On the way to an alert. */
  | { kind: "go"; alert: string }
  /** Came to a seat, or left it, without a line: in the chain of the taps. */
  | { kind: "duty"; did: Deed }
  /** Somebody does at a point what they may not. */
  | { kind: "violation"; checkpoint: string; note: string; photos: string[] }
  | { kind: "entry"; text: string; zone: string | null; alert: string | null; photos: string[] };

/** What is sent as it stands: a request, and its place in the chain. */
export type Asking = Exclude<Act, { kind: "duty" }>;
export interface Sealed { id: string; n: number; prev: string; said_at: string; path: string; body: object }

export type Outcome = "counted" | "flagged" | "duplicate" | "done" | "refused";
