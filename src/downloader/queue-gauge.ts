import type { Duplex } from 'node:stream';
import { LeastLately } from './least-lately.ts';
import type { Queue } from './line-yield.ts';

/** What the kernel knows of a connection's round trips. */
export type RoundTripOf = (stream: Duplex) => { readonly rttMs: number; readonly leastMs: number } | undefined;

/** The least wait is believed for at least this long and at most twice: paths change (LEDBAT's base history, RFC 6817 §2.4.2: minutes). */
const BASE_MS = 150_000;
/** A connection that gave nothing for so long tells nothing new. */
const FRESH_MS = 1_000;
/** The first blocks show what the least wait is, and nothing above it. */
const FIRST_BLOCKS = 8;
/** Connections asked in one look: each costs a system call of some ten microseconds. */
const ASKED = 32;

type Path = { readonly leastTook: LeastLately; lastMs: number; blocks: number };

/**
 * How long packets wait in the line's queue, seen from its lower end. Each connection tells twice: by its round trips, which the kernel measures, and by the
 * time from a request to its block. Either may be too long for reasons of its own, a late acknowledgement or the origin's own queue, but the line's
 * queue is in all of them: so the least of all is believed.
 */
export class QueueGauge {
  readonly #roundTrip: RoundTripOf;
  readonly #paths = new Map<Duplex, Path>();
  #leastExtraMs = Number.POSITIVE_INFINITY;

  constructor(roundTrip: RoundTripOf) {
    this.#roundTrip = roundTrip;
  }

  /** A block came, so long after it was asked for. */
  block(from: Duplex, tookMs: number, nowMs: number): void {
    const path = this.#paths.get(from) ?? this.#enter(from);
    path.lastMs = nowMs;
    path.blocks++;
    path.leastTook.add(tookMs, nowMs);
    if (path.blocks <= FIRST_BLOCKS) return;
    this.#leastExtraMs = Math.min(this.#leastExtraMs, tookMs - path.leastTook.least(nowMs));
  }

  /** Since it was last read; undefined when no block came. */
  read(nowMs: number): Queue | undefined {
    const mostMs = this.#leastExtraMs;
    if (mostMs === Number.POSITIVE_INFINITY) return undefined;
    this.#leastExtraMs = Number.POSITIVE_INFINITY;
    let leastMs = mostMs;
    let asked = 0;
    for (const [stream, path] of this.#paths) {
      if (path.blocks <= FIRST_BLOCKS || nowMs - path.lastMs > FRESH_MS) continue;
      const trip = this.#roundTrip(stream);
      if (trip) leastMs = Math.min(leastMs, trip.rttMs - trip.leastMs);
      if (++asked === ASKED) break;
    }
    return { leastMs, mostMs };
  }

  #enter(stream: Duplex): Path {
    const path = { leastTook: new LeastLately(BASE_MS), lastMs: 0, blocks: 0 };
    this.#paths.set(stream, path);
    stream.once('close', () => this.#paths.delete(stream));
    return path;
  }
}
