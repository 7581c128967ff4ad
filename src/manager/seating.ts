import type { Clock } from '#base/clock.ts';
import type { InfoHash } from '#base/units.ts';
import type { Task } from '#task/task.ts';
import { worthOf } from '#task/worth.ts';
import { LIMITS } from './limits.ts';
import type { SeatRuleName } from './seat-rules.ts';
import { Seats, type Sitter } from './seats.ts';

export type SeatingConfig = {
  /** Tasks that may fetch ahead of their clients at the same time. */
  readonly seats: number;
  readonly seatRule: SeatRuleName;
};
export type SeatedTask = Pick<Task, 'infoHash' | 'wanting' | 'fillRateBytesPerS' | 'seat'>;
export type SeatingWorld = {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** The odds that another client comes for the torrent, 0 to 1. */
  another(infoHash: InfoHash): number;
  /** The share of clients whose transfers come through the box in any case, 0 to 1. */
  through(): number;
};

/** One task that somebody wants something of, at the seats. */
class Bidder implements Sitter {
  readonly task: SeatedTask;
  readonly #world: SeatingWorld;
  nextLookMs = 0;
  /** What was wanted when it last looked. */
  lookedAt = 0;
  /** Since when it has a seat and fetches too slowly for one. */
  slowSinceMs: number | undefined;
  #seenBytesPerS: number = LIMITS.guessedBytesPerS;

  constructor(task: SeatedTask, world: SeatingWorld) {
    this.task = task;
    this.#world = world;
  }

  get wanting(): number {
    return this.task.wanting;
  }

  get worth(): number {
    const { task } = this;
    if (task.fillRateBytesPerS > 0) this.#seenBytesPerS = task.fillRateBytesPerS;
    return worthOf({
      wanting: this.wanting,
      another: this.#world.another(task.infoHash),
      through: this.#world.through(),
      bytesPerS: this.#seenBytesPerS,
    });
  }

  sit(): void {
    this.slowSinceMs = undefined;
    this.task.seat(true);
  }

  rise(): void {
    this.task.seat(false);
  }
}

/**
 * Lets tasks look for a seat: when the number of their clients changes, and each on its own timer. One that has a seat and fetches slowly gives it up and
 * rests. Invariant: there is a bidder for a task that somebody wants something of, or that rests, and for no other.
 */
export class Seating {
  readonly #world: SeatingWorld;
  readonly #random: () => number;
  readonly #seats: Seats<Bidder>;
  readonly #bidders = new Map<SeatedTask, Bidder>();

  /** `random`: at least 0, less than 1. */
  constructor({ seats, seatRule }: SeatingConfig, world: SeatingWorld, random: () => number = Math.random) {
    this.#world = world;
    this.#random = random;
    this.#seats = new Seats(seats, seatRule, random);
  }

  /** From now on so many seats, by this rule. Each task looks again on its own timer. */
  change({ seats, seatRule }: SeatingConfig): void {
    this.#seats.change(seats, seatRule);
  }

  get count(): number {
    return this.#seats.count;
  }

  get free(): number {
    return this.#seats.free;
  }

  /** What a seat costs, in bytes of the line saved a second. */
  get price(): number {
    return this.#seats.price;
  }

  /** What the task's clients want may have changed. */
  changed(task: SeatedTask): void {
    const known = this.#bidders.get(task);
    const before = known?.lookedAt ?? 0;
    if (task.wanting === before) return;
    const bidder = known ?? new Bidder(task, this.#world);
    this.#bidders.set(task, bidder);
    // Who waits for a seat tries when a client comes: a try at each change would drive the price up by itself.
    if (task.wanting > before || task.wanting === 0 || this.#seats.has(bidder))
      this.#look(bidder, this.#world.clock.nowMs());
    else bidder.lookedAt = task.wanting;
  }

  /** The task leaves. */
  left(task: SeatedTask): void {
    const bidder = this.#bidders.get(task);
    if (!bidder) return;
    this.#bidders.delete(task);
    this.#seats.forget(bidder);
  }

  /** About once a second. */
  tick(): void {
    const nowMs = this.#world.clock.nowMs();
    for (const bidder of this.#bidders.values()) {
      this.#mindSlowness(bidder, nowMs);
      if (nowMs >= bidder.nextLookMs) this.#look(bidder, nowMs);
    }
    this.#seats.tick(nowMs);
  }

  #look(bidder: Bidder, nowMs: number): void {
    bidder.lookedAt = bidder.wanting;
    this.#seats.look(bidder, nowMs);
    const everyMs = this.#seats.has(bidder) ? LIMITS.seatedLookMs : LIMITS.seatLookMs;
    bidder.nextLookMs = nowMs + everyMs * (0.5 + this.#random());
    if (bidder.wanting === 0 && !this.#seats.rests(bidder, nowMs)) this.left(bidder.task);
  }

  #mindSlowness(bidder: Bidder, nowMs: number): void {
    const isSlow = this.#seats.has(bidder) && bidder.task.fillRateBytesPerS < LIMITS.slowBytesPerS;
    bidder.slowSinceMs = isSlow ? (bidder.slowSinceMs ?? nowMs) : undefined;
    if (nowMs - (bidder.slowSinceMs ?? nowMs) >= LIMITS.slowForMs) this.#seats.leave(bidder, nowMs + LIMITS.slowRestMs);
  }
}
