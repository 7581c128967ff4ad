import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { isWhole, type TaskRow } from '#index/task-row.ts';
import { type Connected, Task, type TaskView } from '#task/task.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { Admission } from './admission.ts';
import { putToRest } from './bedtime.ts';
import { Hearsay } from './hearsay.ts';
import { reachIn } from './kept-metainfo.ts';
import { LIMITS } from './limits.ts';
import type { Arriving, Claim, ManagerConfig, ManagerWorld } from './manager-world.ts';
import { Refusing } from './refusing.ts';
import { adoptAll, recheckAll } from './resuming.ts';
import { Names, Roll } from './roll.ts';
import { type NoRoom, Room } from './room.ts';
import { Seating } from './seating.ts';
import { coldest } from './shedding.ts';
import { Slots } from './slots.ts';
import { recordOf } from './task-record.ts';
import { Visits } from './visits.ts';

export type { Arriving, Claim, ManagerConfig, ManagerWorld };

/** Info-hash -> agent. Hands each client to its task, and owns the slots and seats of those that fetch. */
export class Manager {
  readonly #refusing: Refusing;
  readonly #world: ManagerWorld;
  readonly #scope: Scope;
  readonly #log: Log;
  readonly #slots: Slots;
  readonly #room: Room;
  readonly #tasks = new Roll();
  readonly #hearsay = new Hearsay();
  readonly #visits: Visits;
  readonly #seating: Seating;
  readonly #admission: Admission;

