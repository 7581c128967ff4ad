import { type InfoHash, infoHashBytes } from '#base/units.ts';
import type { Tables } from './tables.ts';

/** How much a torrent is asked for. */
export type Heat = {
  /** Clients that came after the first, each worth 1/e less with every day since. */
  readonly laterClients: number;
  readonly addedAtMs: number;
  readonly haveCount: number;
  /** More of it may lie on the disk than is known. */
  readonly doubtful: boolean;
};

type Stored = { heat: number; heat_at_ms: number; added_at_ms: number; have_count: number; doubtful: number };

const DAY_MS = 24 * 3_600_000;
const WHERE = 'WHERE info_hash = ? OR info_hash2 = ?';

/** What decides which torrents stay when there is no room for all. */
export class Heats {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** A client has come that was not here lately. */
  visited(infoHash: InfoHash, nowMs: number): boolean {
    const stored = this.#stored(infoHash);
    if (!stored) return true;
    const heat = stored.heat < 0 ? 0 : cooled(stored, nowMs) + 1;
    const name = infoHashBytes(infoHash);
    const sql = `UPDATE task SET heat = ?, heat_at_ms = ? ${WHERE}`;
    return this.#tables.write(() => this.#tables.sql(sql).run(heat, Math.round(nowMs), name, name));
  }

  of(infoHash: InfoHash, nowMs: number): Heat | undefined {
    const stored = this.#stored(infoHash);
    return (
      stored && {
        laterClients: cooled(stored, nowMs),
        addedAtMs: stored.added_at_ms,
        haveCount: stored.have_count,
        doubtful: stored.doubtful === 1,
      }
    );
  }

  #stored(infoHash: InfoHash): Stored | undefined {
    const name = infoHashBytes(infoHash);
    const sql = `SELECT heat, heat_at_ms, added_at_ms, have_count, doubtful FROM task ${WHERE}`;
    return this.#tables.sql(sql).get(name, name) as Stored | undefined;
  }
}

/** A clock that was set back cools nothing. */
export const cooled = ({ heat, heat_at_ms }: Pick<Stored, 'heat' | 'heat_at_ms'>, nowMs: number): number =>
  Math.max(0, heat) * Math.exp(-Math.max(0, nowMs - heat_at_ms) / DAY_MS);
