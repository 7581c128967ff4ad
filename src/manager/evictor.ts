import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import type { StoreLike, Task } from '#task/task.ts';
import { weakest, worthOf } from './keeping.ts';
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
  living(infoHash: InfoHash): Pick<Task, 'verify' | 'evict' | 'leastStake'> | undefined;
  /** What a torrent is worth at least, whoever asks for it; infinite: it is not to go. */
  own?(infoHash: InfoHash): number | undefined;
  /** The operator said since that it is not to go. */
  isPinned?(infoHash: InfoHash): boolean;
  /** At least 0, less than 1. */
  readonly random?: () => number;
};

/** When a disk is short, and until when: a share of what it holds, within bounds in bytes. */
type Mark = { readonly share: number; readonly least: number; readonly most: number };

/**
 * Makes room before a disk is full: of the torrents that are worth least, whole segments go. Worth is what is saved by keeping: the clients that are here
 * and lack it, and those expected within the next hours, from how many came lately. What a client was promised stays, and so do torrents that are pinned.
 * Invariant: a piece is forgotten by the index, durably, before its bytes go.
 */
export class Evictor {
  #pinned: ReadonlySet<InfoHash>;
  readonly #world: EvictWorld;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #evicting = new Set<string>();
  /** Of one disk: when there was last nothing that could go. */
  readonly #inVainMs = new Map<string, number>();
  readonly #marks: { readonly evictBelow: Mark; readonly evictTo: Mark };
  /** When something went, or would have had to go, that is worth as much as what is fetched ahead. */
  #squeezedAtMs = Number.NEGATIVE_INFINITY;
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
    this.#random = world.random ?? Math.random;
  }

  /** From now on these do not go. */
  pin(pinned: readonly InfoHash[]): void {
    this.#pinned = new Set(pinned);
    this.#inVainMs.clear();
  }

  /** To be called every second or two. Resolves when each disk that was short has room, or nothing more that could go. */
  async look(): Promise<void> {
    await this.#world.store.freeBytes(); // measures every disk
    await Promise.all(this.#world.store.disks().map((disk) => this.#relieve(disk)));
  }

  /** Whatever is fetched ahead takes the place of something that is wanted as much. */
  get isSqueezed(): boolean {
    return this.#world.clock.nowMs() - this.#squeezedAtMs < LIMITS.squeezedMs;
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
      const untried = (who: InfoHash) => (tried.has(who) ? undefined : this.#worth(who));
      const victim = weakest(this.#world.store.torrentsOn(path), untried, this.#random);
      if ((victim?.worth ?? LIMITS.aheadWorth) >= LIMITS.aheadWorth) this.#squeezedAtMs = this.#world.clock.nowMs();
      if (!victim) break;
      const { who: infoHash, worth } = victim;
      const bytes = await this.#evict(infoHash, wanted - freed);
      freed += bytes;
      if (bytes > 0) this.#log.info('evicted', { infoHash, bytes, disk: path, worth: Number(worth.toPrecision(3)) });
      else tried.add(infoHash);
    }
    return freed;
  }

  /** What the weakest is worth, of all that could go from the disks in order; undefined when nothing could. */
  leastWorth(): number | undefined {
    const disks = this.#world.store.disks().filter(({ state }) => state === 'good');
    const found = weakest(
      disks.flatMap(({ path }) => this.#world.store.torrentsOn(path)),
      (infoHash) => this.#worth(infoHash),
      this.#random,
    );
    return found?.worth;
  }

  /** Undefined for what is not to go. */
  #worth(infoHash: InfoHash): number | undefined {
    if (this.#isPinned(infoHash)) return undefined;
    const { clock, index } = this.#world;
    const heat = index.heats.of(infoHash, clock.nowMs());
    if (!heat || heat.doubtful || heat.haveCount === 0) return undefined;
    const task = this.#world.living(infoHash);
    const stake = task ? task.leastStake : 0;
    const own = this.#world.own?.(infoHash) ?? 0;
    return stake === undefined ? undefined : stake + Math.max(worthOf(heat, clock.nowMs()), own);
  }

  /** By either of its names (BEP 52). */
  #isPinned(infoHash: InfoHash): boolean {
    const { index, isPinned } = this.#world;
    if (this.#pinned.size === 0 && !isPinned) return false;
    const byName = (name: InfoHash): boolean => this.#pinned.has(name) || (isPinned?.(name) ?? false);
    return byName(infoHash) || index.names(infoHash).some(byName);
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