  constructor(config: ManagerConfig, world: ManagerWorld, log: Log) {
    this.#world = world;
    this.#refusing = new Refusing(config, { ...world, log });
    this.#scope = new Scope((error) => log.error('manager trouble', { why: errorText(error) }));
    this.#visits = new Visits(world.index);
    this.#seating = new Seating(config, {
      clock: world.clock,
      another: (infoHash) => this.#visits.another(infoHash, world.clock.nowMs()),
      through: () => this.#visits.through,
    });
    this.#scope.every(LIMITS.seatTickMs, () => this.#seating.tick());
    this.#scope.every(LIMITS.keepVisitsMs, () => this.#visits.keep());
    const asleep = config.asleep ?? LIMITS.asleep;
    this.#scope.every(LIMITS.bedtimeMs, () => putToRest(this.#tasks.all(), asleep));
    this.#admission = new Admission(config.spareFlash ?? false, {
      ...world,
      visits: this.#visits,
      disks: () => world.disks?.() ?? [],
      leastWorth: () => world.leastWorth?.(),
    });
    this.#log = log;
    this.#slots = new Slots(config.downloads ?? LIMITS.downloads);
    this.#room = new Room(
      () => world.store.freeBytes(),
      world.clock,
      log,
      () => world.uplink?.isSpent ?? false,
    );
    this.#scope.run(() => this.#room.look());
    this.#scope.every(LIMITS.roomEveryMs, () => this.#scope.run(() => this.#room.look()));
  }

  /**
   * Nothing is read of what rests in the index, however much it is: each torrent is looked up when it is asked for. After an
   * unclean stop the incomplete ones are re-checked, a few at a time; with a new index everything that lies on the disk is.
   */
  resume(stop: 'first' | 'clean' | 'unclean'): void {
    const { index } = this.#world;
    if (stop === 'unclean') index.doubts.markIncomplete();
    this.#scope.run(async (signal) => {
      if (stop === 'first') await adoptAll(this.#world, this.#log, signal);
      this.#log.info('resumed', { tasks: index.size, stop, doubtful: index.doubts.count });
      await recheckAll(index, { size: () => this.#tasks.size, task: (id) => this.#task(id) }, signal);
    });
  }

  async #settle(task: Task, names: Names): Promise<void> {
    if (await task.rechecked()) this.#world.index.doubts.settle(names.first);
  }

  claim(a: Arriving): Claim {
    const { infoHash, qvodHello } = a.handshake;
    const twin = qvodHello && this.#twinOf(infoHash);
    const why = this.#refusing.why(infoHash) ?? this.wouldPass(twin ?? infoHash, a.client.ip);
    if (why) return { kind: 'pass', why };
    const task = this.#task(twin ?? infoHash);
    const declined = task ? task.join(a.stream, a.handshake, a.early) : 'overload';
    if (task && !declined) this.#visits.came(task.infoHash, a.client.ip, this.#world.clock.nowMs());
    if (!task || declined) return { kind: 'pass', why: this.#refusing.why(infoHash) ?? declined ?? 'overload' };
    if (a.endpoint && !twin) task.addSources([{ endpoint: a.endpoint, as: a.client, ...(qvodHello && { qvodHello }) }]);
    return { kind: 'taken' };
  }

  /** Why a flow of this client about the torrent would pass, as far as that can be told before the flow says anything. */
  wouldPass(infoHash: InfoHash, client: string): string | undefined {
    const refused = this.#refusing.why(infoHash);
    if (refused) return refused;
    const task = this.#tasks.get(infoHash);
    const row = task ? undefined : this.#world.index.task(infoHash);
    if (task?.whole || (row && isWhole(row))) return undefined;
    const noRoom = task?.downloading ? this.#noRoomToGoOn() : this.#room.lacking;
    if (noRoom) return noRoom;
    const declined = task ? undefined : this.#admission.declines(infoHash, client);
    if (declined) return declined;
    // Waiting for a slot is worse than the swarm.
    return !task?.downloading && this.#slots.free === 0 ? 'overload' : undefined;
  }

  /** Where there is room for all that is being fetched, one client more of it costs none. */
  #noRoomToGoOn(): NoRoom | undefined {
    if (!this.#room.lacking) return undefined;
    const fetched = this.#tasks.all().filter((task) => task.downloading);
    const left = fetched.reduce((sum, task) => sum + (task.leftBytes ?? LIMITS.roomBytes), 0);
    return this.#room.lackingFor(Math.min(left, LIMITS.roomBytes));
  }

  /** A torrent that the box holds whole, and that Qvod knows by this name: it needs no second copy. */
  #twinOf(piecesHash: InfoHash): InfoHash | undefined {
    const isHeld = (row: TaskRow): boolean => this.#tasks.get(row.infoHash)?.whole ?? isWhole(row);
    return this.#world.index.byPiecesHash(piecesHash).find(isHeld)?.infoHash;
  }

  /** A LAN client was told that these endpoints hold the torrent. */
  heard(infoHash: InfoHash, endpoints: readonly Endpoint[]): void {
    if (this.#refusing.blocked(infoHash)) return;
    const task = this.#tasks.get(infoHash);
    if (task) {
      task.addSources(endpoints.map((endpoint) => ({ endpoint })));
      return;
    }
    this.#hearsay.hear(infoHash, endpoints);
  }

  /** A LAN client told a tracker, or others, that it wants the torrent. */
  announced(infoHash: InfoHash, client: string): void {
    if (!this.#refusing.why(infoHash)) this.#visits.announced(infoHash, client, this.#world.clock.nowMs());
  }

  /** A LAN client told a public tracker that it wants the torrent: fetching may begin before it dials. */
  expect(infoHash: InfoHash, tracker: string): void {
    if (this.#refusing.why(infoHash) || this.#room.lacking) return;
    this.#task(infoHash)?.expect(tracker);
  }

  /** Of a torrent that the operator wants: its task, or why there is none. */
  order(infoHash: InfoHash): Task | string {
    return this.#refusing.why(infoHash) ?? this.#task(infoHash) ?? this.#refusing.why(infoHash) ?? 'overload';
  }

  /** May the LAN be told that the box has the torrent? Not of a private one (BEP 27), nor while it would give nothing. */
  announceable(infoHash: InfoHash): boolean {
    if (this.#refusing.why(infoHash)) return false;
    const task = this.#tasks.get(infoHash);
    if (task && !task.loading) return task.public && task.holdsSome && (task.whole || !this.#room.lacking);
    const row = this.#world.index.task(infoHash);
    if (!row?.haveCount || (this.#room.lacking && !isWhole(row))) return false;
    return reachIn(row) === 'public';
  }

  /** The torrent that an encrypted handshake is about, of all that the box knows and serves; `req2`: see Index.byReq2. */
  heldBy(req2: Buffer): InfoHash | undefined {
    const infoHash = this.#world.index.byReq2(req2);
    return infoHash && !this.#refusing.blocked(infoHash) ? infoHash : undefined;
  }

  /** Torrents in use that the LAN may be told of, the one with most clients first. */
  hot(): InfoHash[] {
    const inUse = this.#tasks.all().filter((task) => this.announceable(task.infoHash));
    return inUse.sort((a, b) => b.clients - a.clients).map((task) => task.infoHash);
  }

  /** Its task leaves, and for a while its clients pass. Resolves when nothing of it is in memory. */
  async dismiss(ids: readonly InfoHash[], why: string): Promise<void> {
    this.#refusing.refuse(ids, why);
    await Promise.all(ids.map((id) => this.#tasks.get(id)?.close()));
  }

  /** What was refused of late is no reason any more. */
  forgive(ids: readonly InfoHash[]): void {
    this.#refusing.forgive(ids);
  }

  /** From now on these settings. */
  change(config: ManagerConfig & { readonly spareFlash: boolean }): void {
    this.#seating.change(config);
    this.#admission.spareFlash(config.spareFlash);
    this.#refusing.change(config);
    this.judgeAll();
  }

  /** What may be served has changed: torrents that may not let their clients go. */
  judgeAll(): void {
    for (const task of this.#tasks.all()) {
      const why = this.#refusing.blocked(task.infoHash) ?? task.refusal;
      if (why) task.refuse(why);
    }
  }

  /** Why the operator does not want it served, by all of its names. */
  refusal(ids: readonly InfoHash[], isPrivate: boolean): string | undefined {
    return this.#refusing.ofNamed(ids, isPrivate);
  }

  /** The torrent's task, while it has one. */
  living(id: InfoHash): Task | undefined {
    return this.#tasks.get(id);
  }

  get slots(): { readonly free: number; readonly waiting: number } {
    return this.#slots;
  }

  get seats(): { readonly count: number; readonly free: number; readonly price: number } {
    return this.#seating;
  }

  /** Torrents in memory. */
  get size(): number {
    return this.#tasks.size;
  }

  /** All connections with clients, as they are now. */
  connections(): Connected[] {
    return this.#tasks.all().flatMap((task) => task.connections());
  }

  views(): TaskView[] {
    return this.#tasks.all().map((task) => task.view());
  }

  /** Lets so many clients go, the coldest first: they dial again, and pass then. Returns how many went. */
  shed(count: number): number {
    const parties = this.#tasks.all().map((task) => task.guests());
    const gone = coldest(parties, count, this.#world.clock.nowMs());
    for (const guest of gone) guest.letGo('overload');
    return gone.length;
  }

  /** Every task persists and lets its clients go. */
  async close(): Promise<void> {
    await Promise.all(this.#tasks.all().map((task) => task.close()));
    this.#visits.keep();
    await this.#scope.close();
  }

  #task(id: InfoHash): Task | undefined {
    const living = this.#tasks.get(id);
    if (living) return living;
    if (this.#tasks.size >= LIMITS.tasks || this.#refusing.holds(id)) return undefined;
    const row = this.#world.index.task(id);
    if (row && this.#refusing.ofRow(row)) return undefined;
    const names = new Names(row?.infoHash ?? id);
    const task = this.#begun(names, row);
    if (!task) return undefined;
    names.task = task;
    if (row?.doubtful) this.#scope.run(() => this.#settle(task, names));
    if (!row) this.#world.index.putTask({ infoHash: id, addedAtMs: this.#world.clock.nowMs() });
    this.#enter(names);
    return task;
  }

  /** Undefined: it does not want to live. */
  #begun(names: Names, row: TaskRow | undefined): Task | undefined {
    const task = new Task(
      names.first,
      {
        info: row?.info,
        layers: row?.layers,
        beside: row !== undefined && row.pieceCount > 0 && !row.info,
        have: row?.have,
        whole: row !== undefined && isWhole(row),
        trackers: row?.trackers ?? [],
        doubtful: row?.doubtful ?? false,
      },
      this.#worldOf(names),
      this.#scope,
    );
    // A remembered torrent may be refused while it is being made: the policy has changed.
    if (task.gone) {
      this.#scope.run(() => task.close());
      return undefined;
    }
    return task;
  }

  /** Every name leads to the task, and whoever was heard of under one of them is a source. */
  #enter(names: Names): void {
    for (const other of this.#tasks.enter(names)) this.#close(other);
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
    const isElsewhere = meta.infoHash !== names.first && (index.task(meta.infoHash)?.pieceCount ?? 0) > 0;
    names.all = meta.ids;
    index.setIds(meta.ids);
    this.#refusing.sameTorrent(meta.ids);
    if (isElsewhere) return false;
    // A task that is still being made enters when it is.
    if (names.task) this.#enter(names);
    return true;
  }

  #worldOf(names: Names): ConstructorParameters<typeof Task>[2] {
    const { clock, store, index, peerId, budget, uplink, demand, traffic, dial } = this.#world;
    const log = this.#log.with({ infoHash: names.first });
    return {
      ...recordOf(index, names, clock, log),
      clock,
      peerId,
      budget: budget && { forTask: () => budget.forTask(() => this.#world.limitOf?.(names.first)) },
      uplink,
      demand,
      traffic,
      dial,
      store: (shape) => store.task(shape),
      begun: () => store.begunLog?.(names.first),
      begunBytes: () => LIMITS.begunBytes / Math.max(1, this.#slots.taken),
      isSqueezed: () => this.#world.isSqueezed?.() ?? false,
      bid: () => {
        if (names.task) this.#seating.changed(names.task);
      },
      failed: (error) => this.#failed(names, error),
      askSlot: (granted) => this.#slots.ask(granted),
      withdraw: (granted) => this.#slots.withdraw(granted),
      releaseSlot: () => this.#slots.release(),
      identified: (meta) => this.#identified(names, meta),
      metainfo: async () => {
        const { info, layers } = await store.metainfo(names.first);
        return info && { info, layers };
      },
      found: (endpoints, by) => this.#world.steer(names.first, endpoints, by),
      told: (client, endpoints) => this.#world.told(client, names.first, endpoints),
      dhtNode: (endpoint) => this.#world.dhtNode(endpoint),
      lookUp: async (found, signal) => {
        for (const id of names.all) await this.#world.lookUp(id, found, signal);
      },
      isBox: (endpoint) => this.#world.isBox(endpoint),
      pieceSha256: (infoHash) => this.#world.pieceSha256?.(infoHash),
      refusal: (meta) => this.#refusing.of(meta),
      cannotKeep: (why) => this.#room.refused(why),
      gone: (why) => this.#gone(names, why),
      log,
    };
  }

  #gone(names: Names, why: string | undefined): void {
    this.#tasks.leave(names);
    if (why) this.#refusing.refuse(names.all, why);
    if (names.task) this.#close(names.task);
  }

  #close(task: Task): void {
    this.#seating.left(task);
    this.#scope.run(() => task.close());
  }

  /** An agent that throws dies alone: its clients go on without the box, and dial it again when it may begin anew. */
  #failed(names: Names, error: unknown): void {
    if (!names.task || this.#tasks.get(names.first) !== names.task) return;
    const forMs = this.#refusing.failed(names.all);
    this.#log.error('task failed', { infoHash: names.first, why: errorText(error), stack: stackOf(error), forMs });
    this.#gone(names, undefined);
  }
}

const stackOf = (error: unknown): string => (error instanceof Error && error.stack) || '';
