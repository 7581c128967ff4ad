import type { Clock } from '#base/clock.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import { type EvictedDisk, isNearlyFull } from './evictor.ts';
import { type Decline, declineOf, type Full } from './keeping.ts';
import { LIMITS } from './limits.ts';
import type { Visits } from './visits.ts';

export type AdmissionWorld = {
  readonly clock: Clock;
  readonly index: Index;
  readonly visits: Visits;
  disks(): readonly (EvictedDisk & { readonly kind: 'hdd' | 'ssd' | 'unknown' })[];
  /** See Evictor. Undefined: whatever comes takes no other's place. */
  leastWorth(): number | undefined;
};

/**
 * Once every disk is full, everything new takes the place of something. So a torrent that is worth less than what would go for it is left to the swarm
 * until more clients want it; and where there is nothing but flash, any torrent until its second client comes.
 */
export class Admission {
  #sparesFlash: boolean;
  readonly #world: AdmissionWorld;
  /** Of a torrent: the client that was last left to the swarm. The one longest ago first. */
  readonly #declined = new Map<InfoHash, { readonly client: string; readonly atMs: number }>();
  #full: Full | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(sparesFlash: boolean, world: AdmissionWorld) {
    this.#sparesFlash = sparesFlash;
    this.#world = world;
  }

  /** From the next look on. */
  spareFlash(spares: boolean): void {
    this.#sparesFlash = spares;
    this.#lookedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Why the client's torrent, which nobody else uses, is not taken in. It is remembered for the next client. */
  declines(infoHash: InfoHash, client: string): Decline | undefined {
    this.#look();
    if (!this.#full) return undefined;
    const { clock, index, visits } = this.#world;
    const nowMs = clock.nowMs();
    if (!index.heats.of(infoHash, nowMs)) index.putTask({ infoHash, addedAtMs: nowMs });
    visits.came(infoHash, client, nowMs);
    const heat = index.heats.of(infoHash, nowMs);
    const why = heat && declineOf(heat, this.#isWantedByOther(infoHash, client, nowMs), this.#full, nowMs);
    if (why) this.#note(infoHash, client, nowMs);
    return why;
  }

  #isWantedByOther(infoHash: InfoHash, client: string, nowMs: number): boolean {
    const last = this.#declined.get(infoHash);
    return last !== undefined && last.client !== client && nowMs - last.atMs < LIMITS.togetherMs;
  }

  #note(infoHash: InfoHash, client: string, atMs: number): void {
    this.#declined.delete(infoHash);
    this.#declined.set(infoHash, { client, atMs });
    for (const oldest of this.#declined.keys()) {
      if (this.#declined.size <= LIMITS.declined) break;
      this.#declined.delete(oldest);
    }
  }

  #look(): void {
    const nowMs = this.#world.clock.nowMs();
    if (nowMs - this.#lookedAtMs < LIMITS.roomEveryMs) return;
    this.#lookedAtMs = nowMs;
    const good = this.#world.disks().filter(({ state }) => state === 'good');
    const isFull = good.length > 0 && good.every(isNearlyFull);
    const isFlash = this.#sparesFlash && good.every(({ kind }) => kind === 'ssd');
    this.#full = isFull ? { least: this.#world.leastWorth(), isFlash } : undefined;
  }
}
