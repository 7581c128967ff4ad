import type { InfoHash } from '#base/units.ts';
import type { HashRange } from '#wire/hash-messages.ts';
import { LayerFetch } from '#wire/layer-fetch.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { OriginId } from './begun-piece.ts';
import type { DownloadLimits } from './limits.ts';

/** What is asked of an origin. */
export type LayerOrigin = {
  readonly id: OriginId;
  /** It has answered, and knows v2 (BEP 52). */
  readonly speaksV2: boolean;
  readonly answered: boolean;
  requestHashes(range: HashRange): void;
};

export type LayerWorld = {
  /** The name by which origins are dialled. */
  readonly infoHash: InfoHash;
  /** The torrent of which only the piece layers (BEP 52) are missing. */
  lacksLayers(): Metainfo | undefined;
  /** All files' piece layers in order, end to end. */
  gotLayers(layers: Buffer): void;
};

/** Fetches the piece layers of a v2 torrent from the live origins, while the task lacks them. */
export class LayerAsking {
  readonly #world: LayerWorld;
  readonly #limits: DownloadLimits;
  #meta: Metainfo | undefined;
  #fetch: LayerFetch<OriginId> | undefined;

  constructor(world: LayerWorld, limits: DownloadLimits) {
    this.#world = world;
    this.#limits = limits;
  }

  /** Asks what there is to ask. An origin that may know v1 alone is let be: hash messages would be unknown to it. */
  ask(origin: LayerOrigin, nowMs: number): void {
    const meta = this.#world.lacksLayers();
    if (meta !== this.#meta) {
      const { layerWindow: window, layerStallMs: stallMs, rejectedMs: refusedMs } = this.#limits;
      this.#meta = meta;
      this.#fetch = meta && new LayerFetch(meta, { window, stallMs, refusedMs });
    }
    // Whoever answers to the v2 name of a hybrid knows v2, too.
    const knows = meta?.version === 'v2' || origin.speaksV2 || meta?.ids[1] === this.#world.infoHash;
    if (!this.#fetch || !origin.answered || !knows) return;
    for (const range of this.#fetch.ask(origin.id, nowMs)) origin.requestHashes(range);
  }

  /** 'liar': they are not the torrent's. */
  hashes(origin: LayerOrigin, range: HashRange, hashes: Buffer, nowMs: number): 'liar' | 'ok' {
    const step = this.#fetch?.hashes(range, hashes);
    if (step?.kind === 'liar') return 'liar';
    if (step?.kind === 'done') this.#world.gotLayers(step.blob);
    else this.ask(origin, nowMs);
    return 'ok';
  }

  refused(id: OriginId, range: HashRange, nowMs: number): void {
    this.#fetch?.rejected(id, range, nowMs);
  }

  leave(id: OriginId): void {
    this.#fetch?.leave(id);
  }
}
