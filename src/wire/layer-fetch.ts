import { piecesOf, type RootedFile } from './file-tree.ts';
import { type HashRange, sameRange } from './hash-messages.ts';
import { treeHeight, unclesOf } from './hash-trees.ts';
import { WIRE_LIMITS } from './limits.ts';
import { HASH_BYTES, heightOver, proves } from './merkle.ts';
import type { Metainfo } from './metainfo.ts';
import { layeredFiles, pieceLevel } from './piece-layers.ts';

export type LayerLimits = {
  /** Portions asked of one peer at once. */
  readonly window: number;
  /** A portion unanswered for this long may be asked of others, and its peer is left alone as if it had rejected. */
  readonly stallMs: number;
  /** How long a peer that rejects is not asked. */
  readonly refusedMs: number;
};
export type LayerStep = { kind: 'more' } | { kind: 'liar' } | { kind: 'done'; blob: Buffer };

/** Always one of: had (`nodes`), asked of one peer (in `#asked`), or open (in `#open`, where it may stay when a late answer brings it). */
type Portion = {
  readonly range: HashRange;
  /** Nodes of it that stand for pieces; what follows are zeros. */
  readonly pieces: number;
  nodes?: Buffer;
};
type Asked<P> = { readonly peer: P; readonly atMs: number };

/**
 * Fetches the piece layers of a torrent whose info dictionary is known (BEP 52), from any number of peers. Each portion is proved against its
 * file's root by itself, so a lie has an author, and a liar costs one portion. Knows no clock and sends nothing: the caller says the time, and sends
 * what `ask` returns.
 */
export class LayerFetch<P> {
  readonly #limits: LayerLimits;
  /** By root and index. Files with the same bytes have the same root, and are fetched once. */
  readonly #portions = new Map<string, Portion>();
  /** The layers of the blob: the portions of each file, in file order. */
  readonly #layers: readonly (readonly Portion[])[];
  /** The next one last. */
  readonly #open: Portion[];
  readonly #asked = new Map<Portion, Asked<P>>();
  /** Peers that rejected something, and until when they are left alone. */
  readonly #refused = new Map<P, number>();
  #missing: number;

  constructor(meta: Metainfo, limits: LayerLimits) {
    this.#limits = limits;
    this.#layers = layeredFiles(meta).map((file) =>
      portionsOf(file, meta.pieceLength).map((portion) => {
        const known = this.#portions.get(keyOf(portion.range));
        if (!known) this.#portions.set(keyOf(portion.range), portion);
        return known ?? portion;
      }),
    );
    this.#open = [...this.#portions.values()].reverse();
    this.#missing = this.#open.length;
  }

  /** What to ask of this peer now; it counts as asked. */
  ask(peer: P, nowMs: number): HashRange[] {
    const { window, stallMs } = this.#limits;
    let room = window;
    for (const [portion, asked] of [...this.#asked].reverse()) {
      if (nowMs - asked.atMs >= stallMs) this.#release(portion, nowMs);
      else if (asked.peer === peer) room--;
    }
    // It may have been this peer that stalled.
    if ((this.#refused.get(peer) ?? 0) > nowMs) return [];
    const asking: Portion[] = [];
    while (asking.length < room) {
      const portion = this.#open.pop();
      if (!portion) break;
      if (portion.nodes) continue;
      this.#asked.set(portion, { peer, atMs: nowMs });
      asking.push(portion);
    }
    return asking.map((portion) => portion.range);
  }

  /** `hashes`: of a 'hashes' message; copied. An answer that comes late is as good as another. */
  hashes(range: HashRange, hashes: Buffer): LayerStep {
    const portion = this.#find(range);
    if (!portion || portion.nodes) return { kind: 'more' };
    const at = range.length * HASH_BYTES;
    const [nodes, uncles] = [hashes.subarray(0, at), hashes.subarray(at)];
    const fits = hashes.length === at + unclesOf(range) * HASH_BYTES;
    if (!fits || !proves({ nodes, uncles, level: range.baseLayer, index: range.index }, range.piecesRoot)) {
      if (this.#asked.has(portion)) this.#reopen(portion);
      return { kind: 'liar' };
    }
    this.#asked.delete(portion);
    portion.nodes = Buffer.from(nodes.subarray(0, portion.pieces * HASH_BYTES));
    this.#missing--;
    return this.#missing === 0 ? { kind: 'done', blob: this.#blob() } : { kind: 'more' };
  }

  /** The peer does not have them, or not yet. */
  rejected(peer: P, range: HashRange, nowMs: number): void {
    const portion = this.#find(range);
    if (!portion || this.#asked.get(portion)?.peer !== peer) return;
    this.#release(portion, nowMs);
  }

  leave(peer: P): void {
    this.#refused.delete(peer);
    for (const [portion, asked] of [...this.#asked]) if (asked.peer === peer) this.#reopen(portion);
  }

  /** Its peer did not give it: others first. */
  #release(portion: Portion, nowMs: number): void {
    const asked = this.#asked.get(portion);
    if (asked) this.#refused.set(asked.peer, nowMs + this.#limits.refusedMs);
    this.#reopen(portion);
  }

  #reopen(portion: Portion): void {
    this.#asked.delete(portion);
    this.#open.push(portion);
  }

  #blob(): Buffer {
    return Buffer.concat(this.#layers.flat().map(({ nodes }) => nodes as Buffer));
  }

  #find(range: HashRange): Portion | undefined {
    const portion = this.#portions.get(keyOf(range));
    return portion && sameRange(portion.range, range) ? portion : undefined;
  }
}

const keyOf = (range: HashRange): string => `${range.piecesRoot.toString('latin1')}${range.index}`;

/** A file's layer in runs of at most 512 nodes, as every client asks for them, each with the uncles up to the root. */
function portionsOf(file: RootedFile, pieceLength: number): Portion[] {
  const baseLayer = pieceLevel(pieceLength);
  const count = piecesOf(file.lengthBytes, pieceLength);
  const length = Math.min(WIRE_LIMITS.hashesAtOnce, 2 ** heightOver(count));
  const proofLayers = treeHeight(file.lengthBytes) - baseLayer - 1;
  const portions: Portion[] = [];
  for (let index = 0; index < count; index += length) {
    const range = { piecesRoot: Buffer.from(file.piecesRoot), baseLayer, index, length, proofLayers };
    portions.push({ range, pieces: Math.min(length, count - index) });
  }
  return portions;
}
