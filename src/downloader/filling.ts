import { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import type { BlockRequest, OriginId } from './begun-piece.ts';
import { Blame } from './blame.ts';
import type { DownloadLimits } from './limits.ts';
import { type BlockSource, Neighbour } from './neighbour.ts';
import { OriginConnection } from './origin-connection.ts';
import type { Asker } from './pacer.ts';
import { type PickerShape, PiecePicker } from './piece-picker.ts';
import type { UplinkShare } from './uplink.ts';

/** Where blocks of unfinished pieces outlive the process. They are not verified until their piece is whole. */
export type BegunBlocks = {
  restore(): Iterable<{ readonly piece: PieceIndex; readonly begin: number; readonly data: Buffer }>;
  keep(piece: PieceIndex, begin: number, data: Uint8Array): void;
  /** The piece was verified, well or ill. */
  done(piece: PieceIndex): void;
};

/** What filling asks of the downloader around it. */
export type FillingWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: DownloadLimits;
  /** Outlives a pause: a piece that is being verified is not lost by one. */
  readonly scope: Scope;
  /** Connected origins, and LAN clients that have something. */
  readonly sources: ReadonlyMap<OriginId, BlockSource>;
  /** What LAN clients have and give at once: origins are not asked for it. */
  nearby(): readonly Bitfield[];
  accept(piece: FramedPiece, from: Endpoint[]): Promise<'ok' | 'bad' | 'full' | 'failed'>;
  lack(piece: PieceIndex): number;
  mayBegin(inFlight: number): boolean;
  begunBytes(): number;
  endpoint(origin: OriginId): Endpoint | undefined;
  ban(origin: OriginId, piece: PieceIndex): void;
  readonly begun: BegunBlocks | undefined;
  readonly uplink: UplinkShare | undefined;
  isAhead(): boolean;
};

/** The data side of a download whose shape is known: requests out, blocks in, whole pieces to be verified, liars found. */
export class Filling implements Asker {
  readonly #world: FillingWorld;
  readonly #picker: PiecePicker<FramedPiece>;
  readonly #pieceCount: number;
  readonly #blame: Blame;
  #lackIsOld = true;
  #refillDue = false;
  #lastAsked: OriginId | undefined;
  /** After the store refused a piece: nothing is asked before this, and one piece at a time until one is kept. */
  #heldUntilMs = 0;
  #refusals = 0;

