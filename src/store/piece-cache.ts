import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { PieceBuffer } from './task-store.ts';

/** Verified, durable pieces in memory. What is worth keeping is the cache's own business. */
export interface PieceCache<P extends PieceBuffer> {
  get(task: InfoHash, index: PieceIndex): P | undefined;
  put(task: InfoHash, piece: P): void;
  dropTask(task: InfoHash): void;
  readonly bytes: number;
}

type Entry<P> = { task: InfoHash; piece: P };

/** Forgets the piece that was used longest ago. Never holds more than `limitBytes`. */
export class LruCache<P extends PieceBuffer> implements PieceCache<P> {
  readonly #limitBytes: number;
  readonly #tasks = new Map<InfoHash, Map<PieceIndex, Entry<P>>>();
  /** In order of use: a Set remembers insertion, so "used" is "taken out and put in again". */
  readonly #order = new Set<Entry<P>>();
  #newest: Entry<P> | undefined;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(task: InfoHash, index: PieceIndex): P | undefined {
    const entry = this.#tasks.get(task)?.get(index);
    if (!entry) return undefined;
    if (entry !== this.#newest) {
      this.#order.delete(entry);
      this.#order.add(entry);
      this.#newest = entry;
    }
    return entry.piece;
  }

  put(task: InfoHash, piece: P): void {
    const old = this.#tasks.get(task)?.get(piece.index);
    if (old) this.#drop(old);
    if (piece.buffer.length > this.#limitBytes) return;
    const entry = { task, piece };
    const pieces = this.#tasks.get(task) ?? new Map<PieceIndex, Entry<P>>();
    this.#tasks.set(task, pieces.set(piece.index, entry));
    this.#order.add(entry);
    this.#newest = entry;
    this.#bytes += piece.buffer.length;
    for (const oldest of this.#order) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#drop(oldest);
    }
  }

  dropTask(task: InfoHash): void {
    for (const entry of this.#tasks.get(task)?.values() ?? []) this.#drop(entry);
  }

  #drop(entry: Entry<P>): void {
    this.#order.delete(entry);
    if (this.#newest === entry) this.#newest = undefined;
    this.#bytes -= entry.piece.buffer.length;
    const pieces = this.#tasks.get(entry.task);
    pieces?.delete(entry.piece.index);
    if (pieces?.size === 0) this.#tasks.delete(entry.task);
  }
}
