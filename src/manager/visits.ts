import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import { LIMITS } from './limits.ts';
import { Sight } from './sight.ts';
import { Trail } from './trail.ts';

/** The setting that holds the trail. */
const TRAIL = 'trail';

export type VisitsIndex = Pick<Index, 'setting' | 'setSetting'> & {
  readonly heats: Pick<Index['heats'], 'visited' | 'of'>;
};

/**
 * Who asked for which torrent: what the box expects of the future comes from here. Tells a client that comes from one that comes back: clients dial again
 * and again, by every address they know.
 */
export class Visits {
  readonly #index: VisitsIndex;
  /** The one seen longest ago first. */
  readonly #seen = new Map<string, number>();
  readonly #trail: Trail;
  readonly #sight = new Sight();

  constructor(index: VisitsIndex) {
    this.#index = index;
    this.#trail = new Trail(index.setting(TRAIL));
  }

  /** The client's flow about the torrent is here. */
  came(infoHash: InfoHash, client: string, nowMs: number): void {
    const key = keyOf(infoHash, client);
    this.#sight.came(key);
    const isNew = this.#isNew(key, nowMs);
    this.#note(key, nowMs);
    if (!isNew) return;
    const nth = this.#index.heats.visited(infoHash, nowMs);
    if (nth > 0) this.#trail.joined(nth);
  }

  /** The client told others that it wants the torrent: its flow may come. */
  announced(infoHash: InfoHash, client: string, nowMs: number): void {
    const key = keyOf(infoHash, client);
    if (this.#isNew(key, nowMs)) this.#sight.announced(key, nowMs);
  }

  /** The odds that the torrent gets another client, 0 to 1. */
  another(infoHash: InfoHash, nowMs: number): number {
    return this.#trail.another(this.#index.heats.of(infoHash, nowMs)?.clients ?? 1);
  }

  /** The share of clients whose transfers come through the box, 0 to 1. */
  get through(): number {
    return this.#sight.through;
  }

  keep(): void {
    const { text } = this.#trail;
    if (text !== this.#index.setting(TRAIL)) this.#index.setSetting(TRAIL, text);
  }

  #isNew(key: string, nowMs: number): boolean {
    const last = this.#seen.get(key);
    return last === undefined || nowMs - last > LIMITS.visitMs;
  }

  #note(key: string, nowMs: number): void {
    this.#seen.delete(key);
    this.#seen.set(key, nowMs);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= LIMITS.visits) break;
      this.#seen.delete(oldest);
    }
  }
}

const keyOf = (infoHash: InfoHash, client: string): string => `${infoHash} ${client}`;
