import { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import { type Endpoint, endpointKey, plainIp } from '#base/endpoint.ts';
import { BLOCK_BYTES, type InfoHash, type PieceIndex } from '#base/units.ts';
import { FlowStream } from '#entry/flow-stream.ts';
import type { Caller, Kept, KeptWorld } from '#fleet/node/keep.ts';
import type { Seed } from '#fleet/seed.ts';
import type { Index } from '#index/index.ts';
import type { Arriving, Claim, Manager } from '#manager/manager.ts';
import type { Store } from '#store/store.ts';
import type { Task } from '#task/task.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { FLEET_TASK_LIMITS as LIMITS, PASSING_REFUSALS } from './fleet-limits.ts';

/** What keeping distributions as torrents asks of the rest of the house. */
export type FleetTasksWorld = {
  readonly clock: Clock;
  readonly index: Pick<Index, 'task'>;
  readonly manager: Pick<Manager, 'order' | 'living' | 'dismiss' | 'forgive' | 'refusal'>;
  readonly store: Pick<Store<FramedPiece>, 'task'>;
  claim(arriving: Arriving): Claim;
  /** Why nothing that no client waits for may be fetched just now: a code; undefined: it may. */
  held(): string | undefined;
  /** Everything that is had of it goes, after the index has forgotten it. */
  drop(infoHash: InfoHash): Promise<void>;
  /** Bytes that may be kept for the fleet, those that are kept for it already not among them. */
  room(): number | Promise<number>;
  /** Of a distribution that is known from before: its seed. */
  seedOf(infoHash: InfoHash): Seed | undefined;
};

/** The pieces that its task has, or that the index says were had. */
export function hadOf(
  { infoHash, pieceCount }: Pick<Seed['meta'], 'infoHash' | 'pieceCount'>,
  { manager, index }: Pick<FleetTasksWorld, 'manager' | 'index'>,
): Bitfield | undefined {
  const living = manager.living(infoHash)?.have;
  if (living) return living;
  const kept = index.task(infoHash)?.have;
  return kept && Bitfield.from(kept, pieceCount);
}

/** One distribution as a torrent of the box. What is had of it is what its task has: the task may rest and come again. */
export class KeptTask implements Kept {
  readonly #seed: Seed;
  readonly #house: FleetTasksWorld;
  readonly #world: KeptWorld;
  readonly #closed: () => void;
  /** Bytes that were had when it was opened, or came by AMQP since. */
  #otherBytes = 0;
  readonly #givers = new Map<string, Endpoint>();
  /** The task that was told to fetch it, of those that it had. */
  #ordered: Task | undefined;
  /** Since when the disk takes nothing, and how many pieces were had then. */
  #refused: { readonly count: number; sinceMs: number | undefined } = { count: -1, sinceMs: undefined };
  #isStopped = false;
  #isClosed = false;
  waits = false;

  constructor(seed: Seed, house: FleetTasksWorld, world: KeptWorld, closed: () => void) {
    this.#seed = seed;
    this.#house = house;
    this.#world = world;
    this.#closed = closed;
    this.#otherBytes = this.#haveBytes;
  }

  get count(): number {
    return this.#have?.count ?? 0;
  }

  get whole(): boolean {
    return this.#have?.full ?? false;
  }

  has(piece: PieceIndex): boolean {
    return this.#have?.has(piece) ?? false;
  }

  get swarmBytes(): number {
    return Math.max(0, this.#haveBytes - this.#otherBytes);
  }

  get receivedBytes(): number {
    return this.swarmBytes;
  }

  /** A task asks nobody twice but for the last blocks, and counts what that costs for itself. */
  get lateBytes(): number {
    return 0;
  }

  get links(): number {
    return this.#living?.clients ?? 0;
  }

  get isUsed(): boolean {
    return this.links > 0;
  }

  /** What lies here from before may have been verified by less than was signed: what is not what it should be is lost. */
  async verify(): Promise<void> {
    const { pieceCount } = this.#seed.meta;
    for (let piece = 0; piece < pieceCount && !this.#world.scope.closed; piece++)
      if (this.has(piece)) await this.#living?.prove(piece);
    this.#otherBytes = this.#haveBytes;
  }

  async keepRun(first: PieceIndex, count: number, bytes: Buffer): Promise<'ok' | 'full' | 'failed'> {
    const { pieceLength } = this.#seed.meta;
    for (let i = 0; i < count; i++) {
      const kept = await this.#keep(first + i, bytes.subarray(i * pieceLength, (i + 1) * pieceLength));
      if (kept !== 'ok') return kept;
    }
    return 'ok';
  }

  async #keep(index: PieceIndex, bytes: Buffer): Promise<'ok' | 'full' | 'failed'> {
    const { clock } = this.#house;
    for (let tries = 1; ; tries++) {
      if (this.has(index)) return 'ok';
      const task = this.#task();
      // The store takes the piece that it is given for good.
      const kept = task ? await task.put(framed(index, bytes)) : 'failed';
      if (kept === 'ok') {
        this.#otherBytes += bytes.length;
        return 'ok';
      }
      if (tries >= LIMITS.tries || this.#world.scope.closed) return kept === 'full' ? 'full' : 'failed';
      await clock.sleep(LIMITS.againMs, this.#world.scope.signal);
    }
  }

  /** The box gives to its LAN as it does with every torrent. */
  limit(): void {}

  /** What a task has is durable, and in its place. */
  async place(): Promise<void> {
    if (!this.whole) throw new Error('bug: it is not whole');
    this.#living?.noteProgress();
  }

  async placed(): Promise<void> {
    this.#rest();
  }

  start(neighbours: readonly Endpoint[]): void {
    for (const endpoint of neighbours)
      if (this.#givers.size < LIMITS.givers) this.#givers.set(endpointKey(endpoint), endpoint);
    this.#ordered?.addSources(this.#sources);
    this.look();
  }

  join({ socket, handshake, early }: Caller): boolean {
    if (this.#isStopped) return false;
    const client = { ip: plainIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    const stream = new FlowStream(socket, client, undefined, { upBytes: 0, downBytes: 0 });
    return this.#house.claim({ client, endpoint: undefined, handshake, early, stream }).kind === 'taken';
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#rest();
  }

  async close(discard: boolean): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.stop();
    this.#closed();
    if (discard) await this.#house.drop(this.#seed.meta.infoHash);
  }

  /** To be called every second: what lacks is fetched when it may be, by whichever task it has then. */
  look(): void {
    if (this.#isStopped || this.#givers.size === 0) return;
    if (this.whole) {
      this.#rest();
      this.#world.gained();
      return;
    }
    const task = this.#house.held() === undefined ? this.#task() : undefined;
    this.waits = task === undefined;
    if (!task) {
      this.#rest();
      return;
    }
    // Every time: whoever else ordered it may have taken that back.
    task.order({ info: this.#seed.meta.infoBytes, layers: undefined, trackers: [] });
    if (task !== this.#ordered) task.addSources(this.#sources);
    this.#ordered = task;
    this.#lookForTrouble(task);
  }

  /** A disk that takes nothing, and makes no room for long either. */
  #lookForTrouble(task: Task): void {
    const { why } = task.view();
    if (this.count !== this.#refused.count) this.#refused = { count: this.count, sinceMs: undefined };
    if (why !== 'disk-full' && why !== 'disk-failed') return;
    const nowMs = this.#house.clock.nowMs();
    this.#refused.sinceMs ??= nowMs;
    if (nowMs - this.#refused.sinceMs >= LIMITS.stuckMs)
      this.#world.cannotKeep(why === 'disk-full' ? 'full' : 'failed');
  }

  #rest(): void {
    if (this.#ordered && !this.#ordered.gone) this.#ordered.order(undefined);
    this.#ordered = undefined;
  }

  /** Undefined: the box has no part in it just now. */
  #task(): Task | undefined {
    const task = this.#house.manager.order(this.#seed.meta.infoHash);
    if (typeof task !== 'string') return task.loading ? undefined : task;
    if (!PASSING_REFUSALS.has(task)) this.#world.cannotKeep('blocked');
    return undefined;
  }

  get #living(): Task | undefined {
    return this.#house.manager.living(this.#seed.meta.infoHash);
  }

  get #have(): Bitfield | undefined {
    return hadOf(this.#seed.meta, this.#house);
  }

  get #haveBytes(): number {
    const { meta } = this.#seed;
    const have = this.#have;
    if (!have) return 0;
    const last = meta.pieceCount - 1;
    const short = have.has(last) ? meta.pieceLength - pieceSize(meta, last) : 0;
    return have.count * meta.pieceLength - short;
  }

  get #sources() {
    return [...this.#givers.values()].map((endpoint) => ({ endpoint, places: true as const }));
  }
}

function framed(index: PieceIndex, bytes: Buffer): FramedPiece {
  const piece = FramedPiece.allocate(index, bytes.length);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) piece.putBlock(at, bytes.subarray(at, at + BLOCK_BYTES));
  return piece;
}
