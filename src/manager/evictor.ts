import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import type { Heat } from '#index/heats.ts';
import type { Index } from '#index/index.ts';
import type { StoreLike, Task } from '#task/task.ts';
import { LIMITS } from './limits.ts';
import { RestingTorrent } from './resting-torrent.ts';

/** As much of a disk as eviction looks at. `freeBytes`: above the floor. `usableBytes`: when nothing lies there. */
export type EvictedDisk = {
  readonly path: string;
  readonly state: 'good' | 'failing' | 'gone';
  readonly freeBytes: number;
  readonly usableBytes: number;
};

export type EvictWorld = {
  readonly clock: Clock;
  readonly index: Index;
  readonly store: Pick<StoreLike, 'task' | 'metainfo' | 'freeBytes'> & {
    disks(): readonly EvictedDisk[];
    torrentsOn(path: string): readonly InfoHash[];
  };
  living(infoHash: InfoHash): Pick<Task, 'verify' | 'evict'> | undefined;
  /** At least 0, less than 1. */
  readonly random?: () => number;
};

type Victim = { readonly infoHash: InfoHash; readonly worth: number };

/** When a disk is short, and until when: a share of what it holds, within bounds in bytes. */
type Mark = { readonly share: number; readonly least: number; readonly most: number };

/**
 * Makes room before a disk is full: of the torrents that are worth least, whole segments go. Worth is what is saved by keeping: the clients
 * expected within the next hours, from how many came lately. What a connected client lacks always stays, and so do torrents that are pinned.
 * Invariant: a piece is forgotten by the index, durably, before its bytes go.
 */
export class Evictor {
  readonly #pinned: ReadonlySet<InfoHash>;
  readonly #world: EvictWorld;
  readonly #log: Log;
  readonly #evicting = new Set<string>();
  /** Of one disk: when there was last nothing that could go. */
  readonly #inVainMs = new Map<string, number>();
  readonly #marks: { readonly evictBelow: Mark; readonly evictTo: Mark };
  #closed = false;

  constructor(
    pinned: readonly InfoHash[],
    world: EvictWorld,
    log: Log,
    marks: { readonly evictBelow: Mark; readonly evictTo: Mark } = LIMITS,
  ) {
    this.#marks = marks;
    this.#pinned = new Set(pinned);
    this.#world = world;
    this.#log = log;
  }

  /** To be called every second or two. Resolves when each disk that was short has room, or nothing more that could go. */
  async look(): Promise<void> {
    await this.#world.store.freeBytes(); // measures every disk
    await Promise.all(this.#world.store.disks().map((disk) => this.#relieve(disk)));
  }

  close(): void {
    this.#closed = true;
  }

  async #relieve({ path, state, freeBytes, usableBytes }: EvictedDisk): Promise<void> {
    const { evictBelow, evictTo } = this.#marks;
    if (state === 'gone' || freeBytes >= bytesOf(evictBelow, usableBytes) || this.#evicting.has(path)) return;
    const nowMs = this.#world.clock.nowMs();
    if (nowMs - (this.#inVainMs.get(path) ?? Number.NEGATIVE_INFINITY) < LIMITS.evictAgainMs) return;
    this.#evicting.add(path);
    try {
      const wanted = bytesOf(evictTo, usableBytes) - freeBytes;
      const freed = await this.#free(path, wanted);
      if (freed < wanted) this.#inVainMs.set(path, nowMs);
      if (freed > 0) this.#world.index.addTotal('evictedBytes', freed);
    } catch (error) {
      this.#log.error('evict-failed', { disk: path, why: errorText(error) });
    } finally {
      this.#evicting.delete(path);
    }
  }

  async #free(path: string, wanted: number): Promise<number> {
    const tried = new Set<InfoHash>();
    let freed = 0;
    while (freed < wanted && !this.#closed) {
      const victim = this.#weakest(path, tried);
      if (!victim) break;
      tried.add(victim.infoHash);
      const bytes = await this.#evict(victim.infoHash, wanted - freed);
      freed += bytes;
      const { infoHash, worth } = victim;
      if (bytes > 0) this.#log.info('evicted', { infoHash, bytes, disk: path, worth: Number(worth.toPrecision(3)) });
    }
    return freed;
  }

  /**
   * Of a few drawn at random the one worth least: a draw of sixteen is as good as looking at all. Undefined when none may go: a
   * newcomer with a single client is worth 1, so nothing that is worth as much goes for it.
   */
  #weakest(path: string, tried: ReadonlySet<InfoHash>): Victim | undefined {
    const { store, random = Math.random } = this.#world;
    const all = store.torrentsOn(path);
    const drawn = Array.from({ length: LIMITS.evictDraws }, () => all[Math.floor(random() * all.length)] as InfoHash);
    const few = all.length > 2 * drawn.length ? new Set(drawn) : all;
    // Most may have been tried, or be pinned: then all are looked at.
    return this.#weakestOf(few, tried) ?? (few === all ? undefined : this.#weakestOf(all, tried));
  }

  #weakestOf(some: Iterable<InfoHash>, tried: ReadonlySet<InfoHash>): Victim | undefined {
    const { clock, index } = this.#world;
    let weakest: Victim | undefined;
    for (const infoHash of some) {
      if (tried.has(infoHash) || this.#isPinned(infoHash)) continue;
      const heat = index.heats.of(infoHash, clock.nowMs());
      if (!heat || heat.doubtful || heat.haveCount === 0) continue;
      const worth = worthOf(heat, clock.nowMs());
      if (worth < 1 && worth < (weakest?.worth ?? Number.POSITIVE_INFINITY)) weakest = { infoHash, worth };
    }
    return weakest;
  }

  /** By either of its names (BEP 52). */
  #isPinned(infoHash: InfoHash): boolean {
    if (this.#pinned.size === 0) return false;
    return this.#pinned.has(infoHash) || this.#world.index.names(infoHash).some((name) => this.#pinned.has(name));
  }

  async #evict(infoHash: InfoHash, bytes: number): Promise<number> {
    const task = this.#world.living(infoHash);
    if (task) return task.evict(bytes);
    return (await RestingTorrent.open(infoHash, this.#world))?.evict(bytes) ?? 0;
  }
}

const bytesOf = ({ share, least, most }: Mark, usableBytes: number): number =>
  Math.min(most, Math.max(least, share * usableBytes), usableBytes / 2);

/** Something goes now and then, or soon will. */
export const isNearlyFull = ({ freeBytes, usableBytes }: Pick<EvictedDisk, 'freeBytes' | 'usableBytes'>): boolean =>
  freeBytes < 1.5 * bytesOf(LIMITS.evictTo, usableBytes);

const DAY_MS = 24 * 3_600_000;

/**
 * Clients expected within the next `evictAheadMs`: those that came after the first, each counting less with every day, over the days that there
 * were to come in; and a share of one more, for what is too new to tell.
 */
export function worthOf({ laterClients, addedAtMs }: Pick<Heat, 'laterClients' | 'addedAtMs'>, nowMs: number): number {
  const days = 1 - Math.exp(-Math.max(0, nowMs - addedAtMs) / DAY_MS);
  return ((LIMITS.evictPrior + laterClients) / (1 + days)) * (LIMITS.evictAheadMs / DAY_MS);
}
