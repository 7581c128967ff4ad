import type { Clock } from '#base/clock.ts';
import type { PieceIndex } from '#base/units.ts';
import type { AgentFacts } from './agent.ts';
import type { Audience } from './audience.ts';
import type { StakeOf } from './giving-up.ts';
import type { Holdings } from './holdings.ts';
import { LIMITS } from './limits.ts';

export type PerceptionWorld = {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly audience: Pick<Audience, 'size' | 'hungry' | 'lastMs' | 'rankOf' | 'stakes' | 'leastReady'>;
  readonly holdings: Pick<Holdings, 'checked' | 'whole'> & {
    readonly shelf: { readonly meta: { readonly pieceLength: number } } | undefined;
  };
  /** Its metainfo is being read from the disk, and by the index it is whole, or not. */
  loading(): { readonly whole: boolean } | undefined;
  /** The line and the disks may be used for what no client waits for. */
  mayFetchAhead(): boolean;
};

/** What an agent knows of its torrent, of who wants it and of itself: the local facts that all its decisions are made from. */
export class Perception {
  readonly #world: PerceptionWorld;
  #expectUntilMs = 0;
  /** When a byte last came in or went out, or nobody lacked anything. */
  #progressMs: number;
  /** It may fetch ahead of what its clients take. */
  seated = false;
  /** The operator wants it whole, now. */
  ordered = false;

  constructor(world: PerceptionWorld) {
    this.#world = world;
    this.#progressMs = world.clock.nowMs();
  }

  facts(): AgentFacts {
    const { audience, holdings } = this.#world;
    const { whole } = this;
    const checking = this.#world.loading() !== undefined || !holdings.checked;
    return {
      nowMs: this.#nowMs,
      clients: audience.size,
      lacking: whole || checking ? 0 : audience.hungry,
      seated: this.seated,
      ordered: this.ordered && !checking,
      expectUntilMs: checking ? 0 : this.#expectedUntilMs,
      lastClientMs: audience.lastMs,
      complete: whole,
    };
  }

  /** It has every piece, or the index says so and what proves it is still being read. */
  get whole(): boolean {
    return this.#world.loading()?.whole ?? this.#world.holdings.whole;
  }

  /** There is something to look at every second. */
  get awake(): boolean {
    return this.#world.audience.size > 0 || this.#expectUntilMs > this.#nowMs || this.#world.loading() !== undefined;
  }

  /** A client is expected from now on, for a while. */
  expect(): void {
    this.#expectUntilMs = this.#nowMs + LIMITS.expectForMs;
  }

  /** Bytes came in or went out. */
  moved(): void {
    this.#progressMs = this.#nowMs;
  }

  /** Somebody lacks something, and for long nothing has come in or gone out. */
  stalled(): boolean {
    if (this.facts().lacking === 0) this.moved();
    return this.#nowMs - this.#progressMs >= LIMITS.stalledMs;
  }

  /**
   * How many clients want the piece, or how soon; an expected client wants the beginning. What the operator wants waits until no client lacks anything:
   * among pieces of one client it would come in between.
   */
  wanted(piece: PieceIndex): number {
    const { audience, holdings } = this.#world;
    const rank = audience.rankOf(piece);
    if (this.ordered && audience.hungry === 0) return Math.max(rank, 1);
    if (rank > 0 || this.#expectedUntilMs <= this.#nowMs) return rank;
    return piece * (holdings.shelf?.meta.pieceLength ?? 0) < LIMITS.expectBytes ? 1 : 0;
  }

  /** What is lost just now with each piece. */
  stakes(): StakeOf {
    const { audience } = this.#world;
    return audience.size > 0 ? audience.stakes() : (piece) => (this.wanted(piece) > 0 ? undefined : 0);
  }

  /**
   * Whether one more piece may be begun while so many are on their way. Without a seat a torrent is fetched no further ahead of its clients than keeps
   * the hungriest of them busy: what they do not take in the end was fetched in vain.
   */
  mayBegin(inFlight: number): boolean {
    const { audience, holdings } = this.#world;
    if (!holdings.shelf || audience.size === 0 || this.ordered) return true;
    return (this.seated && this.#world.mayFetchAhead()) || audience.leastReady + inFlight < this.#lead;
  }

  /** What comes now no client waits for: all that are here have enough to take. */
  get isAhead(): boolean {
    const { audience } = this.#world;
    return audience.size === 0 || audience.leastReady >= this.#lead;
  }

  /** For whom what comes now is fetched, when no client waits for it. */
  get ahead(): 'guessed' | 'ordered' | undefined {
    if (!this.isAhead) return undefined;
    return this.ordered ? 'ordered' : 'guessed';
  }

  /** Pieces that keep a client busy. */
  get #lead(): number {
    const pieceLength = this.#world.holdings.shelf?.meta.pieceLength ?? LIMITS.leadBytes;
    return Math.max(LIMITS.leadPieces, LIMITS.leadBytes / pieceLength);
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }

  /** Who has come shows what it wants. */
  get #expectedUntilMs(): number {
    return this.#world.audience.size > 0 ? 0 : this.#expectUntilMs;
  }
}
