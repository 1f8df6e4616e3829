/** Where one is in a grid, and the range that Shift draws from there. Pure. */

export interface Place { row: number; col: number }
/** `from` is where the range began; without a range it is `at`. */
export interface Cursor { at: Place; from: Place }
export interface Size { rows: number; cols: number }

export const put = (row: number, col: number): Cursor => ({ at: { row, col }, from: { row, col } });
export const drawn = (cursor: Cursor, row: number, col: number): Cursor => ({ at: { row, col }, from: cursor.from });

const MOVES: Record<string, (at: Place, size: Size) => Place> = {
  ArrowUp: (p) => ({ ...p, row: p.row - 1 }),
  ArrowDown: (p) => ({ ...p, row: p.row + 1 }),
  ArrowLeft: (p) => ({ ...p, col: p.col - 1 }),
  ArrowRight: (p) => ({ ...p, col: p.col + 1 }),
  Home: (p) => ({ ...p, col: 0 }),
  End: (p, size) => ({ ...p, col: size.cols - 1 }),
};
const within = (n: number, count: number) => Math.min(Math.max(n, 0), Math.max(count - 1, 0));

/** The cursor after a key, at the edge where it is; null for a key that moves nothing. */
export function moved(cursor: Cursor, key: string, shift: boolean, size: Size): Cursor | null {
  const move = MOVES[key];
  if (!move) return null;
  const to = move(cursor.at, size);
  const at = { row: within(to.row, size.rows), col: within(to.col, size.cols) };
  return { at, from: shift ? cursor.from : at };
}

/** The cursor when the grid has another size. */
export const kept = (cursor: Cursor, size: Size): Cursor => {
  const fit = (p: Place): Place => ({ row: within(p.row, size.rows), col: within(p.col, size.cols) });
  return { at: fit(cursor.at), from: fit(cursor.from) };
};

const between = (n: number, a: number, b: number) => n >= Math.min(a, b) && n <= Math.max(a, b);
export const inRange = ({ at, from }: Cursor, row: number, col: number): boolean => between(row, at.row, from.row) && between(col, at.col, from.col);

/** Every place of the range, row by row. */
export function places({ at, from }: Cursor): Place[] {
  const rows = Array.from({ length: Math.abs(at.row - from.row) + 1 }, (_, n) => Math.min(at.row, from.row) + n);
  const cols = Array.from({ length: Math.abs(at.col - from.col) + 1 }, (_, n) => Math.min(at.col, from.col) + n);
  return rows.flatMap((row) => cols.map((col) => ({ row, col })));
}

/** Which brush a key takes: its number, or its letter; "" wipes, undefined is no brush. */
export function brushOf(key: string, brushes: readonly { id: string; letter: string }[]): string | undefined {
  if (key === "0" || key === "Delete" || key === "Backspace") return "";
  if (/^[1-9]$/.test(key)) return brushes[Number(key) - 1]?.id;
  return brushes.find((b) => b.letter !== "" && b.letter.toLowerCase() === key.toLowerCase())?.id;
}
