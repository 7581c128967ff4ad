import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { fold } from './fold.ts';
import { INDEX_LIMITS } from './limits.ts';
import type { Tables } from './tables.ts';

/** Bits of what the operator decided of a torrent. */
export const DECIDED = { pinned: 1, blocked: 2, limited: 4 } as const;

const TASK = 'SELECT id FROM task WHERE info_hash = ? OR info_hash2 = ?';

/** What the list of all torrents is made of, beside each torrent's own row: those whose metainfo is known, and those that something was decided of. */
export class Listing {
  readonly #tables: Tables;
  /** Bits of DECIDED, from whoever keeps what was decided: a torrent may come to the list later than the decision. */
  decidedOf: (infoHash: InfoHash) => number = () => 0;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  describe(infoHash: InfoHash, name: string, totalBytes: number): boolean {
    const hash = infoHashBytes(infoHash);
    const shown = name.slice(0, INDEX_LIMITS.nameChars).toWellFormed();
    const sql = `INSERT INTO listing (task, name, words, total_bytes) SELECT id, ?, ?, ? FROM (${TASK}) WHERE true
      ON CONFLICT DO UPDATE SET name = excluded.name, words = excluded.words, total_bytes = excluded.total_bytes`;
    const size = Math.min(totalBytes, Number.MAX_SAFE_INTEGER);
    return this.#tables.write(() => {
      this.#tables.sql(sql).run(shown, fold(shown), size, hash, hash);
      const bits = this.decidedOf(infoHash);
      if (bits > 0) this.#mark(infoHash, bits);
    });
  }

  /** Empty when nobody has read it yet, or nothing is known of it. */
  nameOf(infoHash: InfoHash): string {
    const sql = `SELECT name FROM listing WHERE task = (${TASK})`;
    const hash = infoHashBytes(infoHash);
    return (this.#tables.sql(sql).pluck().get(hash, hash) as string | undefined) ?? '';
  }

  /** From now on exactly this has been decided, of torrents that are known. */
  decideAll(all: ReadonlyMap<InfoHash, number>): boolean {
    return this.#tables.write(() => {
      this.#tables.sql('UPDATE listing SET decided = 0 WHERE decided > 0').run();
      for (const [infoHash, bits] of all) this.#mark(infoHash, bits);
    });
  }

  decide(infoHash: InfoHash, bits: number): boolean {
    return this.#tables.write(() => this.#mark(infoHash, bits));
  }

  /** Torrents with pieces whose name nobody has read yet, from that row on. */
  unnamed(afterRow: number): { readonly row: number; readonly infoHash: InfoHash }[] {
    const sql = `SELECT task, info_hash FROM listing JOIN task ON id = task
      WHERE task > ? AND name = '' AND total_bytes = 0 AND piece_count > 0 ORDER BY task LIMIT ${INDEX_LIMITS.unnamedPage}`;
    const rows = this.#tables.sql(sql).all(afterRow) as { task: number; info_hash: Buffer }[];
    return rows.map(({ task, info_hash }) => ({ row: task, infoHash: infoHashOf(info_hash) }));
  }

  #mark(infoHash: InfoHash, bits: number): void {
    const hash = infoHashBytes(infoHash);
    const sql = `INSERT INTO listing (task, decided) SELECT id, ? FROM (${TASK}) WHERE true
      ON CONFLICT DO UPDATE SET decided = excluded.decided`;
    this.#tables.sql(sql).run(bits, hash, hash);
    // Nothing is known of it, and nothing decided any more.
    const empty = `DELETE FROM listing WHERE decided = 0 AND task IN (SELECT id FROM task
      WHERE (info_hash = ? OR info_hash2 = ?) AND piece_count = 0)`;
    if (bits === 0) this.#tables.sql(empty).run(hash, hash);
  }
}
