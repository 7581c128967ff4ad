/**
 * The load: connections against one server, the same for every server. argv: a LoadOrder as JSON. Says `{"ready":n}` when n
 * of them would be served; then, for each line on its standard input, loads the server for a while and says what came.
 */
import { readFileSync } from 'node:fs';
import { argv, exit, stdin } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES } from '#base/units.ts';
import { type Metainfo, parseMetainfo } from '#wire/metainfo.ts';
import { addresses } from './addresses.ts';
import type { LoadConnection, Tally } from './connection.ts';
import { groupCpuSeconds } from './group-cpu.ts';
import { Latencies } from './latencies.ts';
import { LeechConnection } from './leech-connection.ts';
import { RangeConnection } from './range-connection.ts';
import { inOrder, rarestFirst } from './walk.ts';

export type LoadOrder = {
  readonly torrentPath: string;
  readonly port: number;
  /** The server's process group. */
  readonly group: number;
  readonly conns: number;
  readonly depth: number;
  readonly how: 'plain' | 'encrypted' | { readonly path: string; readonly fileBytes: number };
  readonly order: 'in-order' | 'rarest-first';
  readonly warmUpMs: number;
  readonly windowMs: number;
};

export type Loaded = {
  readonly MBps: number;
  readonly cpuSPerGiB: number;
  readonly p50ms: number;
  readonly p99ms: number;
  /** Connections that were served. */
  readonly served: number;
  /** Processor cores that the load itself took: near 1 it is the load that was measured. */
  readonly loadCores: number;
};

const GIB = 1 << 30;
/** Dials that have no answer yet: libtorrent's and Transmission's listen queues are short. */
const DIALS_AT_ONCE = 4;
const DIAL_PAUSE_MS = 2;
/** A server that is slow to answer a handshake is dialled on after so many pauses. */
const DIAL_PATIENCE = 20;
/** Transmission lets clients in every ten seconds; others leave some out for good. */
const READY_WITHIN_MS = 22_000;
const READY_QUIET_MS = 2_500;
const DRAIN_WITHIN_MS = 5_000;
/** A server that takes longer to warm up than this is measured as it is. */
const WARM_WITHIN_MS = 4_000;

function fail(why: string): never {
  console.error(`load: ${why}`);
  exit(1);
}

class Load implements Tally {
  readonly #o: LoadOrder;
  readonly #connections: LoadConnection[] = [];
  readonly #latencies = new Latencies();
  readonly #served = new Set<LoadConnection>();
  readonly #connect: (number: number, address: string) => LoadConnection;
  #asking = false;
  #bytes = 0;

  constructor(o: LoadOrder) {
    this.#o = o;
    this.#connect = connector(o, this);
  }

  received(connection: LoadConnection, bytes: number): void {
    this.#bytes += bytes;
    this.#served.add(connection);
  }

  took(ms: number): void {
    this.#latencies.add(ms);
  }

  fault(why: string): void {
    fail(why);
  }

  left(connection: LoadConnection): void {
    const number = this.#connections.indexOf(connection);
    const [address = ''] = addresses(1);
    const next = this.#connect(number, address);
    this.#connections[number] = next;
    if (this.#asking) next.start();
  }

  async connect(): Promise<number> {
    for (const [number, address] of addresses(this.#o.conns).entries()) {
      this.#connections.push(this.#connect(number, address));
      for (let i = 0; i < DIAL_PATIENCE && this.#count((c) => !c.answered) >= DIALS_AT_ONCE; i++)
        await sleep(DIAL_PAUSE_MS);
    }
    return this.#ready();
  }

  /** How many there are when all are, or nothing has changed for a while. */
  async #ready(): Promise<number> {
    let ready = -1;
    let sinceMs = performance.now();
    for (const endMs = sinceMs + READY_WITHIN_MS; performance.now() < endMs; await sleep(20)) {
      const now = this.#count((c) => c.ready);
      if (now !== ready) sinceMs = performance.now();
      ready = now;
      if (ready === this.#o.conns || (ready > 0 && performance.now() - sinceMs > READY_QUIET_MS)) break;
    }
    if (ready === 0) fail('no connection is served');
    return ready;
  }

  async turn(): Promise<Loaded> {
    this.#asking = true;
    for (const connection of this.#connections) connection.start();
    await this.#warmUp();
    this.#latencies.clear();
    this.#served.clear();
    const before = this.#now();
    await sleep(this.#o.windowMs);
    const after = this.#now();
    const served = this.#served.size;
    this.#asking = false;
    for (const connection of this.#connections) connection.stop();
    for (const endMs = performance.now() + DRAIN_WITHIN_MS; performance.now() < endMs; await sleep(5))
      if (this.#connections.every((c) => c.open === 0)) break;
    const bytes = after.bytes - before.bytes;
    if (bytes === 0) fail('nothing came');
    return {
      MBps: bytes / 1e3 / (after.atMs - before.atMs),
      cpuSPerGiB: (after.cpuS - before.cpuS) / (bytes / GIB),
      p50ms: this.#latencies.percentile(0.5),
      p99ms: this.#latencies.percentile(0.99),
      served,
      loadCores: (after.ownUs - before.ownUs) / 1e3 / (after.atMs - before.atMs),
    };
  }

  /** Until what all connections keep open has gone through twice: before that some servers read much and send little. */
  async #warmUp(): Promise<void> {
    const { conns, depth, warmUpMs } = this.#o;
    const beganMs = performance.now();
    const enough = this.#bytes + 2 * conns * depth * BLOCK_BYTES;
    await sleep(warmUpMs);
    while (this.#bytes < enough && performance.now() - beganMs < WARM_WITHIN_MS) await sleep(5);
  }

  #now() {
    const { user, system } = process.cpuUsage();
    const cpuS = groupCpuSeconds(this.#o.group);
    return { bytes: this.#bytes, cpuS, ownUs: user + system, atMs: performance.now() };
  }

  #count(is: (connection: LoadConnection) => boolean): number {
    return this.#connections.reduce((sum, connection) => sum + Number(is(connection)), 0);
  }
}

function connector(o: LoadOrder, tally: Tally): (number: number, address: string) => LoadConnection {
  const { port, depth, how } = o;
  if (typeof how === 'object')
    return (number, address) => new RangeConnection({ port, ...how, from: number / o.conns, address }, tally);
  const meta = metainfoOf(o.torrentPath);
  const encrypted = how === 'encrypted';
  return (number, address) => {
    const walk = o.order === 'in-order' ? inOrder(meta, number, o.conns) : rarestFirst(meta, Math.random);
    return new LeechConnection({ meta, port, depth, encrypted, walk, address }, tally);
  };
}

function metainfoOf(path: string): Metainfo {
  const parsed = parseMetainfo(readFileSync(path));
  return parsed.kind === 'bad' ? fail(parsed.why) : parsed.value;
}

const say = (line: object): void => console.log(JSON.stringify(line));

if (import.meta.main) {
  const load = new Load(JSON.parse(argv[2] ?? '{}') as LoadOrder);
  say({ ready: await load.connect() });
  for await (const _ of createInterface({ input: stdin })) say(await load.turn());
  exit(0);
}
