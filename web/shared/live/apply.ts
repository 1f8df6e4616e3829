/**
 * The live picture of one site = a snapshot and the pushes after it. `apply` is pure: the same pushes on the same
 * snapshot always give what a fresh snapshot would have given.
 */
import type { Alert, EventBrief, HandoverBrief, HandoverState, Iso, Push, Snapshot } from "../api/types";

export interface Live extends Snapshot {
  /** Set when the pushes cannot say what is true any more; the page must fetch a fresh snapshot. */
  refetch: string | null;
}

export const KEPT_EVENTS = 50;
export const KEPT_TAPS = 50;
const UNDER_WAY: ReadonlySet<HandoverState> = new Set(["open", "offered", "disputed"]);

export const begin = (snapshot: Snapshot): Live => ({ ...snapshot, alerts: inOrder(snapshot.alerts), refetch: null });

export function apply(state: Live, push: Push): Live {
  if (push.seq <= state.seq) return state;
  const next = { ...state, seq: push.seq };
  switch (push.type) {
    case "alert":
      return withAlert(next, push.body);
    case "repeats": {
      const told = new Map(push.body.map((r) => [r.id, r]));
      return { ...next, alerts: state.alerts.map((a) => ({ ...a, ...told.get(a.id) })) };
    }
    case "events":
      return withEvents(next, push.body.items);
    case "devices":
      return { ...next, devices: merged(state.devices, push.body, (d) => d.device_id) };
    case "conditions":
      return {
        ...next,
        conditions: merged(state.conditions, push.body, (c) => `${c.subject}\n${c.name}`).filter((c) => c.active),
      };
    case "duty":
      return { ...next, duty: merged(state.duty, push.body, (s) => s.seat_id) };
    case "handover":
      return withHandover(next, push.body);
    case "presence": // their own pages ask for what they show
    case "away":
    case "mandate":
    case "told":
    case "mode":
    case "round":
    case "step":
      return next;
    case "roster": // its own page asks for what it shows
    case "request": // the same
      return next;
    case "gateway":
      return { ...next, gateways: merged(state.gateways, [push.body], (g) => g.gateway_id) };
    case "taps":
      return { ...next, taps: newest([...push.body, ...state.taps], (t) => t.event_id, KEPT_TAPS) };
    case "log":
      return push.body.size < state.log.size ? next : { ...next, log: { ...state.log, ...push.body } };
    case "register":
      return { ...next, refetch: "register" };
    default: {
      const never: never = push;
      return { ...next, refetch: `unknown push ${(never as { type?: string }).type ?? "?"}` };
    }
  }
}

function withAlert(state: Live, alert: Alert): Live {
  const known = state.alerts.find((a) => a.id === alert.id);
  if (known && known.version > alert.version) return state;
  const others = state.alerts.filter((a) => a.id !== alert.id);
  if (alert.state !== "closed") return { ...state, alerts: inOrder([...others, alert]) };
  return { ...state, alerts: others, quiet_since: later(state.quiet_since, alert.closed_at) };
}

/** One that has ended is nobody's business any more. */
function withHandover(state: Live, moved: HandoverBrief): Live {
  const known = state.handovers.find((h) => h.id === moved.id);
  if (known && known.version > moved.version) return state;
  const others = state.handovers.filter((h) => h.id !== moved.id);
  return { ...state, handovers: UNDER_WAY.has(moved.state) ? [...others, moved] : others };
}

function withEvents(state: Live, items: EventBrief[]): Live {
  const byDevice = last(items, (e) => e.device_id);
  const byGateway = last(items, (e) => e.gateway_id);
  const devices = state.devices.map((d) => {
    const e = byDevice.get(d.device_id);
    return e && (!d.heard_at || e.heard_at >= d.heard_at) ? { ...d, heard_at: e.heard_at, kind: e.kind } : d;
  });
  const gateways = state.gateways.map((g) => {
    const e = byGateway.get(g.gateway_id);
    return e && e.heard_at > g.heard_at ? { ...g, heard_at: e.heard_at } : g;
  });
  return { ...state, devices, gateways, events: newest([...items, ...state.events], (e) => e.id, KEPT_EVENTS) };
}

/** The newest event of each. */
function last(items: EventBrief[], of: (e: EventBrief) => string): Map<string, EventBrief> {
  const found = new Map<string, EventBrief>();
  for (const e of items) if ((found.get(of(e))?.heard_at ?? "") <= e.heard_at) found.set(of(e), e);
  return found;
}

function merged<T>(known: T[], told: T[], key: (row: T) => string): T[] {
  const rows = new Map(known.map((row) => [key(row), row]));
  for (const row of told) rows.set(key(row), { ...rows.get(key(row)), ...row });
  return [...rows.values()];
}

function newest<T extends { heard_at: Iso }>(rows: T[], key: (row: T) => string, keep: number): T[] {
  const once = [...new Map(rows.map((row) => [key(row), row])).values()];
  return once.sort((a, b) => (a.heard_at < b.heard_at ? 1 : a.heard_at > b.heard_at ? -1 : 0)).slice(0, keep);
}

function later(a: Iso | null, b: Iso | null): Iso | null {
  return !a || (b && b > a) ? b : a;
}

/** Priority first, then the older. */
export function inOrder(alerts: Alert[]): Alert[] {
  return [...alerts].sort(
    (a, b) => a.priority - b.priority || (a.heard_at < b.heard_at ? -1 : a.heard_at > b.heard_at ? 1 : a.number - b.number),
  );
}

/** Take in an alert that a command returned; its push will follow and change nothing. */
export const absorb = (state: Live, alert: Alert): Live => withAlert(state, alert);
