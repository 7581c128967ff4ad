import type { Clock } from '#base/clock.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import { type EvictedDisk, isNearlyFull } from './evictor.ts';
import { LIMITS } from './limits.ts';
import type { Visits } from './visits.ts';

export type SparingWorld = {
  readonly clock: Clock;
  readonly index: Index;
  readonly visits: Visits;
  disks(): readonly (EvictedDisk & { readonly kind: 'hdd' | 'ssd' | 'unknown' })[];
};

/**
 * Flash wears by writing, and once it is full everything new takes the place of something. Half of the torrents that a campus asks for are never
 * asked for again: so, where there is nothing but full flash, a torrent is fetched when its second client comes.
 */
export class FlashSparing {
  readonly #isOn: boolean;
  readonly #world: SparingWorld;
  #isFull = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(isOn: boolean, world: SparingWorld) {
    this.#isOn = isOn;
    this.#world = world;
  }

  /** The client is the torrent's first, and nothing of it is here. It is remembered for the second. */
  declines(infoHash: InfoHash, client: string): boolean {
    if (!this.#isOn || !this.#full()) return false;
    const { clock, index, visits } = this.#world;
    const nowMs = clock.nowMs();
    if (!index.heats.of(infoHash, nowMs)) index.putTask({ infoHash, addedAtMs: nowMs });
    visits.came(infoHash, client, nowMs);
    const heat = index.heats.of(infoHash, nowMs);
    return heat !== undefined && heat.haveCount === 0 && heat.laterClients < LIMITS.secondClient;
  }

  #full(): boolean {
    const nowMs = this.#world.clock.nowMs();
    if (nowMs - this.#lookedAtMs >= LIMITS.roomEveryMs) {
      this.#lookedAtMs = nowMs;
      const good = this.#world.disks().filter(({ state }) => state === 'good');
      this.#isFull = good.length > 0 && good.every((disk) => disk.kind === 'ssd' && isNearlyFull(disk));
    }
    return this.#isFull;
  }
}
