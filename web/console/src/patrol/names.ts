/** What patrol's ids are called, and where points lie. */
import type { Checkpoint, Iso, Zone } from "@shared/api/types";
import { hourMinute, moment } from "@shared/words/time";

import { usePlaces, zonePath } from "@/alerts/place";
import { now, register } from "@/live/live";
import { zone } from "@/session/session";
import { useWords } from "@/words";

/** The zone whose drawing a zone is on; of zones within each other on one drawing, the outermost. */
export function floorOf(id: string | null | undefined): Zone | undefined {
  const out = zonePath(id).reverse();
  const at = out.findIndex((z) => z.plan);
  if (at < 0) return undefined;
  const end = out.findIndex((z, n) => n > at && z.plan !== out[at]!.plan);
  return out[(end < 0 ? out.length : end) - 1];
}
export const checkpoint = (id: string | null): Checkpoint | undefined => (id ? register.value?.checkpoints[id] : undefined);

export function useNames() {
  const { named, lang, t } = useWords();
  const places = usePlaces();
  return {
    route: (id: string) => named(register.value?.patrol_routes[id]?.name, id),
    point: (id: string | null) => (id ? named(checkpoint(id)?.name, id) : t("patrol.taps.unknown")),
    /** What a task of a point asks, as the routes have it. */
    task: (point: string, id: string) => {
      const stops = Object.values(register.value?.patrol_routes ?? {}).flatMap((r) => r.stops).filter((s) => s.checkpoint === point);
      return named(stops.flatMap((s) => s.tasks).find((x) => x.id === id)?.name, id);
    },
    person: places.person,
    people: (ids: string[]) => ids.map(places.person).join(t("facts.and")),
    seat: places.seat,
    holder: (seat: string) => places.holder(seat)?.holder_id ?? null,
    floor: (z: Zone | undefined) => (z ? places.zone(z.id) : ""),
    clock: (at: Iso | number) => hourMinute(at, lang.value, zone.value),
    /** For plans, which have no seconds. */
    minute: (at: Iso) => moment(at, lang.value, zone.value, now.value).replace(/:\d\d$/, ""),
    when: (at: Iso) => moment(at, lang.value, zone.value, now.value),
  };
}
