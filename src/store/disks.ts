import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { Disk, type DiskState } from './disk.ts';
import { adopt, type DiskKind, readMarker } from './disk-marker.ts';
import { STORE_LIMITS } from './limits.ts';
import { place } from './placement.ts';
import { LAYOUT_FILE, removeFolder } from './task-folder.ts';

/** A folder on a disk of its own, or not. `id`: of the disk that was adopted there before; another or none means that it is missing. */
export type DiskPlace = { readonly path: string; readonly id?: string | undefined };

/** A disk for a person's eyes. `freeBytes`: above the floor; `usableBytes`: when nothing lies there. `id`: unknown while it has never been seen. */
export type DiskView = {
  readonly path: string;
  readonly id?: string;
  readonly kind: DiskKind;
  readonly state: DiskState;
  readonly freeBytes: number;
  readonly usableBytes: number;
  readonly writeMBps: number;
  readonly costMs: number;
  readonly errors: number;
  readonly torrents: number;
};

/**
 * The disks of the box, and on which of them each torrent lies.
 * Invariant: a torrent has one home at most. A folder of the same name elsewhere is older, and rubbish.
 */
export class Disks {
  readonly #floorBytes: number;
  readonly #probeBytes: number;
  readonly #log: Log;
  readonly #disks = new Map<string, Disk>();
  /** Configured, and not there yet. */
  readonly #missing = new Map<string, DiskPlace>();
  readonly #homes = new Map<InfoHash, Disk>();
  /** Of torrents that came to their home since the start: bytes that are still to be written there. */
  readonly #promised = new Map<InfoHash, number>();
  readonly #free = new Map<Disk, number>();
  /** Paths of disks that are in order, and get new torrents only where no other one has room; why. */
  readonly #distrusted = new Map<string, string>();
  /** Paths of disks that are to become empty: nothing new comes there. */
  readonly #drained = new Set<string>();
  /** Told of torrents whose home is gone, or is there again. */
  onChange: (what: 'gone' | 'back', torrents: readonly InfoHash[]) => void = () => {};

  constructor(o: { floorBytes: number; probeBytes: number; log: Log }) {
    this.#floorBytes = o.floorBytes;
    this.#probeBytes = o.probeBytes;
    this.#log = o.log;
  }

