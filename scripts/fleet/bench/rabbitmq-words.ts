/** What RabbitMQ alone calls things, and its sizes: those of the measurements that `README.md` names. */
import { KIB } from '#base/units.ts';

/** A fanout that every node hears from the first. */
export const CONTROL = 'alone.control';
export const CHUNK_BYTES = 256 * KIB;
/** Chunks that are sent and not yet confirmed; and chunks that a node has and has not answered. */
export const WINDOW = 32;
export const PREFETCH = 16;

export type RabbitmqNodes = { readonly url: string; readonly dir: string; readonly nodes: readonly number[] };
export type RabbitmqGiver = { readonly url: string };
/** The file's description, before its bytes. */
export type Announced = {
  readonly id: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly exchange: string;
  readonly answerTo: string;
};
