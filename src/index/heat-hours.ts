import { type InfoHash, infoHashBytes } from '#base/units.ts';
import { INDEX_LIMITS } from './limits.ts';
import type { Tables } from './tables.ts';

export type HeatHour = { readonly fromMs: number; readonly clients: number; readonly servedBytes: number };

const HOUR_MS = 3_600_000;
const TASK = 'SELECT id FROM task WHERE info_hash = ? OR info_hash2 = ?';

/** How hot each torrent was, by the hour. Of an hour in which nothing happened there is no row. */
export class HeatHours {
  readonly #tables: Tables;
  #prunedHour = 0;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** To be called inside a write. */
  add(infoHash: InfoHash, clients: number, servedBytes: number, nowMs: number): void {
    if (clients === 0 && servedBytes <= 0) return;
    const hour = Math.floor(nowMs / HOUR_MS);
    if (hour !== this.#prunedHour) this.#prune(hour);
    const hash = infoHashBytes(infoHash);
    const sql = `INSERT INTO heat_hour (hour, task, clients, served_bytes) SELECT ?, id, ?, ? FROM (${TASK}) WHERE true
      ON CONFLICT DO UPDATE SET clients = clients + excluded.clients, served_bytes = served_bytes + excluded.served_bytes`;
    this.#tables.sql(sql).run(hour, clients, Math.round(servedBytes), hash, hash);
  }

  /** Oldest first; the last seven days at most. */
  of(infoHash: InfoHash, nowMs: number): HeatHour[] {
    const hash = infoHashBytes(infoHash);
    const since = Math.floor(nowMs / HOUR_MS) - INDEX_LIMITS.heatHours;
    const sql = `SELECT hour, clients, served_bytes FROM heat_hour WHERE task = (${TASK}) AND hour > ? ORDER BY hour LIMIT ?`;
    const rows = this.#tables.sql(sql).raw().all(hash, hash, since, INDEX_LIMITS.heatHours) as number[][];
    return rows.map(([hour = 0, clients = 0, servedBytes = 0]) => ({ fromMs: hour * HOUR_MS, clients, servedBytes }));
  }

  /** A clock that was set forth and back must not fill the table: what lies ahead of now goes, too. */
  #prune(hour: number): void {
    this.#prunedHour = hour;
    this.#tables.sql('DELETE FROM heat_hour WHERE hour <= ? OR hour > ?').run(hour - INDEX_LIMITS.heatHours, hour);
  }
}
