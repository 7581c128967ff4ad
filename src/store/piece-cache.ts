import type { PieceIndex } from '#base/units.ts';
import type { DiskCost } from './piece-cache-cost.ts';
import type { TaskMemory } from './piece-cache-task.ts';
import { type Kept, Victims } from './piece-cache-victims.ts';
import type { PieceBuffer } from './task-store.ts';

/** Verified, durable pieces of all tasks in memory. Never holds more than `limitBytes`, whatever is asked of it. */
export class PieceCache<P extends PieceBuffer> {
  #limitBytes: number;
  readonly #victims: Victims<Entry<P>>;
  readonly #reading = new Set<TaskPieces<P>>();
  readonly #discard: (piece: P) => void;
  #bytes = 0;

  /** `discard`: is given each forgotten piece that nobody uses. */
  constructor(limitBytes: number, { random, discard }: { random?: () => number; discard?: (piece: P) => void } = {}) {
    this.#limitBytes = limitBytes;
    this.#victims = new Victims(random);
    this.#discard = discard ?? (() => {});
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** From now on so many bytes: what is too much is forgotten at once. */
  set limitBytes(bytes: number) {
    this.#limitBytes = bytes;
    while (this.#bytes > bytes) this.#victims.worst()?.drop();
  }

  /** Of the pieces' whole buffers. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An empty part of the cache for the pieces of one torrent on one disk. `owner`: is not collected while a piece is there, or nobody would find it. */
  task(cost: DiskCost, owner?: object): TaskPieces<P> {
    return new TaskPieces({
      cost,
      owner,
      add: (entry) => this.#add(entry),
      used: (entry) => this.#victims.used(entry),
      drop: (entry) => this.#drop(entry),
      discard: (piece) => this.#discard(piece),
      reading: (task, on) => void (on ? this.#reading.add(task) : this.#reading.delete(task)),
      shareBytes: () => Math.floor(this.limitBytes / Math.max(1, this.#reading.size)),
    });
  }

  #add(entry: Entry<P>): boolean {
    if (entry.bytes > this.limitBytes) return false;
    while (this.#bytes + entry.bytes > this.limitBytes) this.#victims.worst()?.drop();
    this.#victims.add(entry);
    this.#bytes += entry.bytes;
    return true;
  }

  #drop(entry: Entry<P>): void {
    this.#victims.delete(entry);
    this.#bytes -= entry.bytes;
    entry.isForgotten = true;
    if (entry.uses === 0) this.#discard(entry.piece);
  }
}

type TaskPiecesWorld<P extends PieceBuffer> = {
  readonly cost: DiskCost;
  readonly owner: object | undefined;
  /** False: it is larger than all of the memory. */
  add(entry: Entry<P>): boolean;
  used(entry: Entry<P>): void;
  drop(entry: Entry<P>): void;
  discard(piece: P): void;
  reading(task: TaskPieces<P>, on: boolean): void;
  shareBytes(): number;
};

/** What the cache holds of one task. */
export class TaskPieces<P extends PieceBuffer> implements TaskMemory {
  wanted: (index: PieceIndex) => number = () => 0;
  readonly #world: TaskPiecesWorld<P>;
  readonly #entries = new Map<PieceIndex, Entry<P>>();
  /** Forgotten ones too, while somebody has the piece. */
  readonly #entryOf = new WeakMap<P, Entry<P>>();

  constructor(world: TaskPiecesWorld<P>) {
    this.#world = world;
  }

  get count(): number {
    return this.#entries.size;
  }

  set readers(clients: number) {
    this.#world.reading(this, clients > 0);
  }

  get cost(): DiskCost {
    return this.#world.cost;
  }

  get shareBytes(): number {
    return this.#world.shareBytes();
  }

  holds(index: PieceIndex): boolean {
    return this.#entries.has(index);
  }

  pieces(): Iterable<PieceIndex> {
    return this.#entries.keys();
  }

  /** For use until `done`. */
  get(index: PieceIndex): P | undefined {
    const entry = this.#entries.get(index);
    if (!entry) return undefined;
    entry.uses++;
    this.#world.used(entry);
    return entry.piece;
  }

  /** `uses`: how many others have the piece, each until it is done. */
  put(piece: P, uses = 0): void {
    this.#entries.get(piece.index)?.drop();
    const entry = new Entry(this, piece, uses);
    if (!this.#world.add(entry)) return;
    this.#entries.set(piece.index, entry);
    this.#entryOf.set(piece, entry);
  }

  /** One use of the piece is over. Of one that never came to the memory nothing is known, nor need be. */
  done(piece: P): void {
    const entry = this.#entryOf.get(piece);
    if (!entry || entry.uses === 0) return;
    entry.uses--;
    if (entry.isForgotten && entry.uses === 0) this.#world.discard(piece);
  }

  drop(index: PieceIndex): void {
    this.#entries.get(index)?.drop();
  }

  clear(): void {
    for (const entry of [...this.#entries.values()]) entry.drop();
  }

  forget(entry: Entry<P>): void {
    this.#entries.delete(entry.piece.index);
    this.#world.drop(entry);
  }
}

class Entry<P extends PieceBuffer> implements Kept {
  readonly task: TaskPieces<P>;
  readonly piece: P;
  /** How many have the piece, and may have views of it. */
  uses: number;
  isForgotten = false;

  constructor(task: TaskPieces<P>, piece: P, uses: number) {
    this.task = task;
    this.piece = piece;
    this.uses = uses;
  }

  get bytes(): number {
    return this.piece.buffer.length;
  }

  wanted(): number {
    return this.task.wanted(this.piece.index);
  }

  readMs(): number {
    return this.task.cost.readMs(this.bytes);
  }

  drop(): void {
    this.task.forget(this);
  }
}
