import type { Bitfield } from '#base/bitfield.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import type { BlockRequest, OriginId } from './begun-piece.ts';
import type { DownloadLimits } from './limits.ts';

/** Whoever blocks can be asked of. */
export type BlockSource = {
  readonly id: OriginId;
  /** What can be asked of it now. */
  readonly pieces: Bitfield | undefined;
  /** How many more blocks may be asked for. */
  readonly room: number;
  ask(request: BlockRequest): void;
  /** Another source sent the block first. */
  cancel(request: BlockRequest): void;
  /** As `cancel`, but only for a request that timed out here. */
  cancelLate(request: BlockRequest): void;
};

/** A LAN client's connection, by which it can be asked for blocks. */
export type Giver = {
  readonly remote: Endpoint;
  /** What it has; undefined while it has said nothing. */
  pieces(): Bitfield | undefined;
  ask(request: BlockRequest): void;
  cancel(request: BlockRequest): void;
};

export type NeighbourHost = {
  nowMs(): number;
  /** The download runs. */
  runs(): boolean;
  /** It may be worth asking. */
  ready(n: Neighbour): void;
  block(n: Neighbour, request: BlockRequest, data: Uint8Array): void;
  /** The request came to nothing. */
  released(n: Neighbour, request: BlockRequest): void;
  ended(n: Neighbour): void;
};

/**
 * A LAN client as a source: what it has need not cross the line again. A machine on the same wire answers at once, so it is preferred to every origin, until it
 * makes one request wait; one that lets a request wait for long is left alone for a while. It owes nothing: it may choke and leave.
 */
export class Neighbour implements BlockSource {
  readonly id: OriginId;
  readonly endpoint: Endpoint;
  readonly #giver: Giver;
  readonly #host: NeighbourHost;
  readonly #limits: DownloadLimits;
  /** The one asked first stands first. */
  readonly #asked = new Map<number, { readonly request: BlockRequest; readonly atMs: number }>();
  #choked = true;
  #over = false;
  #restsUntilMs = 0;
  /** Blocks that nobody waits for any more; who never stops sending them is a flood. */
  #strays = 0;

  constructor(id: OriginId, giver: Giver, host: NeighbourHost, limits: DownloadLimits) {
    this.id = id;
    this.endpoint = giver.remote;
    this.#giver = giver;
    this.#host = host;
    this.#limits = limits;
  }

  get pieces(): Bitfield | undefined {
    return this.#giver.pieces();
  }

  get room(): number {
    return this.#open ? this.#limits.neighbourWindow - this.#asked.size : 0;
  }

  /** What it has is not to be asked of origins. */
  get preferred(): boolean {
    return this.#open && this.#waitsMs < this.#limits.neighbourPromptMs;
  }

  ask(request: BlockRequest): void {
    this.#asked.set(keyOf(request), { request, atMs: this.#host.nowMs() });
    this.#giver.ask(request);
  }

  cancel(request: BlockRequest): void {
    if (!this.#asked.delete(keyOf(request))) return;
    this.#strays--;
    this.#giver.cancel(request);
  }

  /** A late request is given up whole, with all others. */
  cancelLate(): void {}

  // ---- what the client says ----

  unchoked(): void {
    this.#choked = false;
    this.#host.ready(this);
  }

  /** BEP 3: what was asked is forgotten. */
  choked(): void {
    this.#choked = true;
    this.#release();
  }

  /** False: it was never asked for. */
  block(piece: number, begin: number, data: Uint8Array): boolean {
    const request = { piece, begin, length: data.length };
    const asked = this.#asked.get(keyOf(request));
    if (asked?.request.length !== data.length) return ++this.#strays <= this.#limits.strayBlocks;
    this.#asked.delete(keyOf(request));
    this.#host.block(this, request, data);
    return true;
  }

  /** BEP 6. It has, and does not give: it is left alone for a while. */
  rejected(piece: number, begin: number): void {
    if (this.#asked.has(keyOf({ piece, begin })) && !this.#choked) this.#rest();
  }

  /** About once a second. */
  tick(): void {
    if (this.#waitsMs >= this.#limits.neighbourWaitMs) this.#rest();
    else if (this.room > 0) this.#host.ready(this);
  }

  /** The download rests: nothing is wanted of it now. */
  pause(): void {
    for (const { request } of this.#asked.values()) this.#giver.cancel(request);
    this.#release();
  }

  /** The client is gone, or has lied: it is asked for nothing more. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#host.ended(this);
  }

  get #open(): boolean {
    return !this.#choked && !this.#over && this.#host.runs() && this.#host.nowMs() >= this.#restsUntilMs;
  }

  /** How long the oldest request has waited. */
  get #waitsMs(): number {
    const [oldest] = this.#asked.values();
    return oldest ? this.#host.nowMs() - oldest.atMs : 0;
  }

  #rest(): void {
    this.#restsUntilMs = this.#host.nowMs() + this.#limits.neighbourRestMs;
    this.pause();
  }

  #release(): void {
    const requests = [...this.#asked.values()];
    this.#asked.clear();
    this.#strays -= requests.length;
    for (const { request } of requests) this.#host.released(this, request);
  }
}

const keyOf = ({ piece, begin }: { piece: number; begin: number }): number => piece * 65_536 + begin / BLOCK_BYTES;
