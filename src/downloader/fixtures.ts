import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type Duplex, duplexPair, type Readable } from 'node:stream';
import type { Clock } from '#base/clock.ts';
import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { type Log, type LogLine, logTo } from '#base/log.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { type Torrent, wholeTree } from '#wire/made-torrent.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import type { DownloadWorld } from './downloader.ts';
import { FakeSeed, type SeedHabits } from './fake-seed.ts';
import type { OriginSource } from './origin-pool.ts';

/** A clock that a test turns by hand. */
export class TestClock implements Clock {
  #nowMs = 1_000_000;
  readonly #sleepers = new Set<{ atMs: number; wake: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  get sleepers(): number {
    return this.#sleepers.size;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.atMs > this.#nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

/** Lets everything that is due in memory happen. */
export async function settle(turns = 30): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise(setImmediate);
}

/** A task's side of a download in memory, with seeds by port number. */
export class TestWorld implements DownloadWorld {
  readonly clock: TestClock;
  readonly torrent: Torrent;
  readonly peerId = Buffer.from('-SB0100-000000000001');
  readonly lines: LogLine[] = [];
  readonly log: Log = logTo((line) => this.lines.push(line));
  readonly seeds = new Map<number, SeedHabits>();
  readonly sessions: { port: number; seed: FakeSeed }[] = [];
  readonly kept = new Map<number, Buffer>();
  readonly accepted: { piece: number; from: Endpoint[] }[] = [];
  dials = 0;
  receivedBytes = 0;
  nearbyBytes = 0;
  info: Buffer | undefined;
  layerless: Metainfo | undefined;
  layers: Buffer | undefined;
  readonly told: Endpoint[] = [];
  found = (endpoints: readonly Endpoint[]): void => void this.told.push(...endpoints);
  lackOf: (piece: number) => number = () => 1;
  mayBegin: (inFlight: number) => boolean = () => true;
  trouble: unknown;
  refuse: 'full' | 'failed' | undefined;
  uplink: DownloadWorld['uplink'];

  constructor(torrent: Torrent, clock = new TestClock()) {
    this.torrent = torrent;
    this.clock = clock;
  }

  get infoHash(): Metainfo['infoHash'] {
    return this.torrent.meta.infoHash;
  }

  begunBytes(): number {
    return Number.POSITIVE_INFINITY;
  }

  failed(error: unknown): void {
    this.trouble = error;
  }

  source(port: number): OriginSource {
    return { endpoint: { ip: '192.0.2.1', port } };
  }

  async dial(to: OriginSource): Promise<Duplex> {
    this.dials++;
    const habits = this.seeds.get(to.endpoint.port);
    if (!habits) throw new Error(`nobody listens at ${endpointKey(to.endpoint)}`);
    const [ours, theirs] = duplexPair();
    // A socket tells its other end that it is gone; the pair's halves only end.
    ours.on('close', () => theirs.destroy());
    theirs.on('close', () => ours.destroy());
    this.sessions.push({ port: to.endpoint.port, seed: new FakeSeed(theirs, this.torrent, habits) });
    return ours;
  }

  async accept(piece: FramedPiece, from: Endpoint[]): Promise<'ok' | 'bad' | 'full' | 'failed'> {
    this.accepted.push({ piece: piece.index, from });
    await new Promise(setImmediate);
    if (this.refuse) return this.refuse;
    const bytes = Buffer.concat(piece.payloadParts());
    for (const check of shapeOf(this.torrent.meta).checksOf(piece.index)) {
      const found =
        check.kind === 'merkle'
          ? wholeTree(bytes.subarray(0, check.dataBytes), check.leaves).at(-1)?.[0]
          : createHash(check.kind).update(bytes).digest();
      if (!found?.equals(check.kind === 'merkle' ? check.root : check.digest)) return 'bad';
    }
    this.kept.set(piece.index, bytes);
    return 'ok';
  }

  lacksLayers(): Metainfo | undefined {
    return this.layerless;
  }

  gotLayers(layers: Buffer): void {
    this.layers = layers;
    this.layerless = undefined;
  }

  gotInfo(infoBytes: Buffer): void {
    this.info = infoBytes;
  }

  lack(piece: number): number {
    return this.lackOf(piece);
  }

  receivedNearby(bytes: number): void {
    this.nearbyBytes += bytes;
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  get complete(): boolean {
    return this.kept.size === this.torrent.meta.pieceCount;
  }

  content(): Buffer {
    return Buffer.concat([...this.kept].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }
}

/** A real peer; its standard output is read by the test. */
export const runProgram = (program: string, args: readonly string[]): ChildProcessByStdio<null, Readable, null> =>
  spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
