import type { PieceIndex } from '#base/units.ts';
import type { DiskCost } from './piece-cache-cost.ts';
import type { TaskMemory } from './piece-cache-task.ts';
import { type Kept, Victims } from './piece-cache-victims.ts';
import type { PieceBuffer } from './task-store.ts';

/** Verified, durable pieces of all tasks in memory. Never holds more than `limitBytes`, whatever is asked of it. */
export class PieceCache<P extends PieceBuffer> {
  readonly limitBytes: number;
  readonly #victims: Victims<Entry<P>>;
  readonly #reading = new Set<TaskPieces<P>>();
  readonly #discard: (piece: P) => void;
  #bytes = 0;

  /** `discard`: is given each forgotten piece that nobody was shown. */
  constructor(limitBytes: number, { random, discard }: { random?: () => number; discard?: (piece: P) => void } = {}) {
    this.limitBytes = limitBytes;
    this.#victims = new Victims(random);
    this.#discard = discard ?? (() => {});
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
    if (!entry.shown) this.#discard(entry.piece);
  }
}

type TaskPiecesWorld<P extends PieceBuffer> = {
  readonly cost: DiskCost;
  readonly owner: object | undefined;
  /** False: it is larger than all of the memory. */
  add(entry: Entry<P>): boolean;
  used(entry: Entry<P>): void;
  drop(entry: Entry<P>): void;
  reading(task: TaskPieces<P>, on: boolean): void;
  shareBytes(): number;
};

/** What the cache holds of one task. */
export class TaskPieces<P extends PieceBuffer> implements TaskMemory {
  wanted: (index: PieceIndex) => number = () => 0;
  readonly #world: TaskPiecesWorld<P>;
  readonly #entries = new Map<PieceIndex, Entry<P>>();

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

  get(index: PieceIndex): P | undefined {
    const entry = this.#entries.get(index);
    if (!entry) return undefined;
    entry.shown = true;
    this.#world.used(entry);
    return entry.piece;
  }

  /** `shown`: others have the piece too. */
  put(piece: P, shown = true): void {
    this.#entries.get(piece.index)?.drop();
    const entry = new Entry(this, piece, shown);
    if (this.#world.add(entry)) this.#entries.set(piece.index, entry);
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
  shown: boolean;

  constructor(task: TaskPieces<P>, piece: P, shown: boolean) {
    this.task = task;
    this.piece = piece;
    this.shown = shown;
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
