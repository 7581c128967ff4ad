import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { INDEX_LIMITS } from './limits.ts';
import type { Tables } from './tables.ts';

/** A torrent whose pieces at rest are to be verified. `next`: the piece to go on with. */
export type Due = {
  readonly infoHash: InfoHash;
  readonly next: number;
  /** Its place in the order. */
  readonly scrubbedMs: number;
  readonly id: number;
};

type Stored = { info_hash: Buffer; scrub_next: number; scrubbed_ms: number; id: number };

export const SELECT_DUE = `SELECT id, info_hash, scrubbed_ms, scrub_next FROM task
  WHERE have_count > 0 AND scrubbed_ms <= ? AND (scrubbed_ms, id) > (?, ?)
  ORDER BY scrubbed_ms, id LIMIT ${INDEX_LIMITS.scrubPage}`;

/** In which order torrents at rest are verified, and how far that has come. A torrent that is new was verified as it came. */
export class Scrubs {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Torrents with pieces that were last verified until then, the one longest ago first: those after `last`, a page of them. */
  due(untilMs: number, last?: Due): Due[] {
    const rows = this.#tables
      .sql(SELECT_DUE)
      .all(Math.round(untilMs), last?.scrubbedMs ?? Number.MIN_SAFE_INTEGER, last?.id ?? 0) as Stored[];
    return rows.map((row) => ({
      infoHash: infoHashOf(row.info_hash),
      next: row.scrub_next,
      scrubbedMs: row.scrubbed_ms,
      id: row.id,
    }));
  }

  /** The pieces before `next` have been verified. */
  reached(infoHash: InfoHash, next: number): boolean {
    const sql = 'UPDATE task SET scrub_next = ? WHERE info_hash = ?';
    return this.#tables.write(() => this.#tables.sql(sql).run(next, infoHashBytes(infoHash)));
  }

  /** All have. */
  done(infoHash: InfoHash, nowMs: number): boolean {
    const sql = 'UPDATE task SET scrubbed_ms = ?, scrub_next = 0 WHERE info_hash = ?';
    return this.#tables.write(() => this.#tables.sql(sql).run(Math.round(nowMs), infoHashBytes(infoHash)));
  }
}
