import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import type { Tables } from './tables.ts';

/** Read at a time: small, because other torrents are settled meanwhile. */
const PAGE = 100;

/**
 * Torrents of which more may lie on the disk than their bits tell. A doubt lasts until the disk was looked at, however many
 * restarts that takes.
 */
export class Doubts {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** After an unclean stop: every torrent that lacks a piece. What is whole cannot have more. */
  markIncomplete(): boolean {
    return this.#tables.write(() =>
      this.#tables.sql('UPDATE task SET doubtful = 1 WHERE have_count < piece_count AND doubtful = 0').run(),
    );
  }

  mark(infoHash: InfoHash): boolean {
    return this.#set(infoHash, 1);
  }

  settle(infoHash: InfoHash): boolean {
    return this.#set(infoHash, 0);
  }

  get count(): number {
    return this.#tables.sql('SELECT count(*) FROM task WHERE doubtful = 1').pluck().get() as number;
  }

  /** Each once, oldest first, a page in memory. Marking and settling meanwhile is allowed. */
  *each(): Generator<InfoHash> {
    const next = this.#tables.sql(
      `SELECT id, info_hash FROM task WHERE doubtful = 1 AND id > ? ORDER BY id LIMIT ${PAGE}`,
    );
    for (let after = 0; ; ) {
      const page = next.all(after) as { id: number; info_hash: Buffer }[];
      for (const { info_hash } of page) yield infoHashOf(info_hash);
      const last = page.at(-1);
      if (!last) return;
      after = last.id;
    }
  }

  #set(infoHash: InfoHash, doubtful: 0 | 1): boolean {
    const sql = 'UPDATE task SET doubtful = ? WHERE info_hash = ? AND doubtful <> ?';
    return this.#tables.write(() => this.#tables.sql(sql).run(doubtful, infoHashBytes(infoHash), doubtful));
  }
}
