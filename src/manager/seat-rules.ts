import type { Sitter } from './seats.ts';

export const seatRuleNames = ['priced', 'plain', 'lease', 'lease-vacate', 'ranked'] as const;
export type SeatRuleName = (typeof seatRuleNames)[number];

export type SeatRule<S extends Sitter> = {
  /** How long a seat is had before its holder asks itself whether to stay. */
  leaseMs(): number;
  /** A task that somebody wants something of would sit down. With none free the answer is no, and may be learned from. */
  takes(s: S, free: number): boolean;
  /** Its lease is over. */
  stays(s: S, free: number): boolean;
  /** Who is to sit from now on, when the rule itself says so. */
  tick?(nowMs: number, free: number, count: number): ReadonlySet<S> | undefined;
  forget?(s: S): void;
  readonly price?: number;
};

const HOUR_MS = 3_600_000;
const LEASE_MS = 120_000;
/** How far a bid that found no free seat moves the price towards itself. */
const PUSH = 0.2;
/** A price that nobody pays is 1/e of itself after so long. */
const FADE_MS = 30_000;
const SLICE_MS = 60_000;

/**
 * Seats with a posted price: a task sits down when what its fetching saves is worth the price. Who would pay more and finds no seat moves the price up;
 * free seats let it fall. At the end of a short lease, of a length by chance so that not all end together, it stays if it is worth the price still.
 */
class Priced<S extends Sitter> implements SeatRule<S> {
  price = 0;
  readonly #random: () => number;
  #fadedMs: number | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  leaseMs(): number {
    return LEASE_MS * (0.75 + 0.5 * this.#random());
  }

  takes({ worth }: S, free: number): boolean {
    if (worth <= 0) return false;
    if (free > 0) return worth >= this.price;
    if (worth > this.price) this.price += PUSH * (worth - this.price);
    return false;
  }

  stays({ worth }: S, free: number): boolean {
    return worth > 0 && (free > 0 || worth >= this.price);
  }

  tick(nowMs: number, free: number): undefined {
    const sinceMs = nowMs - (this.#fadedMs ?? nowMs);
    this.#fadedMs = nowMs;
    if (free > 0) this.price *= Math.exp(-Math.max(0, sinceMs) / FADE_MS);
  }
}

/** Whoever looks while a seat is free has it. `leaseMs`: how long; `stays`: whether who needs it still may stay. */
const firstCome = <S extends Sitter>(leaseMs: number, stays: boolean): SeatRule<S> => ({
  leaseMs: () => leaseMs,
  takes: (_, free) => free > 0,
  stays: () => stays,
});

/** All are collected and sorted by their clients; the first sit for a minute. For comparison: it needs a look at all of them. */
class Ranked<S extends Sitter> implements SeatRule<S> {
  readonly #waiting = new Set<S>();
  #nextMs = Number.NEGATIVE_INFINITY;

  leaseMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  takes(s: S): boolean {
    this.#waiting.add(s);
    return false;
  }

  stays(): boolean {
    return true;
  }

  tick(nowMs: number, _free: number, count: number): ReadonlySet<S> | undefined {
    if (nowMs < this.#nextMs) return undefined;
    this.#nextMs = nowMs + SLICE_MS;
    const all = [...this.#waiting].filter(({ wanting }) => wanting > 0).sort((a, b) => b.wanting - a.wanting);
    return new Set(all.slice(0, count));
  }

  forget(s: S): void {
    this.#waiting.delete(s);
  }
}

export function seatRule<S extends Sitter>(name: SeatRuleName, random: () => number): SeatRule<S> {
  switch (name) {
    case 'priced':
      return new Priced(random);
    case 'plain':
      return firstCome(Number.POSITIVE_INFINITY, true);
    case 'lease':
      return firstCome(HOUR_MS, true);
    case 'lease-vacate':
      return firstCome(HOUR_MS, false);
    case 'ranked':
      return new Ranked();
  }
}
