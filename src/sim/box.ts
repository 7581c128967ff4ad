import type { Duplex } from 'node:stream';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { type Log, logTo } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { boxBudget } from '#client/rate-limits.ts';
import type { Index } from '#index/index.ts';
import { Evictor } from '#manager/evictor.ts';
import { Manager } from '#manager/manager.ts';
import { BegunLog } from '#store/begun-log.ts';
import { newPeerId } from '#wire/handshake.ts';
import { Door } from './door.ts';
import type { BoxPlan } from './scenario.ts';
import { type SharedStore, type SimDisk, storeFor } from './sim-disk.ts';
import type { SimSocket } from './sim-socket.ts';
import type { Trace } from './trace.ts';
import type { Owner, VirtualTime } from './virtual-time.ts';

const BOX_IP = '192.168.1.2';
const EVICT_EVERY_MS = 2_000;
/** The simulated disk holds megabytes, not terabytes. */
const MARKS = {
  evictBelow: { share: 0.1, least: 256 << 10, most: 1 << 20 },
  evictTo: { share: 0.2, least: 512 << 10, most: 2 << 20 },
};
/** A disk of which clients are told step by step, and memory for next to nothing. */
const SLOW_SEEK_MS = 8;
const LITTLE_BYTES = 128 << 10;
const FORGETS_EVERY_MS = 3_000;
/** What the DHT takes to answer. */
const LOOK_UP_MS = 5_000;

export type BoxWorld = {
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly index: Index;
  readonly disk: SimDisk;
  /** Where blocks of unfinished pieces outlive the process. */
  readonly begunFolder: string;
  /** Who has the torrent, as the DHT knows it. */
  swarmOf(infoHash: InfoHash): readonly Endpoint[];
  /** A connection of the box's own. */
  dial(owner: Owner, to: Endpoint): Promise<SimSocket>;
};

/** One process of the box: the real parts, joined as main.ts joins them. To be made, and closed, as its owner's event. */
export class Box {
  readonly owner: Owner;
  readonly manager: Manager;
  readonly door: Door;
  /** What broke inside, as the log tells it. */
  readonly broken: string[] = [];
  readonly slots: number;
  readonly #scope: Scope;
  readonly #begun: BegunLog[] = [];
  /** Connections for fetching, open or not. */
  readonly fetching: SimSocket[] = [];

  constructor(owner: Owner, plan: BoxPlan, world: BoxWorld) {
    this.owner = owner;
    this.slots = plan.slots;
    const { time, trace, index, disk } = world;
    const clock = time.clock();
    const log = logTo((line) => {
      trace.log(line);
      if (BROKEN.has(line.event)) this.broken.push(`${line.event}: ${line.fields.why}`);
    });
    this.#scope = new Scope((error) => this.broken.push(`trouble: ${error}`));
    const store = disk.open(clock);
    if (plan.steers) Object.assign(store, { seekMs: SLOW_SEEK_MS, memoryBytes: LITTLE_BYTES });
    if (plan.steers) this.#scope.every(FORGETS_EVERY_MS, () => store.forgetMemory());
    const stop = index.beginRun();
    const shared = storeFor(store, disk, (infoHash) => this.#begunLog(infoHash, plan, world.begunFolder, log));
    this.manager = this.#newManager(plan, world, shared, clock, log);
    this.#scope.defer(() => this.manager.close());
    const evictor = new Evictor(
      [],
      { clock, index, store: shared, living: (id) => this.manager.living(id) },
      log,
      MARKS,
    );
    if (plan.evicts) this.#scope.every(EVICT_EVERY_MS, () => void evictor.look());
    this.#scope.defer(() => evictor.close());
    this.door = new Door({
      nowMs: () => clock.nowMs(),
      claim: (a) => this.manager.claim(a),
      dial: (to) => world.dial(owner, to),
      note: (text) => trace.note(text),
    });
    this.#scope.defer(() => this.door.close());
    this.manager.resume(stop);
  }

  /** Bytes that came from outside for its own tasks. */
  get fetchedBytes(): number {
    return this.fetching.reduce((sum, socket) => sum + socket.receivedBytes, 0);
  }

  /** A clean stop. */
  async close(index: Index): Promise<void> {
    await this.#scope.close();
    index.endRun();
  }

  /** It was killed: the kernel closes its files. */
  abandon(): void {
    for (const begun of this.#begun) begun.close(false);
  }

  #newManager(plan: BoxPlan, world: BoxWorld, store: SharedStore, clock: Clock, log: Log): Manager {
    return new Manager(
      {
        downloads: plan.slots,
        seats: plan.seats,
        seatRule: plan.seatRule,
        servePrivate: false,
        block: [],
        allow: undefined,
      },
      {
        clock,
        store,
        index: world.index,
        peerId: newPeerId(),
        disks: () => store.disks(),
        dial: ({ endpoint }) => this.#fetchFrom(world.dial(this.owner, endpoint)),
        know: () => {},
        steer: () => {},
        told: () => {},
        dhtNode: () => {},
        budget: boxBudget(plan.limits, clock),
        lookUp: async (infoHash, found, signal) => {
          await clock.sleep(LOOK_UP_MS, signal).catch(() => {});
          if (plan.dht && !signal.aborted) found(world.swarmOf(infoHash));
        },
        isBox: ({ ip }) => ip === BOX_IP,
      },
      log,
    );
  }

  #begunLog(infoHash: InfoHash, plan: BoxPlan, folder: string, log: Log): BegunLog | undefined {
    if (!plan.keepsBegun) return undefined;
    const begun = new BegunLog(folder, infoHash, log);
    this.#begun.push(begun);
    return begun;
  }

  async #fetchFrom(dialled: Promise<SimSocket>): Promise<Duplex> {
    const socket = await dialled;
    this.fetching.push(socket);
    return socket;
  }
}

/** Events of the log that say that the box is at odds with itself, and not with the world. */
const BROKEN: ReadonlySet<string> = new Set([
  'trouble',
  'task trouble',
  'manager trouble',
  'download-broken',
  'evict-failed',
]);
