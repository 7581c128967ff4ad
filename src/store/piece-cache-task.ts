import type { PieceIndex } from '#base/units.ts';
import type { DiskCost } from './piece-cache-cost.ts';

/** What a task tells the memory cache, and what it may know of it. */
export interface TaskMemory {
  /** How many connected clients lack the piece: asked often, answered at once. Until it is set nobody lacks any. */
  wanted: (index: PieceIndex) => number;
  /** No use of it. */
  holds(index: PieceIndex): boolean;
  /** The task's pieces in memory, the longest there first. */
  pieces(): Iterable<PieceIndex>;
  /** Connected clients that lack something: the memory is shared by the tasks that have any. None until it is set. */
  set readers(clients: number);
  /** Bytes of memory that the task can count on: its part when all that have readers have equal ones. */
  readonly shareBytes: number;
  /** Of the disk that the task's pieces lie on. */
  readonly cost: DiskCost;
}