  /** Adopts the disk, or notes that it is missing: then it is looked for at every watch. Rejects for a disk that cannot be used. */
  async add(at: DiskPlace): Promise<void> {
    if (this.#disks.size + this.#missing.size >= STORE_LIMITS.disks)
      throw new Error(`more than ${STORE_LIMITS.disks} disks`);
    let marker = await readMarker(at.path);
    if (at.id !== undefined && marker?.id !== at.id) {
      this.#missing.set(at.path, at);
      const next = 'mount it, or take it out of the settings: its torrents are fetched again meanwhile';
      this.#log.error('disk-missing', { disk: at.path, next });
      return;
    }
    marker ??= await adopt(at.path, this.#probeBytes);
    if ([...this.#disks.values()].some(({ id }) => id === marker.id))
      throw new Error(`${at.path} is the same disk as another one, or a copy of it`);
    const disk = await Disk.open(at.path, marker, this.#floorBytes, this.#log);
    this.#disks.set(at.path, disk);
    this.#missing.delete(at.path);
    await this.#settle(disk);
    const { id, kind, writeMBps } = disk;
    this.#log.info('disk', { disk: at.path, id, kind, writeMBps, torrents: this.#torrentsOn(disk).length });
  }

  /** It could not be added: it is looked for at every watch. */
  miss(at: DiskPlace): void {
    this.#missing.set(at.path, at);
  }

  /** The disk is used no more; what lies on it stays there. False: there is no such disk. */
  async remove(path: string): Promise<boolean> {
    const missing = this.#missing.delete(path);
    this.#distrusted.delete(path);
    this.#drained.delete(path);
    const disk = this.#disks.get(path);
    if (!disk) return missing;
    this.#disks.delete(path);
    this.#free.delete(disk);
    this.#evacuate(disk);
    await disk.files.close();
    return true;
  }

  /** Somebody who knows the disk expects it to die, or no more (undefined). What lies there is served, and made whole, as before. */
  distrust(path: string, why: string | undefined): void {
    if (why !== undefined && (this.#disks.has(path) || this.#missing.has(path))) this.#distrusted.set(path, why);
    else this.#distrusted.delete(path);
  }

  /** The disk is to become empty, or no more: no torrent comes there. What lies there is served, and made whole, until it has moved. */
  drain(path: string, on: boolean): void {
    if (on) this.#drained.add(path);
    else this.#drained.delete(path);
  }

  isDrained(disk: Disk): boolean {
    return this.#drained.has(disk.path);
  }

  /** Another disk for all of a torrent that has so many bytes, which leaves it what eviction keeps free. */
  async roomier(infoHash: InfoHash, bytes: number): Promise<Disk | undefined> {
    await this.freeBytes();
    const home = this.#homes.get(infoHash);
    const leaves = (disk: Disk) => (this.#free.get(disk) ?? 0) - this.#promisedOn(disk) - bytes;
    const able = this.#open().filter((d) => d !== home && leaves(d) >= STORE_LIMITS.movedLeavesShare * d.usableBytes);
    return this.#trusted(able, bytes);
  }

  all(): Disk[] {
    return [...this.#disks.values()];
  }

  at(path: string): Disk | undefined {
    return this.#disks.get(path);
  }

  views(): DiskView[] {
    const torrents = new Map<Disk, number>();
    for (const disk of this.#homes.values()) torrents.set(disk, (torrents.get(disk) ?? 0) + 1);
    const known = this.all().map((disk): DiskView => {
      const { path, id, kind, state, usableBytes, writeMBps, costMs, errors } = disk;
      const freeBytes = state === 'gone' ? 0 : (this.#free.get(disk) ?? 0);
      const figures = { freeBytes, usableBytes, writeMBps, costMs, errors, torrents: torrents.get(disk) ?? 0 };
      return { path, id, kind, state, ...figures };
    });
    const missing = [...this.#missing.values()].map(({ path, id }): DiskView => {
      const nothing = { freeBytes: 0, usableBytes: 0, writeMBps: 0, costMs: 0, errors: 0, torrents: 0 };
      return { path, ...(id !== undefined && { id }), kind: 'unknown', state: 'gone', ...nothing };
    });
    return [...known, ...missing];
  }

  /** There is a disk that takes new torrents, room or not. */
  get inOrder(): boolean {
    return this.all().some(({ state }) => state === 'good');
  }

  /** Torrents that lie on a disk that is here. */
  torrents(): InfoHash[] {
    return [...this.#homes.keys()];
  }

  torrentsOn(path: string): InfoHash[] {
    const disk = this.#disks.get(path);
    return disk ? this.#torrentsOn(disk) : [];
  }

  home(infoHash: InfoHash): Disk | undefined {
    return this.#homes.get(infoHash);
  }

  /** Chooses a home for a torrent that has none. Undefined: no disk that is in order has room. */
  async place(infoHash: InfoHash, totalBytes: number): Promise<Disk | undefined> {
    const chosen = this.#choose(totalBytes);
    if (chosen) this.#homes.set(infoHash, chosen);
    else {
      // Somebody may have made room since the last look.
      await this.freeBytes();
      const disk = this.#homes.get(infoHash) ?? this.#choose(totalBytes);
      if (!disk) return undefined;
      this.#homes.set(infoHash, disk);
    }
    this.#promised.set(infoHash, totalBytes);
    return this.home(infoHash);
  }

  #choose(bytes: number): Disk | undefined {
    return this.#trusted(this.#open(), bytes);
  }

  /** Those that take new torrents. */
  #open(): Disk[] {
    return this.all().filter((disk) => disk.state === 'good' && !this.isDrained(disk));
  }

  #trusted(good: readonly Disk[], bytes: number): Disk | undefined {
    const trusted = good.filter(({ path }) => !this.#distrusted.has(path));
    return this.#chooseOf(trusted, bytes) ?? this.#chooseOf(good, bytes);
  }

  #chooseOf(good: readonly Disk[], bytes: number): Disk | undefined {
    const candidates = good.map((disk) => ({
      freeBytes: (this.#free.get(disk) ?? 0) - this.#promisedOn(disk),
      load: disk.load,
      costMs: disk.costMs,
    }));
    const at = place(candidates, bytes, Math.random);
    return at === undefined ? undefined : good[at];
  }

  /** The torrent lies there from now on. */
  settle(infoHash: InfoHash, disk: Disk): void {
    this.#homes.set(infoHash, disk);
  }

  forget(infoHash: InfoHash): void {
    this.#homes.delete(infoHash);
    this.#promised.delete(infoHash);
  }

  /** Of what was promised this much has been written: the disk's own figure tells of it from now on. */
  wrote(infoHash: InfoHash, bytes: number): void {
    const promised = this.#promised.get(infoHash);
    if (promised === undefined) return;
    if (promised > bytes) this.#promised.set(infoHash, promised - bytes);
    else this.#promised.delete(infoHash);
  }

  /** An operation on the disk failed. */
  trouble(disk: Disk, error: unknown, what: 'read' | 'write'): void {
    disk.trouble(error, what);
    void this.look(disk);
  }

  /** Bytes that the disk with most room may still take. Rejects when none answers. */
  async freeBytes(): Promise<number> {
    const figures = await Promise.allSettled(this.all().map((disk) => this.#measure(disk)));
    const answered = figures.flatMap((f) => (f.status === 'fulfilled' ? [f.value] : []));
    const failed = figures.find((f) => f.status === 'rejected');
    if (answered.length === 0 && failed) throw failed.reason;
    return Math.max(0, ...answered);
  }

  /** Looks at every disk; to be called every `watchMs`. */
  async watch(): Promise<void> {
    await Promise.all(this.all().map((disk) => this.look(disk)));
    for (const at of [...this.#missing.values()]) {
      const marker = await readMarker(at.path).catch(() => undefined);
      if (marker && (at.id === undefined || marker.id === at.id)) await this.#comeBack(at);
    }
  }

  async #comeBack(at: DiskPlace): Promise<void> {
    try {
      this.#missing.delete(at.path);
      await this.add(at);
    } catch (error) {
      this.#missing.set(at.path, at);
      this.#log.error('disk-failed', { disk: at.path, why: errorText(error) });
    }
  }

  /** Is the disk there? When it is not, its torrents have no home any more. */
  async look(disk: Disk): Promise<boolean> {
    const before = disk.state;
    const here = await disk.look();
    if (this.#disks.get(disk.path) !== disk) return here;
    if (!here) this.#evacuate(disk);
    else {
      if (before === 'gone') await this.#settle(disk).catch((error) => disk.trouble(error, 'read'));
      await this.#measure(disk).catch((error) => disk.trouble(error, 'read'));
    }
    return here;
  }

  async #measure(disk: Disk): Promise<number> {
    if (disk.state === 'gone') return 0;
    const bytes = await disk.space.freeBytes();
    this.#free.set(disk, bytes);
    return disk.state === 'good' && !this.isDrained(disk) ? bytes : 0;
  }

  /** What lies on the disk is at home there, unless it has a newer home. */
  async #settle(disk: Disk): Promise<void> {
    await this.#measure(disk);
    const settled: InfoHash[] = [];
    for (const infoHash of await disk.list()) {
      const other = this.#homes.get(infoHash);
      if (other === disk) continue;
      const older = other && (await begunMs(other, infoHash)) < (await begunMs(disk, infoHash)) ? other : disk;
      if (other) await removeFolder(join(older.root, infoHash));
      if (other && older === disk) continue;
      this.settle(infoHash, disk);
      settled.push(infoHash);
    }
    if (settled.length > 0) this.onChange('back', settled);
  }

  #evacuate(disk: Disk): void {
    const lost = this.#torrentsOn(disk);
    for (const infoHash of lost) this.forget(infoHash);
    if (lost.length > 0) this.onChange('gone', lost);
  }

  #torrentsOn(disk: Disk): InfoHash[] {
    return [...this.#homes].flatMap(([infoHash, home]) => (home === disk ? [infoHash] : []));
  }

  #promisedOn(disk: Disk): number {
    let bytes = 0;
    for (const [infoHash, promised] of this.#promised) if (this.#homes.get(infoHash) === disk) bytes += promised;
    return bytes;
  }
}

/** Its layout is the first thing that is written, and once. */
const begunMs = (disk: Disk, infoHash: InfoHash): Promise<number> =>
  stat(join(disk.root, infoHash, LAYOUT_FILE)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
