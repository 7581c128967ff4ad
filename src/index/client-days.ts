import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { INDEX_LIMITS } from './limits.ts';
import type { Tables } from './tables.ts';

/** What one machine was given of one torrent on one day. */
export type ClientDay = {
  /** The day's first second, where the box is. */
  readonly dayS: number;
  readonly address: string;
  readonly infoHash: InfoHash;
  readonly servedBytes: number;
  readonly lastS: number;
};

type Stored = { day_s: number; info_hash: Buffer; served: number; last_s: number };

/** Who was given what: personal, so it is kept only while the operator wants it, and what goes is overwritten on the disk. */
export class ClientDays {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Adds to what is known; the oldest rows make room. False: nothing of it was written. */
  add(rows: readonly ClientDay[]): boolean {
    const sql = `INSERT INTO client_day (day_s, address, info_hash, served, last_s) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET served = served + excluded.served, last_s = max(last_s, excluded.last_s)`;
    return this.#tables.write(() => {
      for (const { dayS, address, infoHash, servedBytes, lastS } of rows)
        this.#tables.sql(sql).run(dayS, address, infoHashBytes(infoHash), Math.round(servedBytes), Math.floor(lastS));
      if (this.size > INDEX_LIMITS.clientDays) this.#makeRoom();
    });
  }

  get size(): number {
    return this.#tables.sql('SELECT count(*) FROM client_day').pluck().get() as number;
  }

  get oldestS(): number | undefined {
    return (
      (this.#tables.sql('SELECT min(day_s) FROM client_day').pluck().get() as number | null | undefined) ?? undefined
    );
  }

  /** Newest day first. */
  of(address: string): ClientDay[] {
    const sql = `SELECT day_s, info_hash, served, last_s FROM client_day WHERE address = ?
      ORDER BY day_s DESC, served DESC LIMIT ${INDEX_LIMITS.clientAnswer}`;
    return (this.#tables.sql(sql).all(address) as Stored[]).map((row) => ({
      dayS: row.day_s,
      address,
      infoHash: infoHashOf(row.info_hash),
      servedBytes: row.served,
      lastS: row.last_s,
    }));
  }

  /** Days before `fromS` and after `untilS`: the latter were written under a clock that was wrong. Nothing is written when there are none. */
  forgetOutside(fromS: number, untilS: number): boolean {
    const where = 'WHERE day_s < ? OR day_s > ?';
    const some = this.#tables.sql(`SELECT 1 FROM client_day ${where} LIMIT 1`).get(fromS, untilS);
    if (some) return this.#tables.erase(() => this.#tables.sql(`DELETE FROM client_day ${where}`).run(fromS, untilS));
    this.#tables.finishErasing();
    return true;
  }

  /** Of one machine, or of all. */
  forget(address?: string): boolean {
    return this.#tables.erase(() =>
      address === undefined
        ? this.#tables.sql('DELETE FROM client_day').run()
        : this.#tables.sql('DELETE FROM client_day WHERE address = ?').run(address),
    );
  }

  /** A tenth more than it must, so that it is not done with every row. */
  #makeRoom(): void {
    this.#tables
      .sql(
        `DELETE FROM client_day WHERE (address, day_s, info_hash) IN (SELECT address, day_s, info_hash FROM client_day
         ORDER BY day_s DESC, last_s DESC LIMIT -1 OFFSET ?)`,
      )
      .run(Math.floor(INDEX_LIMITS.clientDays * 0.9));
  }
}
