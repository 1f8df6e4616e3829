/** The API's nouns as the pages use them. Times are RFC 3339 UTC text; ids are text. */

export type Iso = string;
export interface Words { zh: string; en: string }
export type Role = "guard" | "operator" | "supervisor" | "manager" | "engineer" | "auditor" | "admin";
export type Klass = "alarm" | "supervisory" | "trouble" | "activity";
export type AlertState = "raised" | "acked" | "cleared" | "settling" | "closed";
export const DISPOSITIONS = [
  "confirmed", "false_alarm", "test", "drill", "maintenance", "duplicate", "handed_to_authority",
] as const;
export type Disposition = (typeof DISPOSITIONS)[number];
export const CAUSES = ["cooking", "steam", "dust", "insect", "device_fault", "works", "human", "unknown"] as const;
export type Cause = (typeof CAUSES)[number];

export interface Zone { id: string; name: Words; kind: string; parent: string | null; plan: string | null; polygon: [number, number][] }
export interface Plan { id: string; width: number; height: number }
export interface Device {
  id: string; name: Words; model: string; zone: string; gateway: string;
  x: number | null; y: number | null; supervision_s: number; key: boolean;
}
export interface Seat { id: string; post: string; name: Words; required: boolean }
export interface Post { id: string; name: Words; location: Words | null }
export interface Person { id: string; name: Words; login: string; roles: Role[]; phone?: string; language?: string }
export interface Rung { after_s: number; who: string; channels: string[] }
export interface Frozen { id: string; rungs: Rung[]; repeat_s: number; ack_s: number; handle_s: number }
export interface Named { id: string; name: Words }
export interface Register {
  site_id: string; name: Words; time_zone: string; version: number;
  zones: Record<string, Zone>; plans: Record<string, Plan>; gateways: Record<string, Named>;
  devices: Record<string, Device>; seats: Record<string, Seat>; posts: Record<string, Post>;
  people: Record<string, Person>; templates: Record<string, Named & { starts: string; ends: string }>;
  checkpoints: Record<string, Named & { zone: string }>; externals: Named[];
}

export interface Alert {
  site_id: string; id: string; number: number; subject: string; kind: string; klass: Klass; priority: number;
  zone_id: string | null; state: AlertState; latched: boolean; clear_said: boolean; event_id: string;
  said_at: Iso; heard_at: Iso; repeats: number; last_at: Iso; seat_id: string; shift_id: string | null;
  holder_id: string | null; basis: string; custody_by: string | null; custody_at: Iso | null; ladder: Frozen;
  ring: number; rang_at: Iso; rung: number; ack_by: Iso; due_at: Iso | null; disposition: Disposition | null;
  cause: Cause | null; note: string | null; closed_by: string | null; closed_at: Iso | null; version: number;
}
export interface EventBrief {
  id: string; device_id: string | null; gateway_id: string | null; kind: string; klass: Klass; flags: string[];
  said_at: Iso; heard_at: Iso; alert_id: string | null;
}
export interface EventFull extends EventBrief {
  boot: string | null; seq: number | null; raw: string | null; raw_base64?: string | null;
  data: Record<string, unknown>; shift_id: string | null; holder_id: string | null;
}
export interface SeatState {
  seat_id: string; holder_id: string | null; basis: "signed_on" | "rostered" | "nobody"; shift_id: string | null;
  since: Iso | null; next_person_id: string | null; next_at: Iso | null;
}
export interface DeviceState { device_id: string; heard_at: Iso | null; kind: string | null; silent: boolean }
export interface GatewayState { gateway_id: string; state: string; boot: string | null; spooled: number; heard_at: Iso | null; silent: boolean }
export interface Condition { subject: string; name: string; active: boolean; since: Iso }
export interface Tap {
  event_id: string; tag: string; checkpoint_id: string | null; person_id: string | null; proof: string;
  flag: string | null; said_at: Iso; heard_at: Iso;
}
export interface LogEntry { n: number; at: Iso; act: string; actor: string; subject: string; data: Record<string, unknown>; chain: string }
export interface LogHead { size: number; chain: string; checkpoint?: { size: number; at: Iso } | null }
export interface Fired { ring: number; rung: number; due_at: Iso; at: Iso; who: string; people: string[] }
export interface Notice {
  id: string; ring: number; rung: number; person_id: string | null; channel: string; target: string; state: string;
  attempts: number; made_at: Iso; done_at: Iso | null; code: string | null; body: string | null;
}
export interface AlertStory { alert: Alert; history: LogEntry[]; rungs: Fired[]; notices: Notice[]; events: EventBrief[] }
export interface Reject { id: string; topic: string; heard_at: Iso; why: string; detail: string | null; size: number }
export interface Snapshot {
  seq: number; at: Iso; alerts: Alert[]; conditions: Condition[]; devices: DeviceState[]; gateways: GatewayState[];
  duty: SeatState[]; log: LogHead; events: EventBrief[]; taps: Tap[]; quiet_since: Iso | null;
}
export interface SiteOfMe { site_id: string; name: Words; time_zone: string; person_id: string | null; roles: Role[] }
export interface Me {
  account_id: string; login: string; name: Words; language: string; admin: boolean; must_change: boolean;
  mode: "demo" | "up"; version: string; secure: boolean; sites: SiteOfMe[];
}
export interface DemoLogin { login: string; name: Words; roles: Role[]; site_id: string }
export interface Modes { mode: "demo" | "up"; version: string; demo_logins: DemoLogin[] }
export interface Verified {
  ok: boolean; size: number; first_bad: number | null; why: string | null; chain: string; root: string;
  checkpoints: number | unknown[];
}
export interface Page<T> { items: T[]; next: string | number | null }

/** What the outbox says. One type, one body; unknown types mean that the server is newer than the page. */
export type Push =
  | { type: "alert"; body: Alert; seq: number }
  | { type: "repeats"; body: Pick<Alert, "id" | "repeats" | "last_at" | "version" | "state">[]; seq: number }
  | { type: "events"; body: { count: number; items: EventBrief[] }; seq: number }
  | { type: "devices"; body: DeviceState[]; seq: number }
  | { type: "conditions"; body: Condition[]; seq: number }
  | { type: "duty"; body: SeatState[]; seq: number }
  | { type: "gateway"; body: GatewayState; seq: number }
  | { type: "taps"; body: Tap[]; seq: number }
  | { type: "log"; body: { size: number; chain: string }; seq: number }
  | { type: "register"; body: { version: number }; seq: number };
