import type { GridName, Moved, TrafficRow } from '#index/traffic-rows.ts';
import { cut, GRIDS } from './grid.ts';
import { addTo, nothing, split } from './moved.ts';

/** What the books ask of the index. */
export type BooksWorld = {
  /** See TrafficRows. */
  add(rows: readonly TrafficRow[]): boolean;
  between(grid: GridName, fromS: number, untilS: number): TrafficRow[];
  sum(grid: GridName, fromS: number, untilS: number): Moved;
};

const NAMES: readonly GridName[] = ['5m', '15m', 'day'];
/** Steps that wait for a disk that takes nothing: two days of five minutes. Of more, the first are lost. */
const WAITING_MAX = 1_000;

/**
 * Traffic over days, months and years. Bytes are noted here and written once a minute, each to the step that it moved in; what was not written yet
 * is told too. A crash costs the last minute.
 */
export class Books {
  readonly #world: BooksWorld;
  #waiting = new Map<string, TrafficRow>();

  constructor(world: BooksWorld) {
    this.#world = world;
  }

  add(moved: Moved, nowMs: number): void {
    for (const grid of NAMES) {
      const parts = cut(GRIDS[grid], nowMs - moved.coveredMs, nowMs);
      const shares = split(
        moved,
        parts.map(({ share }) => share),
      );
      for (const [i, { atMs }] of parts.entries()) this.#note(grid, atMs, shares[i] as Moved);
    }
  }

  /** One write. False: the disk takes nothing, and it is tried again the next time. */
  write(): boolean {
    const rows = [...this.#waiting.values()];
    if (rows.length === 0) return true;
    if (!this.#world.add(rows)) return false;
    this.#waiting.clear();
    return true;
  }

  /** In the order of time; a step may be there twice. */
  between(grid: GridName, fromMs: number, untilMs: number): { atMs: number; moved: Moved }[] {
    const stored = this.#world.between(grid, fromMs / 1000, untilMs / 1000);
    return [...stored, ...this.#unwritten(grid, fromMs, untilMs)].map((row) => ({ atMs: row.atS * 1000, moved: row }));
  }

  /** The same steps, together. */
  sum(grid: GridName, fromMs: number, untilMs: number): Moved {
    const sum = { ...this.#world.sum(grid, fromMs / 1000, untilMs / 1000) };
    for (const row of this.#unwritten(grid, fromMs, untilMs)) addTo(sum, row);
    return sum;
  }

  #unwritten(grid: GridName, fromMs: number, untilMs: number): TrafficRow[] {
    const isIn = (row: TrafficRow): boolean =>
      row.grid === grid && row.atS * 1000 >= fromMs && row.atS * 1000 < untilMs;
    return [...this.#waiting.values()].filter(isIn);
  }

  #note(grid: GridName, atMs: number, moved: Moved): void {
    const atS = Math.floor(atMs / 1000);
    const key = `${grid} ${atS}`;
    let row = this.#waiting.get(key);
    if (!row) {
      row = { ...nothing(), grid, atS };
      this.#waiting.set(key, row);
    }
    addTo(row, moved);
    for (const first of this.#waiting.keys()) {
      if (this.#waiting.size <= WAITING_MAX) break;
      this.#waiting.delete(first);
    }
  }
}
