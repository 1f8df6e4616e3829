/** Where an alert is, from the outside in, nothing said twice. */
import type { Alert } from "@shared/api/types";

import { register } from "@guard/live/live";
import { named } from "@guard/words";

export function zoneName(id: string | null): string {
  const names: string[] = [];
  const seen = new Set<string>();
  for (let z = id ? register.value?.zones[id] : undefined; z && !seen.has(z.id); z = z.parent ? register.value?.zones[z.parent] : undefined) {
    seen.add(z.id);
    if (z.kind !== "site" || !names.length) names.unshift(named(z.name));
  }
  return names.filter((name, i) => !(names[i + 1] ?? "").toLowerCase().startsWith(name.toLowerCase())).join(" › ");
}

export function placeOf(alert: Alert): string {
  const [family, id] = alert.subject.includes("/") ? (alert.subject.split("/", 2) as [string, string]) : ["device", alert.subject];
  const book = register.value;
  const names = { device: book?.devices[id]?.name, seat: book?.seats[id]?.name, coverage: book?.seats[id]?.name ?? book?.posts[id]?.name, gateway: book?.gateways[id]?.name, checkpoint: book?.checkpoints[id]?.name, person: book?.people[id]?.name, equipment: book?.equipment_tests[id]?.name }[family];
  const place = zoneName(alert.zone_id);
  const own = named(names, "");
  if (!place) return own;
  const inner = named(alert.zone_id ? book?.zones[alert.zone_id]?.name : null, "");
  const rest = inner && own.toLowerCase().startsWith(inner.toLowerCase()) ? own.slice(inner.length).trim() : own;
  return rest ? `${place} · ${rest}` : place;
}