  constructor(world: FillingWorld, shape: PickerShape, have: Bitfield) {
    const own = Bitfield.from(have.bytes, shape.pieceCount);
    if (!own) throw new RangeError('bug: a bitfield of another torrent');
    this.#world = world;
    this.#pieceCount = shape.pieceCount;
    const { begunBytes, begunPieces, urgentRun } = world.limits;
    const limits = {
      begunPieces,
      urgentRun,
      get begunBytes(): number {
        return Math.min(begunBytes, world.begunBytes());
      },
    };
    this.#picker = new PiecePicker(shape, own, FramedPiece.allocate, limits);
    this.#blame = new Blame(world.limits.suspectPieces);
    this.#readLack();
    for (const { piece, begin, data } of world.begun?.restore() ?? []) {
      const put = this.#picker.restore(piece, begin, data);
      if (put.kind === 'complete') world.scope.run(() => this.#verify(put.payload, put.sources));
    }
  }

  get piecesInFlight(): number {
    return this.#picker.begun + this.#picker.verifying;
  }

  /** Asks the source for as much as it may be asked for; where the uplink paces, origins in turn with all other downloads. */
  fill(source: BlockSource): void {
    if (source.room <= 0) return;
    const { uplink } = this.#world;
    if (uplink && !(source instanceof Neighbour) && !uplink.isFreeFor(this)) uplink.wait(this);
    else while (this.#ask(source) > 0);
  }

  /** For the uplink: asks for one block, whoever has least to do; of several the next one in turn. */
  askOne(): number {
    const all = [...this.#world.sources.values()].filter((source) => source instanceof OriginConnection);
    const next = all.findIndex(({ id }) => id === this.#lastAsked) + 1;
    const origins = [...all.slice(next), ...all.slice(0, next)].sort((a, b) => a.asked - b.asked);
    for (const origin of origins) {
      const bytes = this.#ask(origin);
      if (bytes === 0) continue;
      this.#lastAsked = origin.id;
      return bytes;
    }
    return 0;
  }

  /** For the uplink: no client waits for what this asks for. */
  get isAhead(): boolean {
    return this.#world.isAhead();
  }

  fillAll(): void {
    for (const source of this.#world.sources.values()) this.fill(source);
  }

  /** The connection knows the piece count from now on. */
  admit(origin: OriginConnection): void {
    origin.shapeKnown(this.#pieceCount);
  }

  block(source: BlockSource, request: BlockRequest, data: Uint8Array): void {
    const put = this.#picker.put(source.id, request.piece, request.begin, data);
    if (put.kind !== 'useless') {
      // The last block of a piece would be kept for the time of a hash alone.
      if (put.kind !== 'complete') this.#world.begun?.keep(request.piece, request.begin, data);
      if (put.otherwise !== undefined) this.#world.sources.get(put.otherwise)?.cancel(request);
      for (const other of this.#world.sources.values()) if (other !== source) other.cancelLate(request);
      if (put.kind === 'complete') this.#world.scope.run(() => this.#verify(put.payload, put.sources));
    }
    this.fill(source);
  }

  released(source: BlockSource, request: BlockRequest): void {
    this.#picker.release(source.id, request);
    this.#refillSoon();
  }

  /** The origin is gone, or has choked for so long that nothing may depend on it. */
  left(origin: OriginId): void {
    this.#picker.leave(origin);
    this.#refillSoon();
  }

  /** Many clients may change in one turn: all lacks are read once, at its end. */
  lackChanged(piece?: PieceIndex): void {
    if (piece === undefined) this.#lackIsOld = true;
    else if (piece < this.#pieceCount) this.#picker.setLack(piece, this.#world.lack(piece));
    this.#refillSoon();
  }

  drop(piece: PieceIndex): void {
    this.#picker.lost(piece);
    this.lackChanged(piece);
  }

  gained(piece: PieceIndex): void {
    this.#picker.gained(piece);
  }

  pause(): void {
    this.#world.uplink?.leave(this);
    this.#picker.shed(this.#world.limits.pausedBytes);
  }

  /** Bytes asked for: of one block, or none. */
  #ask(source: BlockSource): number {
    if (!source.pieces || source.room <= 0 || this.#world.clock.nowMs() < this.#heldUntilMs) return 0;
    const pieces = source instanceof Neighbour ? source.pieces : without(source.pieces, this.#world.nearby());
    const inFlight = this.piecesInFlight;
    const mayBegin = (this.#refusals === 0 || inFlight === 0) && this.#world.mayBegin(inFlight);
    const request = this.#picker.pick(source.id, pieces, mayBegin);
    if (!request) return 0;
    source.ask(request);
    return request.length;
  }

  #refillSoon(): void {
    if (this.#refillDue) return;
    this.#refillDue = true;
    queueMicrotask(() => {
      this.#refillDue = false;
      if (this.#lackIsOld) this.#readLack();
      this.fillAll();
    });
  }

  #readLack(): void {
    this.#lackIsOld = false;
    for (let piece = 0; piece < this.#pieceCount; piece++) this.#picker.setLack(piece, this.#world.lack(piece));
  }

  async #verify(piece: FramedPiece, sources: Int32Array): Promise<void> {
    const { index } = piece;
    const sums = this.#blame.sums(piece.payloadParts());
    const from = [...new Set(sources)].map((o) => this.#world.endpoint(o)).filter((e) => e !== undefined);
    let outcome: 'ok' | 'bad' | 'full' | 'failed';
    try {
      outcome = await this.#world.accept(piece, from);
    } catch (error) {
      this.#world.log.error('piece-not-kept', { piece: index, why: errorText(error) });
      outcome = 'failed';
    }
    this.#world.begun?.done(index);
    if (outcome === 'ok') {
      this.#refusals = 0;
      this.#picker.verified(index, 'have');
      for (const liar of this.#blame.good(index, sources, sums)) this.#world.ban(liar, index);
    } else if (outcome === 'bad') {
      const liars = this.#blame.bad(index, sources, sums);
      this.#world.log.warn('bad-piece', { piece: index, origins: from.length });
      if (liars.length === 0) this.#picker.fromOneOrigin(index);
      this.#picker.verified(index, 'again');
      for (const liar of liars) this.#world.ban(liar, index);
    } else this.#hold(index, outcome);
    this.#refillSoon();
  }

  /** The store's trouble is not the origins': wait, then try with one piece, so that a full disk does not cost the line a window each time. */
  #hold(piece: PieceIndex, why: 'full' | 'failed'): void {
    const { clock, limits, log } = this.#world;
    this.#picker.verified(piece, 'again');
    const nowMs = clock.nowMs();
    if (nowMs < this.#heldUntilMs) return;
    const waitMs = Math.min(limits.storeRetryMs * 2 ** this.#refusals, limits.storeRetryMaxMs);
    if (this.#refusals++ === 0)
      log.warn('download-held', { why: why === 'full' ? 'the disk is full' : 'the store failed' });
    this.#heldUntilMs = nowMs + waitMs;
  }
}

/** The pieces that lie nowhere nearby. */
function without(pieces: Bitfield, nearby: readonly Bitfield[]): Bitfield {
  if (nearby.length === 0) return pieces;
  const left = pieces.bytes.slice();
  for (const { bytes } of nearby)
    for (let i = 0; i < left.length; i++) left[i] = (left[i] as number) & ~(bytes[i] as number);
  return Bitfield.from(left, pieces.size) ?? pieces;
}
