import { type InfoHash, infoHashBytes } from '#base/units.ts';
import type { HeatHours } from './heat-hours.ts';
import type { Tables } from './tables.ts';

/** How much a torrent is asked for. */
export type Heat = {
  /** Clients that came after the first, each worth 1/e less with every day since. */
  readonly laterClients: number;
  /** Clients that ever came. */
  readonly clients: number;
  readonly addedAtMs: number;
  readonly haveCount: number;
  /** More of it may lie on the disk than is known. */
  readonly doubtful: boolean;
};

type Stored = {
  heat: number;
  heat_at_ms: number;
  visits: number;
  added_at_ms: number;
  have_count: number;
  doubtful: number;
};

const DAY_MS = 24 * 3_600_000;
const WHERE = 'WHERE info_hash = ? OR info_hash2 = ?';

/** What decides which torrents stay when there is no room for all. */
export class Heats {
  readonly #tables: Tables;
  readonly #hours: HeatHours;

  constructor(tables: Tables, hours: HeatHours) {
    this.#tables = tables;
    this.#hours = hours;
  }

  /** A client has come that was not here lately. Returns which one it is, counting from 1; 0 when the torrent is not known. */
  visited(infoHash: InfoHash, nowMs: number): number {
    const stored = this.#stored(infoHash);
    if (!stored) return 0;
    const heat = warmed(stored, nowMs);
    const name = infoHashBytes(infoHash);
    const sql = `UPDATE task SET heat = ?, heat_at_ms = ?, visits = visits + 1 ${WHERE}`;
    this.#tables.write(() => {
      this.#tables.sql(sql).run(heat, Math.round(nowMs), name, name);
      this.#hours.add(infoHash, 1, 0, nowMs);
    });
    return stored.visits + 1;
  }

  of(infoHash: InfoHash, nowMs: number): Heat | undefined {
    const stored = this.#stored(infoHash);
    return (
      stored && {
        laterClients: cooled(stored, nowMs),
        clients: stored.visits,
        addedAtMs: stored.added_at_ms,
        haveCount: stored.have_count,
        doubtful: stored.doubtful === 1,
      }
    );
  }

  #stored(infoHash: InfoHash): Stored | undefined {
    const name = infoHashBytes(infoHash);
    const sql = `SELECT heat, heat_at_ms, visits, added_at_ms, have_count, doubtful FROM task ${WHERE}`;
    return this.#tables.sql(sql).get(name, name) as Stored | undefined;
  }
}

/** `heat`: -1 before the first client. */
export type Warmth = Pick<Stored, 'heat' | 'heat_at_ms'>;

/** By one client more: the first one warms nothing. */
export const warmed = (warmth: Warmth, nowMs: number): number => (warmth.heat < 0 ? 0 : cooled(warmth, nowMs) + 1);

/** A clock that was set back cools nothing. */
export const cooled = ({ heat, heat_at_ms }: Warmth, nowMs: number): number =>
  Math.max(0, heat) * Math.exp(-Math.max(0, nowMs - heat_at_ms) / DAY_MS);
