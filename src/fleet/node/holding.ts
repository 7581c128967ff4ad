import type { Socket } from 'node:net';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import { pieceSize } from '#wire/metainfo.ts';
import type { DistributionId, Manifest } from '../manifest.ts';
import type { Ranges, Role, Way } from '../message-types.ts';
import { rangesOf, type UpMessage } from '../messages.ts';
import { isPiece, type Seed } from '../seed.ts';
import { Swarm } from '../swarm/swarm.ts';
import { type Files, Gate } from './gate.ts';
import { NODE_LIMITS } from './limits.ts';
import { SeedParts } from './seed-parts.ts';

/** Why a distribution cannot go on. */
export type Trouble = { readonly code: string; readonly detail: string };

/** By which way the bytes came that were kept. */
export type Came = { readonly amqpBytes: number; readonly swarmBytes: number };

export type HoldingWorld = {
  readonly clock: Clock;
  readonly log: Log;
  /** The node's. */
  readonly scope: Scope;
  /** The pieces that lie here, in files. Rejects when there can be none. */
  openFiles(seed: Seed, log: Log): Promise<Files>;
  readonly role: Role;
  readonly localAddress: string;
  /** Now, if there is a connection: it may get lost. */
  say(message: UpMessage): void;
  /** Why its files must not take their place any more. */
  obsolete(): Trouble | undefined;
  /** It is whole and in its place: to be kept in the book. Throws when the book takes nothing. */
  whole(came: Came): void;
  /** It stands still from now on. */
  failed(trouble: Trouble): void;
};

/** What came of a piece that came by AMQP. */
export type Taken = 'kept' | 'known' | 'wrong' | 'not-kept';

/** Of one message: pieces that follow one another. `at`: where they begin in it. */
type Run = { readonly first: PieceIndex; count: number; readonly at: number; bytes: Buffer };

/** One distribution at a node, from its offer until nobody asks for it any more. It is whole when its files are in their place and the book says so. */
export class Holding {
  readonly id: DistributionId;
  readonly manifest: Manifest;
  readonly #world: HoldingWorld;
  readonly #scope: Scope;
  way: Way;
  #parts: SeedParts | undefined;
  #seed: Seed | undefined;
  #home: Gate | undefined;
  #swarm: Swarm | undefined;
  #swarmScope: Scope | undefined;
  #isWhole = false;
  #isStopped = false;
  #settling: Promise<void> | undefined;
  #settleDueMs = 0;
  readonly #came = { amqpBytes: 0, swarmBytes: 0 };
  /** Pieces come by AMQP: since when none did, and how long that may be. */
  #heardMs: number | undefined;
  #patienceMs: number = NODE_LIMITS.silenceMs;
  #said = { count: 0, ms: 0 };
  #usedMs: number;

  constructor(id: DistributionId, manifest: Manifest, way: Way, world: HoldingWorld) {
    this.id = id;
    this.manifest = manifest;
    this.way = way;
    this.#world = world;
    this.#scope = new Scope((error) => this.#bug(error), world.scope);
    this.#usedMs = world.clock.nowMs();
    this.#said.ms = this.#usedMs;
  }

