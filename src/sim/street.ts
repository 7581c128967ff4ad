import { type Endpoint, endpointKey, type LanEndpoint } from '#base/endpoint.ts';
import { Random } from '#base/seeded-random.ts';
import { MIB } from '#base/units.ts';
import type { Torrent } from '#wire/made-torrent.ts';
import { BoxLife } from './box-life.ts';
import { Fate, LAN } from './fate.ts';
import type { ClientPlan, Scenario } from './scenario.ts';
import { SimClient } from './sim-client.ts';
import { SimDisk } from './sim-disk.ts';
import { SimLine, type SimPath } from './sim-line.ts';
import { SimNet, type Way } from './sim-net.ts';
import { SimOrigin } from './sim-origin.ts';
import type { SimSocket } from './sim-socket.ts';
import { Trace } from './trace.ts';
import { type Owner, VirtualTime } from './virtual-time.ts';

const LAN_MS = 0.3;
const LAN_BYTES_PER_S = 120 * MIB;
/** Share of clients whose talk with their tracker the box overhears. */
const LEARNED = 0.8;
/** What is told of one run. */
const MOST_VIOLATIONS = 20;

/** Everything of one run: clients, swarm, lines, and the box between them, or none. */
export class Street {
  readonly scenario: Scenario;
  readonly time = new VirtualTime();
  readonly trace = new Trace(() => this.time.elapsedMs);
  readonly random: Random;
  readonly torrents: readonly Torrent[];
  readonly clients: SimClient[] = [];
  readonly disk: SimDisk;
  readonly life: BoxLife;
  readonly violations: string[] = [];
  readonly #net: SimNet;
  readonly #wan: SimLine;
  readonly #lan = new SimLine(LAN_BYTES_PER_S);
  readonly #fate: Fate;

  constructor(scenario: Scenario, torrents: readonly Torrent[]) {
    this.scenario = scenario;
    this.torrents = torrents;
    this.random = new Random(scenario.seed, 1);
    this.#net = new SimNet({ time: this.time, random: new Random(scenario.seed, 2), trace: this.trace });
    this.#wan = new SimLine(scenario.wanBytesPerS);
    this.disk = new SimDisk(new Random(scenario.seed, 3));
    const { time, trace, random, disk } = this;
    const net = this.#net;
    this.life = new BoxLife(scenario.box, {
      time,
      trace,
      net,
      disk,
      swarmOf: (infoHash) => scenario.origins.filter(({ torrent }) => torrents[torrent]?.meta.infoHash === infoHash),
      dial: (owner, to) => this.#dialOut(owner, to),
      violated: (what) => this.violated(what),
    });
    this.#fate = new Fate({ time, trace, random, net, disk, life: this.life });
    for (const [i, plan] of scenario.origins.entries()) {
      const own = new Random(scenario.seed, 100 + i);
      new SimOrigin(plan, torrents[plan.torrent] as Torrent, { net, time, random: own });
    }
  }

  /** With `boxed` false the clients are alone with the swarm. */
  begin(boxed: boolean): void {
    if (boxed) this.life.begin();
    for (const [i, plan] of this.scenario.clients.entries())
      this.time.after(plan.arrivesMs, () => this.clients.push(this.#client(plan, i)), LAN);
    this.#fate.await(this.scenario.faults);
  }

  violated(what: string): void {
    if (this.violations.includes(what) || this.violations.length >= MOST_VIOLATIONS) return;
    this.trace.note(`VIOLATION ${what}`);
    this.violations.push(what);
  }

  #dialOut(owner: Owner, to: Endpoint): Promise<SimSocket> {
    return new Promise((resolve, reject) => {
      this.#net.dial(owner, to, this.#wayOut(to, []), (socket) => {
        if (socket instanceof Error) reject(socket);
        else resolve(socket);
      });
    });
  }

  #client(plan: ClientPlan, i: number): SimClient {
    const { time, scenario } = this;
    const sources = scenario.origins.filter(({ torrent }) => torrent === plan.torrent);
    const own = new SimLine(plan.bytesPerS);
    if (this.random.chance(LEARNED)) this.life.tell((box) => box?.manager.heard(infoHash, sources));
    const { infoHash } = (this.torrents[plan.torrent] as Torrent).meta;
    return new SimClient(plan, this.torrents[plan.torrent] as Torrent, sources, {
      random: new Random(scenario.seed, 200 + i),
      nowMs: () => time.nowMs,
      every: (ms, tick) => every(time, ms, tick),
      after: (ms, run) => void time.after(ms, run, LAN),
      dial: (from, to, connected) => this.#dialFromLan(from, to, own, connected),
      isBox: (socket) => this.life.all.some((box) => socket.other !== undefined && box.door.hasTaken(socket.other)),
      wasKept: (piece) => this.disk.wasKept(infoHash, piece),
      violated: (what) => this.violated(what),
      note: (text) => this.trace.note(text),
    });
  }

  /** A dial of a LAN client: to the box that answers in the origin's place, or past it. */
  #dialFromLan(from: LanEndpoint, to: Endpoint, own: SimLine, connected: (socket: SimSocket | Error) => void): void {
    const { box } = this.life;
    if (!box || box.door.passes(from.ip, to) || this.random.chance(this.scenario.box.unsteered)) {
      this.#net.dial(LAN, to, this.#wayOut(to, [own]), connected);
      return;
    }
    const path: SimPath = this.#path(LAN_MS, [this.#lan, own]);
    const listener = {
      owner: box.owner,
      answers: () => 'yes' as const,
      accept: (socket: SimSocket) => box.door.accept(socket, from, to),
    };
    this.#net.connect(LAN, listener, endpointKey(to), { to: path, back: path }, connected);
  }

  #wayOut(to: Endpoint, lines: readonly SimLine[]): Way {
    const plan = this.scenario.origins.find(({ ip, port }) => ip === to.ip && port === to.port);
    const latencyMs = plan?.latencyMs ?? 50;
    const upload = new SimLine(plan?.bytesPerS ?? MIB);
    return { to: this.#path(latencyMs, lines), back: this.#path(latencyMs, [upload, this.#wan, ...lines]) };
  }

  #path(latencyMs: number, lines: readonly SimLine[]): SimPath {
    return { latencyMs, jitterMs: latencyMs / 4, lines, chunkBytes: this.scenario.chunkBytes };
  }
}

function every(time: VirtualTime, ms: number, tick: () => void): { stop(): void } {
  let isOver = false;
  const again = (): void => {
    time.after(
      ms,
      () => {
        if (isOver) return;
        again();
        tick();
      },
      LAN,
    );
  };
  again();
  return {
    stop: () => {
      isOver = true;
    },
  };
}
