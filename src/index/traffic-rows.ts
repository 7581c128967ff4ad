import { INDEX_LIMITS } from './limits.ts';
import type { Tables } from './tables.ts';

/** What moved in one step: bytes, and the milliseconds in which it was looked at. */
export type Moved = {
  /** How long the box ran in this step. More than the step where the clock was set back. */
  coveredMs: number;
  /** How long of that the port was there to be counted. */
  wanMs: number;
  lanMs: number;
  /** Connections with clients, times milliseconds. */
  clientMs: number;
  wanRx: number;
  wanTx: number;
  lanRx: number;
  lanTx: number;
  served: number;
  /** Of what was served, what was fetched for it. */
  fresh: number;
  filled: number;
  passed: number;
};

/** How long a step is: five minutes, a quarter of an hour (every time zone's midnight is on one), or a day. */
export type GridName = '5m' | '15m' | 'day';
export type TrafficRow = Moved & { readonly grid: GridName; readonly atS: number };

const COLUMNS = [
  ['covered_ms', 'coveredMs'],
  ['wan_ms', 'wanMs'],
  ['lan_ms', 'lanMs'],
  ['client_ms', 'clientMs'],
  ['wan_rx', 'wanRx'],
  ['wan_tx', 'wanTx'],
  ['lan_rx', 'lanRx'],
  ['lan_tx', 'lanTx'],
  ['served', 'served'],
  ['fresh', 'fresh'],
  ['filled', 'filled'],
  ['passed', 'passed'],
] as const satisfies readonly (readonly [string, keyof Moved])[];

const NAMES = COLUMNS.map(([column]) => column).join(', ');
const ADD = `INSERT INTO traffic (grid, at_s, ${NAMES}) VALUES (?, ?, ${COLUMNS.map(() => '?').join(', ')})
  ON CONFLICT DO UPDATE SET ${COLUMNS.map(([column]) => `${column} = ${column} + excluded.${column}`).join(', ')}`;
const SELECT = `SELECT at_s AS atS, grid, ${COLUMNS.map(([column, name]) => `${column} AS ${name}`).join(', ')} FROM traffic`;
const SUM = `SELECT ${COLUMNS.map(([column, name]) => `coalesce(sum(${column}), 0) AS ${name}`).join(', ')} FROM traffic`;
const WHERE = 'WHERE grid = ? AND at_s >= ? AND at_s < ?';
const FORGET = `DELETE FROM traffic WHERE grid = ?
  AND at_s < (SELECT at_s FROM traffic WHERE grid = ? ORDER BY at_s DESC LIMIT 1 OFFSET ?)`;

/**
 * Traffic over time. Of each grid the newest rows stay, counted and not by their age: a clock that was wrong for an hour must not cost a year
 * of figures.
 */
export class TrafficRows {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Adds to what is known of each step: all of them, or none when false. */
  add(rows: readonly TrafficRow[]): boolean {
    return this.#tables.write(() => {
      for (const row of rows)
        this.#tables.sql(ADD).run(row.grid, row.atS, ...COLUMNS.map(([, name]) => Math.round(row[name])));
      for (const grid of new Set(rows.map((row) => row.grid)))
        this.#tables.sql(FORGET).run(grid, grid, INDEX_LIMITS.trafficRows[grid] - 1);
    });
  }

  /** Oldest first, from `fromS` on and before `untilS`, seconds since the epoch. */
  between(grid: GridName, fromS: number, untilS: number): TrafficRow[] {
    return this.#tables
      .sql(`${SELECT} ${WHERE} ORDER BY at_s`)
      .all(grid, Math.floor(fromS), Math.floor(untilS)) as TrafficRow[];
  }

  /** Of the same steps, together. */
  sum(grid: GridName, fromS: number, untilS: number): Moved {
    return this.#tables.sql(`${SUM} ${WHERE}`).get(grid, Math.floor(fromS), Math.floor(untilS)) as Moved;
  }
}