  get hasSeed(): boolean {
    return this.#home !== undefined;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** It failed: only another offer makes it go on. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** All pieces are here, whether or not they are in their place. */
  get hasAll(): boolean {
    return this.#home?.whole ?? false;
  }

  /** It is whole, and no neighbour took anything for long: those that are linked have it too. */
  get isUnused(): boolean {
    const isIdle = !this.#swarm || this.#world.clock.nowMs() - this.#usedMs >= NODE_LIMITS.idleMs;
    return this.#isWhole && !this.#settling && isIdle;
  }

  get links(): number {
    return this.#swarm?.counts.links ?? 0;
  }

  get have(): Ranges {
    const [home, seed] = [this.#home, this.#seed];
    return home && seed ? this.#runs((piece) => home.has(piece)) : [];
  }

  /** Bytes that are still to come, by whole pieces. */
  get lackingBytes(): number {
    const { sizeBytes, pieceLength } = this.manifest;
    return Math.max(0, sizeBytes - (this.#home?.count ?? 0) * pieceLength);
  }

  /** What lies in its folder from before is had. */
  async open(seed: Seed): Promise<Trouble | undefined> {
    if (this.#home) return undefined;
    try {
      const files = await this.#world.openFiles(seed, this.#world.log);
      this.#seed = seed;
      this.#home = new Gate(files);
      this.#parts = undefined;
      this.#said.count = files.count;
    } catch (error) {
      return troubleOf(error);
    }
    if (this.#scope.closed) await this.#home.close();
    return undefined;
  }

  /** A part of its seed. The seed, once all of it is here: not yet verified. */
  seedPart(at: number, part: Uint8Array): Buffer | undefined {
    this.#parts ??= new SeedParts(this.manifest.seedBytes);
    return this.#parts.put(at, part);
  }

  /** The seed was not the one that was signed: all of it is to come again. */
  forgetParts(): void {
    this.#parts = undefined;
  }

  /** Its files were in their place before, and were found to be as they should. */
  gives(): void {
    this.#isWhole = true;
  }

  /** Pieces are on their way by AMQP. */
  expect(): void {
    if (!this.#isWhole) this.#heardMs = this.#world.clock.nowMs();
  }

  /** Pieces that came by AMQP in one message: `first` and those behind it, each whole. What came of the worst of them. */
  async take(first: PieceIndex, body: Buffer): Promise<Taken> {
    const [seed, home] = [this.#seed, this.#home];
    if (!seed || !home || this.#isStopped || this.#scope.closed) return 'not-kept';
    this.#heardMs = this.#world.clock.nowMs();
    const { pieceLength, pieceCount, totalBytes } = seed.meta;
    const from = first * pieceLength;
    const isWhole = body.length % pieceLength === 0 || from + body.length === totalBytes;
    if (first >= pieceCount || body.length === 0 || !isWhole || from + body.length > totalBytes) return 'wrong';
    const { runs, taken } = this.#sorted(seed, home, first, body);
    for (const run of runs) taken.add(await this.#keepRun(home, run));
    await this.settle();
    return (['wrong', 'not-kept', 'kept'] as const).find((worst) => taken.has(worst)) ?? 'known';
  }

  /** Those that lack, and are right, as they follow one another; and what came of the others. */
  #sorted(seed: Seed, home: Gate, first: PieceIndex, body: Buffer): { runs: Run[]; taken: Set<Taken> } {
    const { pieceLength } = seed.meta;
    const runs: Run[] = [];
    const taken = new Set<Taken>();
    for (let [index, at] = [first, 0]; at < body.length; index++, at += pieceLength) {
      const isKnown = home.has(index);
      const last = runs.at(-1);
      if (isKnown) taken.add('known');
      else if (!isPiece(seed, index, [body.subarray(at, at + pieceLength)])) taken.add('wrong');
      else if (last && last.first + last.count === index) {
        last.count++;
        last.bytes = body.subarray(last.at, at + pieceLength);
      } else runs.push({ first: index, count: 1, at, bytes: body.subarray(at, at + pieceLength) });
    }
    return { runs, taken };
  }

  async #keepRun(home: Gate, { first, count, bytes }: Run): Promise<Taken> {
    const kept = await home.keepRun(first, count, bytes);
    if (this.#scope.closed) return 'not-kept';
    if (kept !== 'ok') {
      this.#cannotKeep(kept);
      return 'not-kept';
    }
    this.#patienceMs = NODE_LIMITS.silenceMs;
    this.#came.amqpBytes += bytes.length;
    return 'kept';
  }

  /** Neighbours are to be dialled; more each time. */
  start(neighbours: readonly Endpoint[]): void {
    this.#openSwarm()?.dial(neighbours);
  }

  /** A neighbour dialled. False: he cannot be served. */
  join(socket: Socket, early: Uint8Array): boolean {
    const swarm = this.#scope.closed ? undefined : this.#openSwarm();
    swarm?.join(socket, early);
    return swarm !== undefined;
  }

  /** When all of it is here it takes its place, once. */
  settle(): Promise<void> {
    if (!this.hasAll || this.#isWhole || this.#isStopped) return Promise.resolve();
    this.#settling ??= this.#place().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  tick(): void {
    const nowMs = this.#world.clock.nowMs();
    if (this.#isWhole || this.#isStopped || !this.#home) return;
    if (this.hasAll && nowMs >= this.#settleDueMs) this.#scope.run(() => this.settle());
    this.#askForWhatLacks(nowMs);
    const { count } = this.#home;
    if (count === this.#said.count || nowMs - this.#said.ms < NODE_LIMITS.progressMs) return;
    this.#said = { count, ms: nowMs };
    this.#world.say({ kind: 'progress', id: this.id, haveBytes: this.manifest.sizeBytes - this.lackingBytes });
  }

  /** `discard`: what is not in its place is thrown away. */
  async close(discard = false): Promise<void> {
    await this.#scope.close();
    await this.#settling;
    await this.#home?.close(discard && !this.#isWhole);
  }

  async #place(): Promise<void> {
    const obsolete = this.#world.obsolete();
    if (obsolete) return this.#stop(obsolete);
    try {
      await this.#home?.place();
    } catch (error) {
      return this.#stop(troubleOf(error));
    }
    if (this.#scope.closed) return;
    try {
      this.#world.whole({ ...this.#came });
    } catch (error) {
      this.#world.log.error('whole, and not kept in the book', { why: errorText(error) });
      this.#settleDueMs = this.#world.clock.nowMs() + NODE_LIMITS.silenceMs;
      return;
    }
    this.#isWhole = true;
    this.#usedMs = this.#world.clock.nowMs();
    this.#heardMs = undefined;
    // A relay gives each neighbour pieces of his own first: that is another swarm.
    if (this.#world.role === 'relay' && this.#swarm) {
      await this.#closeSwarm();
      this.#openSwarm();
    }
  }

  #askForWhatLacks(nowMs: number): void {
    const home = this.#home as Gate;
    if (this.#heardMs === undefined || this.way === 'swarm' || this.hasAll) return;
    if (nowMs - this.#heardMs < this.#patienceMs) return;
    this.#heardMs = nowMs;
    this.#patienceMs = Math.min(NODE_LIMITS.silenceMostMs, 2 * this.#patienceMs);
    this.#world.say({ kind: 'want', id: this.id, pieces: this.#runs((piece) => !home.has(piece)) });
  }

  #runs(is: (piece: PieceIndex) => boolean): Ranges {
    return rangesOf(this.#seed?.meta.pieceCount ?? 0, is).slice(0, NODE_LIMITS.ranges);
  }

  #openSwarm(): Swarm | undefined {
    const [seed, home] = [this.#seed, this.#home];
    if (this.#swarm || !seed || !home || this.#isStopped || this.#scope.closed) return this.#swarm;
    const { clock, log, localAddress, role } = this.#world;
    const scope = new Scope((error) => this.#bug(error), this.#scope);
    const gained = (piece: PieceIndex): void => {
      this.#came.swarmBytes += pieceSize(seed.meta, piece);
      if (this.hasAll) this.#scope.run(() => this.settle());
    };
    const gave = (): void => {
      this.#usedMs = clock.nowMs();
    };
    gave();
    const world = {
      clock,
      log,
      scope,
      localAddress,
      gave,
      gained,
      cannotKeep: (why: 'full' | 'failed') => this.#cannotKeep(why),
    };
    this.#swarm = new Swarm(seed, home, world, { places: role === 'relay' && this.#isWhole });
    this.#swarmScope = scope;
    return this.#swarm;
  }

  async #closeSwarm(): Promise<void> {
    const scope = this.#swarmScope;
    this.#swarm = this.#swarmScope = undefined;
    await scope?.close();
  }

  #cannotKeep(why: 'full' | 'failed'): void {
    this.#stop({ code: why === 'full' ? 'disk-full' : 'disk', detail: 'a piece could not be written' });
  }

  #stop(trouble: Trouble): void {
    if (this.#isStopped || this.#scope.closed) return;
    this.#isStopped = true;
    this.#scope.run(() => this.#closeSwarm());
    this.#world.failed(trouble);
  }

  #bug(error: unknown): void {
    this.#world.log.error('distribution in trouble', { why: errorText(error) });
  }
}

/** What the operating system said, as a code that the central knows. */
export function troubleOf(error: unknown): Trouble {
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '');
  return { code: isFull ? 'disk-full' : 'disk', detail: errorText(error).slice(0, 500) };
}
