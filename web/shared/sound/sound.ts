/** What an alarm sounds like: one loop per priority, faster once its target has passed. Pure: samples out, no device. */

interface Note { hz: number; ms: number; rest: number }
interface Pattern { notes: Note[]; every: number; loud: number }

const tone = (hz: number, ms: number, rest: number): Note => ({ hz, ms, rest });

export const PATTERNS: Record<number, Pattern> = {
  1: { notes: [tone(960, 220, 30), tone(720, 220, 30), tone(960, 220, 30), tone(720, 220, 30)], every: 1600, loud: 0.5 },
  2: { notes: [tone(880, 160, 90), tone(880, 160, 90), tone(880, 160, 90)], every: 2600, loud: 0.4 },
  3: { notes: [tone(660, 180, 120), tone(660, 180, 120)], every: 5000, loud: 0.3 },
  4: { notes: [tone(520, 240, 0)], every: 10_000, loud: 0.22 },
};

/** Milliseconds of one loop. Overdue: half the pause, never cutting into the notes. */
export function loopMs(priority: number, overdue: boolean): number {
  const pattern = PATTERNS[priority] ?? PATTERNS[4]!;
  const sounding = pattern.notes.reduce((sum, n) => sum + n.ms + n.rest, 0);
  return overdue ? sounding + Math.round((pattern.every - sounding) / 3) : pattern.every;
}

/** One loop as samples in -1…1, with soft edges so that nothing clicks. */
export function render(priority: number, overdue: boolean, rate: number): Float32Array<ArrayBuffer> {
  const pattern = PATTERNS[priority] ?? PATTERNS[4]!;
  const samples = new Float32Array(Math.round((loopMs(priority, overdue) / 1000) * rate));
  let start = 0;
  for (const note of pattern.notes) {
    const length = Math.round((note.ms / 1000) * rate);
    const edge = Math.min(Math.round(0.012 * rate), length >> 1);
    for (let i = 0; i < length && start + i < samples.length; i += 1) {
      const envelope = Math.min(1, i / edge, (length - i) / edge);
      const turn = (2 * Math.PI * note.hz * i) / rate;
      samples[start + i] = pattern.loud * envelope * (0.85 * Math.sin(turn) + 0.15 * Math.sin(3 * turn));
    }
    start += length + Math.round((note.rest / 1000) * rate);
  }
  return samples;
}
