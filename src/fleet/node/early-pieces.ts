import type { PieceIndex } from '#base/units.ts';
import { NODE_LIMITS } from './limits.ts';

type Early = { readonly sinceMs: number; readonly pieces: Map<PieceIndex, Buffer>; bytes: number };

/** Pieces that came before what they belong to is known: two queues keep no order between them. All of them can be had again. */
export class EarlyPieces {
  readonly #limitBytes: number;
  readonly #limitMs: number;
  /** The distribution that came first is first. */
  readonly #early = new Map<string, Early>();
  #bytes = 0;

  constructor({ earlyBytes, earlyMs }: Readonly<Record<'earlyBytes' | 'earlyMs', number>> = NODE_LIMITS) {
    this.#limitBytes = earlyBytes;
    this.#limitMs = earlyMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  put(id: string, piece: PieceIndex, body: Buffer, nowMs: number): void {
    const early = this.#early.get(id) ?? { sinceMs: nowMs, pieces: new Map(), bytes: 0 };
    if (early.pieces.has(piece)) return;
    this.#early.set(id, early);
    early.pieces.set(piece, body);
    early.bytes += body.length;
    this.#bytes += body.length;
    for (const first of this.#early.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.drop(first);
    }
  }

  /** They belong to the caller from now on. */
  take(id: string): readonly (readonly [PieceIndex, Buffer])[] {
    const pieces = [...(this.#early.get(id)?.pieces ?? [])];
    this.drop(id);
    return pieces;
  }

  drop(id: string): void {
    this.#bytes -= this.#early.get(id)?.bytes ?? 0;
    this.#early.delete(id);
  }

  tick(nowMs: number): void {
    for (const [id, { sinceMs }] of this.#early) if (nowMs - sinceMs >= this.#limitMs) this.drop(id);
  }
}
