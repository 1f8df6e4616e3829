/** What patrol's ids are called, and where points lie. */
import type { Checkpoint, Iso, Zone } from "@shared/api/types";
import { hourMinute, moment } from "@shared/words/time";

import { usePlaces, zonePath } from "@/alerts/place";
import { now, register } from "@/live/live";
import { zone } from "@/session/session";
import { useWords } from "@/words";

/** The floor whose drawing a zone is on. */
export const floorOf = (id: string | null | undefined): Zone | undefined => zonePath(id).reverse().find((z) => z.plan);
export const checkpoint = (id: string | null): Checkpoint | undefined => (id ? register.value?.checkpoints[id] : undefined);

export function useNames() {
  const { named, lang, t } = useWords();
  const places = usePlaces();
  return {
    route: (id: string) => named(register.value?.patrol_routes[id]?.name, id),
    point: (id: string | null) => (id ? named(checkpoint(id)?.name, id) : t("patrol.taps.unknown")),
    person: places.person,
    people: (ids: string[]) => ids.map(places.person).join(t("facts.and")),
    seat: places.seat,
    holder: (seat: string) => places.holder(seat)?.holder_id ?? null,
    floor: (z: Zone | undefined) => (z ? places.zone(z.id) : ""),
    clock: (at: Iso | number) => hourMinute(at, lang.value, zone.value),
    when: (at: Iso) => moment(at, lang.value, zone.value, now.value),
  };
}
