import type { PieceIndex } from '#base/units.ts';

/** Stated (YFNet global.h BLOCK_SIZE; an older comment there says 16 KiB). Half a BitTorrent block, so it serves both. */
export const QVOD_BLOCK_BYTES = 8_192;

export type Block = { readonly piece: PieceIndex; readonly begin: number; readonly length: number };
export type BlockData = { readonly piece: PieceIndex; readonly begin: number; readonly data: Buffer };

type Asked = { readonly block: Block; readonly data: Buffer; left: number };

const keyOf = (piece: PieceIndex, begin: number): string => `${piece} ${begin}`;

/**
 * Asks for blocks in Qvod's smaller ones and joins the answers. Holds what was asked and neither answered nor taken back:
 * the asker's own bound. What was never asked is nobody's.
 */
export class SplitRequests {
  /** Each part that has not come, by its place. */
  readonly #parts = new Map<string, Asked>();

  get pending(): number {
    return this.#parts.size;
  }

  ask(block: Block): Block[] {
    this.cancel(block);
    const parts = partsOf(block);
    const asked = { block, data: Buffer.allocUnsafe(block.length), left: parts.length };
    for (const part of parts) this.#parts.set(keyOf(part.piece, part.begin), asked);
    return parts;
  }

  /** The parts that have not come. */
  cancel(block: Block): Block[] {
    return partsOf(block).filter(({ piece, begin }) => {
      const key = keyOf(piece, begin);
      return this.#parts.get(key)?.block.begin === block.begin && this.#parts.delete(key);
    });
  }

  /** A choke takes all requests back (BEP 3). */
  cancelAll(): void {
    this.#parts.clear();
  }

  /** The whole block, when this was its last part. */
  answer({ piece, begin, data }: BlockData): BlockData | undefined {
    const key = keyOf(piece, begin);
    const asked = this.#parts.get(key);
    if (!asked) return undefined;
    const at = begin - asked.block.begin;
    if (data.length !== Math.min(QVOD_BLOCK_BYTES, asked.block.length - at)) return undefined;
    this.#parts.delete(key);
    data.copy(asked.data, at);
    return --asked.left === 0 ? { piece, begin: asked.block.begin, data: asked.data } : undefined;
  }
}

function partsOf({ piece, begin, length }: Block): Block[] {
  const parts: Block[] = [];
  for (let at = 0; at < length; at += QVOD_BLOCK_BYTES)
    parts.push({ piece, begin: begin + at, length: Math.min(QVOD_BLOCK_BYTES, length - at) });
  return parts;
}
