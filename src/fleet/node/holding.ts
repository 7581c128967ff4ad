import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import type { DistributionId, Manifest } from '../manifest.ts';
import type { Ranges, Way } from '../message-types.ts';
import { rangesOf, type UpMessage } from '../messages.ts';
import { isPiece, type Seed } from '../seed.ts';
import { type Caller, type Keep, type Kept, NoPlace } from './keep.ts';
import { NODE_LIMITS } from './limits.ts';
import { SeedParts } from './seed-parts.ts';

/** Why a distribution cannot go on. */
export type Trouble = { readonly code: string; readonly detail: string };

/** By which way the bytes came that were kept. */
export type Came = { readonly amqpBytes: number; readonly swarmBytes: number };

/** Since it was opened, bytes: of pieces that lay here, of all that came, also twice, wrong or too late, and of what was asked of a second neighbour because the first was late. */
export type Received = { readonly hadBytes: number; readonly receivedBytes: number; readonly lateBytes: number };

export type HoldingWorld = {
  readonly clock: Clock;
  readonly log: Log;
  /** The node's. */
  readonly scope: Scope;
  readonly keep: Pick<Keep, 'open'>;
  /** Now, if there is a connection: it may get lost. */
  say(message: UpMessage): void;
  /** Why its files must not take their place any more. */
  obsolete(): Trouble | undefined;
  /** It is whole and in its place: to be kept in the book. Throws when the book takes nothing. */
  whole(came: Came, received: Received): void;
  /** It stands still from now on. */
  failed(trouble: Trouble): void;
  /** It goes on, and a person should know. */
  warned(trouble: Trouble): void;
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
  #kept: Kept | undefined;
  #isWhole = false;
  #isStopped = false;
  #settling: Promise<void> | undefined;
  #settleDueMs = 0;
  #amqpBytes = 0;
  #hadBytes = 0;
  #amqpReceivedBytes = 0;
  #warnings = 0;
  /** Pieces come by AMQP: since when none did, and how long that may be. */
  #heardMs: number | undefined;
  #patienceMs: number = NODE_LIMITS.silenceMs;
  /** When the central was last told how far it is, and the bytes that had come by then: it gets on before a whole piece is here. */
  #said = { bytes: 0, ms: 0 };

  constructor(id: DistributionId, manifest: Manifest, way: Way, world: HoldingWorld) {
    this.id = id;
    this.manifest = manifest;
    this.way = way;
    this.#world = world;
    this.#scope = new Scope((error) => this.#bug(error), world.scope);
    this.#said.ms = world.clock.nowMs();
  }

  get hasSeed(): boolean {
    return this.#kept !== undefined;
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
    return this.#kept?.whole ?? false;
  }

  /** It is whole, and no neighbour took anything for long: those that are linked have it too. */
  get isUnused(): boolean {
    return this.#isWhole && !this.#settling && !this.#kept?.isUsed;
  }

  get links(): number {
    return this.#kept?.links ?? 0;
  }

  get have(): Ranges {
    const [kept, seed] = [this.#kept, this.#seed];
    return kept && seed ? this.#runs((piece) => kept.has(piece)) : [];
  }

  /** All that came, also twice or wrong. */
  get #receivedBytes(): number {
    return this.#amqpReceivedBytes + (this.#kept?.receivedBytes ?? 0);
  }

  /** Bytes that are still to come, by whole pieces. */
  get lackingBytes(): number {
    const { sizeBytes, pieceLength } = this.manifest;
    return Math.max(0, sizeBytes - (this.#kept?.count ?? 0) * pieceLength);
  }

  /** What lies here from before is had. `wasWhole`: see KeptWorld. */
  async open(seed: Seed, wasWhole = false): Promise<Trouble | undefined> {
    if (this.#kept) return undefined;
    const { keep, log } = this.#world;
    try {
      const kept = await keep.open(seed, {
        log,
        scope: this.#scope,
        wasWhole,
        gained: () => this.hasAll && this.#scope.run(() => this.settle()),
        cannotKeep: (why) => this.#cannotKeep(why),
        lied: (ip) => {
          if (++this.#warnings <= NODE_LIMITS.warnings) this.#world.warned({ code: 'wrong-pieces', detail: ip });
        },
      });
      this.#seed = seed;
      this.#kept = kept;
      this.#isWhole = wasWhole && kept.whole;
      this.#parts = undefined;
      this.#hadBytes = this.manifest.sizeBytes - this.lackingBytes;
    } catch (error) {
      return troubleOf(error);
    }
    if (this.#scope.closed) await this.#kept.close(false);
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

  /** Pieces are on their way by AMQP. */
  expect(): void {
    if (!this.#isWhole) this.#heardMs = this.#world.clock.nowMs();
  }

  /** Pieces that came by AMQP in one message: `first` and those behind it, each whole. What came of the worst of them. */
  async take(first: PieceIndex, body: Buffer): Promise<Taken> {
    const [seed, home] = [this.#seed, this.#kept];
    if (!seed || !home || this.#isStopped || this.#scope.closed) return 'not-kept';
    this.#heardMs = this.#world.clock.nowMs();
    this.#amqpReceivedBytes += body.length;
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
  #sorted(seed: Seed, home: Kept, first: PieceIndex, body: Buffer): { runs: Run[]; taken: Set<Taken> } {
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

  async #keepRun(home: Kept, { first, count, bytes }: Run): Promise<Taken> {
    const kept = await home.keepRun(first, count, bytes);
    if (this.#scope.closed) return 'not-kept';
    if (kept !== 'ok') {
      this.#cannotKeep(kept);
      return 'not-kept';
    }
    this.#patienceMs = NODE_LIMITS.silenceMs;
    this.#amqpBytes += bytes.length;
    return 'kept';
  }

  /** What it may give, to all neighbours together; undefined: as much as goes. */
  limit(bytesPerS: number | undefined): void {
    this.#kept?.limit(bytesPerS);
  }

  /** Neighbours are to be dialled; more each time. */
  start(neighbours: readonly Endpoint[]): void {
    if (!this.#isStopped && !this.#scope.closed) this.#kept?.start(neighbours);
  }

  /** A neighbour dialled. False: he cannot be served. */
  join(caller: Caller): boolean {
    return !this.#isStopped && !this.#scope.closed && (this.#kept?.join(caller) ?? false);
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
    if (this.#isWhole || this.#isStopped || !this.#kept) return;
    if (this.hasAll && nowMs >= this.#settleDueMs) this.#scope.run(() => this.settle());
    this.#askForWhatLacks(nowMs);
    const bytes = this.#receivedBytes;
    // Who waits by rules of its own is asked for no reason: it says that it is still here.
    if ((bytes === this.#said.bytes && !this.#kept.waits) || nowMs - this.#said.ms < NODE_LIMITS.progressMs) return;
    this.#said = { bytes, ms: nowMs };
    this.#world.say({ kind: 'progress', id: this.id, haveBytes: this.manifest.sizeBytes - this.lackingBytes });
  }

  /** `discard`: what is not in its place is thrown away. */
  async close(discard = false): Promise<void> {
    await this.#scope.close();
    await this.#settling;
    await this.#kept?.close(discard && !this.#isWhole);
  }

  async #place(): Promise<void> {
    const obsolete = this.#world.obsolete();
    if (obsolete) return this.#stop(obsolete);
    try {
      await this.#kept?.place();
    } catch (error) {
      return this.#stop(troubleOf(error));
    }
    if (this.#scope.closed) return;
    try {
      const { swarmBytes = 0, lateBytes = 0 } = this.#kept ?? {};
      const received = { hadBytes: this.#hadBytes, receivedBytes: this.#receivedBytes, lateBytes };
      this.#world.whole({ amqpBytes: this.#amqpBytes, swarmBytes }, received);
    } catch (error) {
      this.#world.log.error('whole, and not kept in the book', { why: errorText(error) });
      this.#settleDueMs = this.#world.clock.nowMs() + NODE_LIMITS.silenceMs;
      return;
    }
    this.#isWhole = true;
    this.#heardMs = undefined;
    await this.#kept?.placed();
  }

  #askForWhatLacks(nowMs: number): void {
    const kept = this.#kept as Kept;
    if (this.#heardMs === undefined || this.way === 'swarm' || this.hasAll) return;
    const hasLast = kept.has((this.#seed?.meta.pieceCount ?? 0) - 1);
    if (nowMs - this.#heardMs < (hasLast ? this.#patienceMs : Math.max(NODE_LIMITS.queueMs, this.#patienceMs))) return;
    this.#heardMs = nowMs;
    this.#patienceMs = Math.min(NODE_LIMITS.silenceMostMs, 2 * this.#patienceMs);
    this.#world.say({ kind: 'want', id: this.id, pieces: this.#runs((piece) => !kept.has(piece)) });
  }

  #runs(is: (piece: PieceIndex) => boolean): Ranges {
    return rangesOf(this.#seed?.meta.pieceCount ?? 0, is).slice(0, NODE_LIMITS.ranges);
  }

  #cannotKeep(why: 'full' | 'failed' | 'blocked'): void {
    if (why === 'blocked') this.#stop({ code: why, detail: 'the box has no part in its torrent any more' });
    else this.#stop({ code: why === 'full' ? 'disk-full' : 'disk', detail: 'a piece could not be written' });
  }

  #stop(trouble: Trouble): void {
    if (this.#isStopped || this.#scope.closed) return;
    this.#isStopped = true;
    this.#scope.run(() => this.#kept?.stop() ?? Promise.resolve());
    this.#world.failed(trouble);
  }

  #bug(error: unknown): void {
    this.#world.log.error('distribution in trouble', { why: errorText(error) });
  }
}

/** What the operating system said, as a code that the central knows. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof NoPlace) return { code: error.code, detail: error.message };
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '');
  return { code: isFull ? 'disk-full' : 'disk', detail: errorText(error).slice(0, 500) };
}
