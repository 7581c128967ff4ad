import type { PrivateBroker } from '../private-broker.ts';
import type { Ground } from './ground.ts';
import type { Bounds } from './workers.ts';

/** Where and how large. */
export type Site = {
  readonly ground: Ground;
  readonly broker: PrivateBroker;
  /** On a file system in memory; the contestant's own. */
  readonly dir: string;
  readonly nodes: number;
  /** What will be distributed, MB. */
  readonly sizes: readonly number[];
  readonly workers: number;
  readonly trace: boolean;
};

/** One distribution, as it went. Milliseconds, Unix time. */
export type Went = {
  /** The file's hashes are made, and it begins. */
  readonly startMs: number;
  /** When each node had the whole file, verified and in its place. */
  readonly nodesMs: readonly number[];
  /** Until `startMs`: reading and hashing the file. */
  readonly prepareS: number;
  /** By which way ours chose to send it. */
  readonly way?: string;
  /** Of each kind of control message, when the first and the last passed, milliseconds since `startMs`. */
  readonly trace?: Readonly<Record<string, readonly [number, number]>>;
};

/** A system with its nodes: all connections and sessions stand. */
export type Contestant = AsyncDisposable & {
  /** Its own processes; the broker's is not among them. */
  readonly pids: readonly number[];
  readonly usesBroker: boolean;
  /** Sizes that it distributes before anything is measured, MB. */
  readonly warmUp: readonly number[];
  /** Resolves when every node has it and whoever gives it knows. */
  distribute(path: string, bounds: Bounds): Promise<void>;
  /** The last one. */
  went(bounds: Bounds): Promise<Went>;
  /** Files of the last one go. */
  forget(bounds: Bounds): Promise<void>;
};
