/**
 * Nothing moves under the pointer. While the list is held, known rows keep their places (one that has closed stays as a
 * ghost) and new rows wait at the end; when it is let go, the true order returns.
 */
export interface Held { shown: string[]; fresh: string[] }

export function hold(before: string[], sorted: string[]): Held {
  const known = new Set(before);
  const fresh = sorted.filter((id) => !known.has(id));
  return { shown: [...before, ...fresh], fresh };
}
