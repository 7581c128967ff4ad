import type { Duplex } from 'node:stream';
import { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import type { Endpoint, LanEndpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index, TaskRow } from '#index/index.ts';
import { type ClientStream, type OriginSource, type StoreLike, Task, type TaskView } from '#task/task.ts';
import type { FoundBy, TaskWorld } from '#task/task-world.ts';
import type { Handshake } from '#wire/handshake.ts';
import { type Metainfo, parseInfo } from '#wire/metainfo.ts';
import { Hearsay, Refusals } from './hearsay.ts';
import { keepMetainfo, lendersOf, metainfoOnDisk } from './kept-metainfo.ts';
import { LIMITS } from './limits.ts';
import { Policy, type PolicyConfig } from './policy.ts';
import { Names, Roll } from './roll.ts';
import { Room } from './room.ts';
import { Slots } from './slots.ts';

export type ManagerConfig = PolicyConfig & {
  /** Tasks that may download at the same time. */
  readonly slots: number;
};

/** What the manager asks of the rest of the house. */
export type ManagerWorld = {
  readonly clock: Clock;
  readonly store: StoreLike;
  readonly index: Index;
  /** The id that the box shows to peers, 20 bytes. */
  readonly peerId: Buffer;
  /** Where the rates to clients are limited. */
  readonly budget?: TaskWorld['budget'];
  dial(to: OriginSource): Promise<Duplex>;
  /** Makes a torrent known to encrypted handshakes. */
  know(infoHash: InfoHash): void;
  /** Has flows to these endpoints steered: the box found them in the swarm of a torrent that it serves. */
  steer(infoHash: InfoHash, endpoints: readonly Endpoint[], from: FoundBy): void;
  /** By peer exchange a client knows these endpoints of the torrent: it may dial them, perhaps encrypted. */
  told(client: string, infoHash: InfoHash, endpoints: readonly Endpoint[]): void;
  dhtNode(endpoint: Endpoint): void;
  /** Looks a torrent's peers up in the DHT once; resolves when the search is over. */
  lookUp(infoHash: InfoHash, found: (peers: readonly Endpoint[]) => void, signal: AbortSignal): Promise<unknown>;
  /** The endpoint is the box's own: no source for it. */
  isBox(endpoint: Endpoint): boolean;
};

/** A recognised LAN client, as the entry listener offers it. */
export type Arriving = {
  readonly client: LanEndpoint;
  /** The peer that it dialled; undefined when it dialled the box. */
  readonly endpoint: Endpoint | undefined;
  readonly handshake: Handshake;
  readonly early: Buffer;
  readonly stream: ClientStream;
};

export type Claim = { readonly kind: 'taken' } | { readonly kind: 'pass'; readonly why: string };

/** Info-hash -> agent. Hands each client to its task, and owns the download slots. */
export class Manager {
  readonly #policy: Policy;
  readonly #world: ManagerWorld;
  readonly #scope: Scope;
  readonly #log: Log;
  readonly #slots: Slots;
  readonly #room: Room;
  readonly #tasks = new Roll();
  readonly #hearsay = new Hearsay();
  readonly #refusals = new Refusals();
  /** Left by an unclean stop and not re-checked yet. */
  readonly #doubtful = new Set<InfoHash>();

  constructor(config: ManagerConfig, world: ManagerWorld, log: Log) {
    this.#policy = new Policy(config);
    this.#world = world;
    this.#scope = new Scope((error) => log.error('manager trouble', { why: errorText(error) }));
    this.#log = log;
    this.#slots = new Slots(config.slots);
    this.#room = new Room(() => world.store.freeBytes(), world.clock, log);
    this.#scope.run(() => this.#room.look());
    this.#scope.every(LIMITS.roomEveryMs, () => this.#scope.run(() => this.#room.look()));
  }

  /**
   * Makes what the box holds known. After an unclean stop the incomplete tasks are re-checked, a few at a time; with a new
   * index everything that lies on the disk is.
   */
  resume(stop: 'first' | 'clean' | 'unclean'): void {
    this.#scope.run(async (signal) => {
      if (stop === 'first') await this.#adoptDisk(signal);
      let tasks = 0;
      for (const row of this.#world.index.eachTask()) {
        tasks++;
        const ids = [row.infoHash, row.infoHash2].filter((id) => id !== undefined);
        this.#policy.sameTorrent(ids);
        for (const id of ids) if (!this.#policy.refusesHash(id)) this.#world.know(id);
        if (stop !== 'clean' && row.info && !isComplete(row)) this.#doubtful.add(row.infoHash);
      }
      this.#log.info('resumed', { tasks, stop, doubtful: this.#doubtful.size });
      await this.#recheckAll(signal);
    });
  }

  /** The index is new: torrents whose info dictionary lies beside their pieces are taken into it. */
  async #adoptDisk(signal: AbortSignal): Promise<void> {
    for await (const found of this.#world.store.onDisk()) {
      if (signal.aborted) return;
      const { infoHash } = found;
      const meta = metainfoOnDisk(found);
      if (meta) {
        this.#world.index.putTask({ infoHash, addedAtMs: this.#world.clock.nowMs() });
        keepMetainfo(this.#world.index, meta);
      } else this.#log.warn('pieces without a usable info dictionary are left alone', { infoHash });
    }
  }

  async #recheckAll(signal: AbortSignal): Promise<void> {
    const queue = [...this.#doubtful];
    const worker = async (): Promise<void> => {
      for (let hash = queue.shift(); hash && !signal.aborted; hash = queue.shift()) await this.#task(hash)?.rechecked();
    };
    await Promise.all(Array.from({ length: LIMITS.rechecksAtOnce }, worker));
  }

  claim(a: Arriving): Claim {
    const { infoHash, qvodHello } = a.handshake;
    const twin = qvodHello && this.#twinOf(infoHash);
    const refused = this.#refusedWhy(infoHash) ?? (twin && this.#refusedWhy(twin));
    if (refused) return { kind: 'pass', why: refused };
    const task = this.#task(twin ?? infoHash);
    if (this.#room.lacking && task && !task.whole) return { kind: 'pass', why: this.#room.lacking };
    // Waiting for a slot is worse than the swarm.
    if (task && !task.whole && !task.downloading && this.#slots.free === 0) return { kind: 'pass', why: 'overload' };
    const declined = task ? task.join(a.stream, a.handshake, a.early) : 'overload';
    if (!task || declined) return { kind: 'pass', why: this.#refusedWhy(infoHash) ?? declined ?? 'overload' };
    if (a.endpoint && !twin) task.addSources([{ endpoint: a.endpoint, as: a.client, ...(qvodHello && { qvodHello }) }]);
    return { kind: 'taken' };
  }

  /** A torrent that the box holds whole, and that Qvod knows by this name: it needs no second copy. */
  #twinOf(piecesHash: InfoHash): InfoHash | undefined {
    const isWhole = (row: TaskRow): boolean => this.#tasks.get(row.infoHash)?.whole ?? isComplete(row);
    return this.#world.index.byPiecesHash(piecesHash).find(isWhole)?.infoHash;
  }

  /** A LAN client was told that these endpoints hold the torrent. */
  heard(infoHash: InfoHash, endpoints: readonly Endpoint[]): void {
    if (this.#policy.refusesHash(infoHash)) return;
    const task = this.#tasks.get(infoHash);
    if (task) {
      task.addSources(endpoints.map((endpoint) => ({ endpoint })));
      return;
    }
    this.#hearsay.hear(infoHash, endpoints);
  }

  /** A LAN client told a public tracker that it wants the torrent: fetching may begin before it dials. */
  expect(infoHash: InfoHash, tracker: string): void {
    if (this.#refusedWhy(infoHash) || this.#room.lacking) return;
    this.#task(infoHash)?.expect(tracker);
  }

  /** May the LAN be told that the box has the torrent? Not of a private one (BEP 27), nor while it would give nothing. */
  announceable(infoHash: InfoHash): boolean {
    if (this.#refusedWhy(infoHash)) return false;
    const task = this.#tasks.get(infoHash);
    if (task) return task.public && task.holdsSome && (task.whole || !this.#room.lacking);
    const row = this.#world.index.task(infoHash);
    if (!row?.info || !row.have?.some((byte) => byte !== 0) || (this.#room.lacking && !isComplete(row))) return false;
    const parsed = parseInfo(row.info, infoHash);
    return parsed.kind === 'ok' && !parsed.value.isPrivate;
  }

  /** Torrents in use that the LAN may be told of, the one with most clients first. */
  hot(): InfoHash[] {
    const inUse = this.#tasks.all().filter((task) => this.announceable(task.infoHash));
    return inUse.sort((a, b) => b.clients - a.clients).map((task) => task.infoHash);
  }

  get slots(): { readonly free: number; readonly waiting: number } {
    return this.#slots;
  }

  views(): TaskView[] {
    return this.#tasks.all().map((task) => task.view());
  }

  /** Every task persists and lets its clients go. */
  async close(): Promise<void> {
    await Promise.all(this.#tasks.all().map((task) => task.close()));
    await this.#scope.close();
  }

  #task(id: InfoHash): Task | undefined {
    const living = this.#tasks.get(id);
    if (living) return living;
    if (this.#tasks.size >= LIMITS.tasks || this.#policy.refusesHash(id)) return undefined;
    const row = this.#world.index.task(id);
    const names = new Names(row?.infoHash ?? id);
    const task = new Task(
      names.first,
      {
        info: row?.info,
        layers: row?.layers,
        have: row?.have,
        trackers: row?.trackers ?? [],
        doubtful: this.#doubtful.delete(names.first),
      },
      this.#worldOf(names),
      this.#scope,
    );
    // A remembered torrent may be refused while it is being made: the policy has changed.
    if (task.gone) {
      this.#scope.run(() => task.close());
      return undefined;
    }
    names.task = task;
    if (!row) this.#world.index.putTask({ infoHash: id, addedAtMs: this.#world.clock.nowMs() });
    this.#enter(names);
    return task;
  }

  /** Every name leads to the task, and whoever was heard of under one of them is a source. */
  #enter(names: Names): void {
    for (const other of this.#tasks.enter(names)) this.#scope.run(() => other.close());
    for (const id of names.all) {
      this.#world.know(id);
      names.task?.addSources(this.#hearsay.take(id).map((endpoint) => ({ endpoint })));
    }
  }

  /**
   * A hybrid torrent has two names (BEP 52), and both may have been asked for before its metainfo told so. Invariant: once a
   * task knows its metainfo, all the torrent's names lead to it. One begun under another name knows nothing yet and ends; one
   * whose torrent the index has under another name ends itself. The clients of either dial again and find the task that stays.
   */
  #identified(names: Names, meta: Metainfo): boolean {
    const { index } = this.#world;
    const isElsewhere = meta.infoHash !== names.first && index.task(meta.infoHash)?.info !== undefined;
    names.all = meta.ids;
    index.setIds(meta.ids);
    this.#policy.sameTorrent(meta.ids);
    if (isElsewhere) return false;
    // A task that is still being made enters when it is.
    if (names.task) this.#enter(names);
    return true;
  }

  #worldOf(names: Names): ConstructorParameters<typeof Task>[2] {
    const { clock, store, index, peerId, budget, dial } = this.#world;
    const log = this.#log.with({ infoHash: names.first });
    const kept = (what: string, write: () => void): void => {
      try {
        write();
      } catch (error) {
        log.error('index not written', { what, why: errorText(error) });
      }
    };
    return {
      clock,
      peerId,
      budget,
      dial,
      store: (shape) => store.task(shape),
      begun: () => store.begunLog?.(names.first),
      askSlot: (granted) => this.#slots.ask(granted),
      withdraw: (granted) => this.#slots.withdraw(granted),
      releaseSlot: () => this.#slots.release(),
      identified: (meta) => this.#identified(names, meta),
      lenders: (file) => lendersOf(index, file, names.first),
      keepInfo: (meta) => kept('info', () => keepMetainfo(index, meta)),
      keepHave: (have) => kept('have', () => index.setHave(names.first, have)),
      keepTrackers: (trackers) => kept('trackers', () => index.setTrackers(names.first, [...trackers])),
      keepTraffic: (served, filled) =>
        kept('traffic', () => {
          index.addTraffic(names.first, served, filled, clock.nowMs());
          index.addTotal('servedBytes', served);
          index.addTotal('filledBytes', filled);
        }),
      found: (endpoints, by) => this.#world.steer(names.first, endpoints, by),
      told: (client, endpoints) => this.#world.told(client, names.first, endpoints),
      dhtNode: (endpoint) => this.#world.dhtNode(endpoint),
      lookUp: async (found, signal) => {
        for (const id of names.all) await this.#world.lookUp(id, found, signal);
      },
      isBox: (endpoint) => this.#world.isBox(endpoint),
      refusal: (meta) => this.#policy.refuses(meta),
      cannotKeep: (why) => this.#room.refused(why),
      gone: (why) => this.#gone(names, why),
      log,
    };
  }

  #gone(names: Names, why: string | undefined): void {
    this.#tasks.leave(names);
    if (why) {
      this.#log.info('task refused', { infoHash: names.first, why });
      for (const id of names.all) this.#refusals.note(id, why, this.#world.clock.nowMs());
    }
    const { task } = names;
    if (task) this.#scope.run(() => task.close());
  }

  #refusedWhy(infoHash: InfoHash): string | undefined {
    const blocked = this.#policy.refusesHash(infoHash);
    if (blocked) return blocked;
    return this.#refusals.why(infoHash, this.#world.clock.nowMs());
  }
}

const isComplete = (row: TaskRow): boolean =>
  row.pieceCount > 0 && row.have !== undefined && Bitfield.from(row.have, row.pieceCount)?.full === true;
