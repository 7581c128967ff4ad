import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { isNamedBy, type Metainfo } from '#wire/metainfo.ts';
import { needsLayers, withLayers } from '#wire/piece-layers.ts';
import { parseNamedInfo } from '#wire/qvod/seed.ts';

export type IntakeWorld = {
  /** The name that the task was begun under. */
  readonly infoHash: InfoHash;
  /** All names are known. False: another task has the torrent already, and this one goes. */
  identified(meta: Metainfo): boolean;
  /** SHA-256 of every piece, where somebody signed that: see TaskWorld. */
  pieceSha256?(infoHash: InfoHash): Uint8Array | undefined;
  /** The torrent is one that the box does not serve: why not, or undefined. */
  refusal(meta: Metainfo): string | undefined;
  /** From now on pieces can be verified. Told once. */
  usable(meta: Metainfo, from: string): void;
  /** From now on pieces can be verified by more (the layers of a hybrid). Told once at most. */
  better(meta: Metainfo): void;
  /** Worth keeping for the next start. */
  keep(meta: Metainfo): void;
  leave(why: string | undefined): void;
  readonly log: Log;
};

/**
 * What is known of a torrent: nothing; its info dictionary, which is all of v1; and the piece layers of v2 (BEP 52), which
 * come apart from it. Nothing is believed, whoever offers it, before it has the hash that it must have.
 */
export class MetainfoIntake {
  readonly #world: IntakeWorld;
  #meta: Metainfo | undefined;

  constructor(world: IntakeWorld) {
    this.#world = world;
  }

  /** The info dictionary says what layers there must be, and they are not known. Undefined: nothing is missing, or all is. */
  get lacksLayers(): Metainfo | undefined {
    return this.#meta && needsLayers(this.#meta) ? this.#meta : undefined;
  }

  get meta(): Metainfo | undefined {
    return this.#meta;
  }

  get isSigned(): boolean | undefined {
    return this.#meta && this.#meta.pieceSha256 !== undefined;
  }

  gotInfo(infoBytes: Buffer, from: string, layers?: Uint8Array): void {
    if (this.#meta) return;
    const world = this.#world;
    const parsed = parseNamedInfo(infoBytes, world.infoHash);
    if (parsed.kind === 'bad') {
      world.log.warn('metainfo refused', { from, why: parsed.why });
      // The torrent's own, and not to be served: its clients must not wait here for what never comes.
      if (isNamedBy(infoBytes, world.infoHash)) world.leave('unsupported');
      return;
    }
    const meta = this.#signed(
      layers && needsLayers(parsed.value) ? this.#complete(parsed.value, layers, from) : parsed.value,
    );
    const own = world.identified(meta);
    const refusal = own ? world.refusal(meta) : undefined;
    if (!own || refusal) {
      world.leave(refusal);
      return;
    }
    this.#meta = meta;
    if (from !== 'the index' && from !== 'the disk') world.keep(meta);
    if (canVerify(meta)) world.usable(meta, from);
    else world.log.info('metainfo without layers', { from, name: meta.name });
  }

  gotLayers(layers: Uint8Array, from: string): void {
    const before = this.lacksLayers;
    if (!before) return;
    const meta = this.#complete(before, layers, from);
    if (meta === before) return;
    this.#meta = meta;
    this.#world.log.info('piece layers', { from, pieces: meta.pieceCount });
    this.#world.keep(meta);
    if (canVerify(before)) this.#world.better(meta);
    else this.#world.usable(meta, from);
  }

  #signed(meta: Metainfo): Metainfo {
    const pieceSha256 = this.#world.pieceSha256?.(meta.infoHash);
    return pieceSha256?.length === meta.pieceCount * 32 ? { ...meta, pieceSha256 } : meta;
  }

  #complete(meta: Metainfo, layers: Uint8Array, from: string): Metainfo {
    const complete = withLayers(meta, layers);
    if (complete.kind === 'ok') return complete.value;
    this.#world.log.warn('piece layers refused', { from, why: complete.why });
    return meta;
  }
}

const canVerify = (meta: Metainfo): boolean => meta.pieceHashes !== undefined || meta.pieceRoots !== undefined;
