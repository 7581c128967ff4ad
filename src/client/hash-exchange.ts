import { encodeMessage } from '#wire/frames.ts';
import type { Handshake } from '#wire/handshake.ts';
import type { HashMessage, HashRange } from '#wire/hash-messages.ts';
import { treesOf } from '#wire/hash-trees.ts';
import { LayerFetch } from '#wire/layer-fetch.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { ClientTask } from './client-world.ts';
import type { ClientLimits } from './limits.ts';

export type HashWorld = Pick<ClientTask, 'metainfo' | 'lacksLayers' | 'offerLayers'> & {
  send(frame: Buffer): void;
  /** False while the client does not read: then answers wait. */
  roomy(): boolean;
  nowMs(): number;
};

/** A client is one peer of the fetch, and the only one: each client has its own. */
const IT = 'client';

/**
 * The hashes of BEP 52 with one client: answers its requests from the piece layers, and asks it for the layers when the task lacks them. A request
 * that cannot be answered yet waits a little: a client whose request is rejected may ask again at once, and for ever.
 */
export class HashExchange {
  readonly #world: HashWorld;
  readonly #handshake: Handshake;
  readonly #limits: ClientLimits;
  readonly #held: { readonly range: HashRange; readonly atMs: number }[] = [];
  #fetch: LayerFetch<typeof IT> | undefined;
  #distrusted = false;
  #requests = 0;
  #requestMs = Number.NEGATIVE_INFINITY;

  constructor(world: HashWorld, handshake: Handshake, limits: ClientLimits) {
    this.#world = world;
    this.#handshake = handshake;
    this.#limits = limits;
  }

  /** Returns why the client must be dropped. */
  receive(m: HashMessage): string | undefined {
    switch (m.kind) {
      case 'hash-request':
        if (++this.#requests > this.#limits.hashRequests) return 'it asks for hashes without end';
        this.#requestMs = this.#world.nowMs();
        this.#onRequest(m);
        return undefined;
      case 'hashes':
        this.#onHashes(m, m.hashes);
        return undefined;
      case 'hash-reject':
        this.#fetch?.rejected(IT, m, this.#world.nowMs());
    }
    return undefined;
  }

  /**
   * How long until a client that asks for a hybrid's hashes has asked for all of them, as far as one can tell; 0: now. A libtorrent 2.0 to which
   * hashes come, over any of its connections, for a piece that it has hashed and not yet written stops with "inconsistent hashes"
   * (`torrent::add_hashes`). Over a slow line the pieces come long after the hashes. From the box everything comes at once, so the blocks wait.
   */
  hybridQuietInMs(): number {
    if (this.#world.metainfo()?.version !== 'hybrid') return 0;
    return Math.max(0, this.#requestMs + this.#limits.hashQuietMs - this.#world.nowMs());
  }

  /** Time has passed, or the task has learnt its info dictionary or its layers. */
  tick(): void {
    for (const { range, atMs } of this.#held.splice(0)) this.#answer(range, atMs);
    this.#ask();
  }

  #onRequest(m: HashRange): void {
    // What came is a view of a network chunk, and may have to wait.
    const range = { ...m, piecesRoot: Buffer.from(m.piecesRoot) };
    this.#answer(range, this.#world.nowMs());
  }

  #answer(range: HashRange, sinceMs: number): void {
    const meta = this.#world.metainfo();
    if (meta?.pieceRoots && this.#world.roomy()) {
      const hashes = treesOf(meta).answer(range);
      this.#say(hashes ? { ...range, kind: 'hashes', hashes } : { ...range, kind: 'hash-reject' });
    } else if (
      this.#held.length < this.#limits.heldHashes &&
      this.#world.nowMs() - sinceMs < this.#limits.hashHoldMs &&
      meta?.version !== 'v1'
    ) {
      this.#held.push({ range, atMs: sinceMs });
    } else this.#say({ ...range, kind: 'hash-reject' });
  }

  #ask(): void {
    const meta = this.#world.lacksLayers();
    if (!meta || this.#distrusted || !speaksV2(this.#handshake, meta)) {
      this.#fetch = undefined;
      return;
    }
    const { layerWindow, layerStallMs } = this.#limits;
    this.#fetch ??= new LayerFetch(meta, { window: layerWindow, stallMs: layerStallMs, refusedMs: layerStallMs });
    for (const range of this.#fetch.ask(IT, this.#world.nowMs())) this.#say({ ...range, kind: 'hash-request' });
  }

  #onHashes(range: HashRange, hashes: Buffer): void {
    const step = this.#fetch?.hashes(range, hashes);
    if (!step) return;
    if (step.kind === 'more') {
      this.#ask();
      return;
    }
    // Asked for once: a client that lies is not asked again, and of one that gave them all there is nothing to ask.
    this.#distrusted = true;
    this.#fetch = undefined;
    if (step.kind === 'done') this.#world.offerLayers(step.blob);
  }

  #say(m: HashMessage): void {
    this.#world.send(encodeMessage(m));
  }
}

/** To a peer that knows v1 alone the hash messages are unknown, and some close on what they do not know. */
const speaksV2 = (handshake: Handshake, meta: Metainfo): boolean =>
  meta.version === 'v2' || handshake.v2 || handshake.infoHash === meta.ids[1];
