/** Where this phone was proved to be last: its own taps, sent or not. Else the site as a whole. Pure. */
import type { Register, Words } from "@shared/api/types";

export interface Place { zone: string; name: Words; checkpoint: string | null; at: string | null }
interface Seen { checkpoint: string | null; at: string; person: string }
interface Told { checkpoint_id: string | null; said_at: string; person_id: string | null }

export function lastKnown(person: string, kept: readonly Seen[], told: readonly Told[], register: Register | null): Place | null {
  if (!register) return null;
  const seen = [
    ...kept.filter((k) => k.person === person).map((k) => ({ checkpoint: k.checkpoint, at: k.at })),
    ...told.filter((k) => k.person_id === person).map((k) => ({ checkpoint: k.checkpoint_id, at: k.said_at })),
  ].filter((s) => s.checkpoint !== null && s.checkpoint in register.checkpoints);
  const last = seen.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
  const point = last?.checkpoint ? register.checkpoints[last.checkpoint] : undefined;
  if (point && last) return { zone: point.zone, name: point.name, checkpoint: point.id, at: last.at };
  const whole = Object.values(register.zones).find((z) => z.parent === null);
  return whole ? { zone: whole.id, name: whole.name, checkpoint: null, at: null } : null;
}
