import { type SeatRule, type SeatRuleName, seatRule } from './seat-rules.ts';

/** A task as the seats see it: what it knows of itself, and what it is told. */
export type Sitter = {
  /** Connected clients that want more; 0: no reason to sit. */
  readonly wanting: number;
  /** Bytes of the line that a second of its fetching saves. */
  readonly worth: number;
  /** Called once each: never while it sits, or while it does not. */
  sit(): void;
  rise(): void;
};

/** After giving its seat up a task stays away for a while: whoever waits for one is first. */
const REST_MS = 30_000;

/**
 * A limited number of seats; a task that has one may fetch ahead of what its clients ask for. Nobody collects and sorts: each task looks on its own
 * timer, when a client comes or goes, and knows itself, whether a seat is free, and what the rule says (a price, for the usual one).
 * Invariant: at most `count` tasks sit, and one that nobody wants anything of does not.
 */
export class Seats<S extends Sitter = Sitter> {
  #count: number;
  #rule: SeatRule<S>;
  #ruleName: SeatRuleName;
  readonly #random: () => number;
  /** When each one's lease ends. */
  readonly #seated = new Map<S, number>();
  readonly #restsUntil = new WeakMap<S, number>();

  /** `random`: at least 0, less than 1. */
  constructor(count: number, rule: SeatRuleName, random: () => number = Math.random) {
    this.#count = count;
    this.#ruleName = rule;
    this.#random = random;
    this.#rule = seatRule(rule, random);
  }

  get count(): number {
    return this.#count;
  }

  /** From now on so many seats, by this rule. Who has a seat keeps it, unless there are fewer than are taken: then those whose lease ends first rise. */
  change(count: number, rule: SeatRuleName): void {
    this.#count = count;
    if (rule !== this.#ruleName) this.#rule = seatRule(rule, this.#random);
    this.#ruleName = rule;
    const byEnd = [...this.#seated].sort(([, a], [, b]) => a - b);
    for (const [s] of byEnd.slice(0, Math.max(0, this.#seated.size - count))) this.leave(s);
  }

  get free(): number {
    return this.count - this.#seated.size;
  }

  /** What a seat costs; 0 where the rule knows no price. */
  get price(): number {
    return this.#rule.price ?? 0;
  }

  has(s: S): boolean {
    return this.#seated.has(s);
  }

  /** It gave its seat up and stays away for a while. */
  rests(s: S, nowMs: number): boolean {
    return nowMs < (this.#restsUntil.get(s) ?? 0);
  }

  /** A task's timer rang, or something about it has changed. */
  look(s: S, nowMs: number): void {
    const endsMs = this.#seated.get(s);
    if (endsMs === undefined) {
      if (!this.rests(s, nowMs) && s.wanting > 0 && this.#rule.takes(s, this.free)) this.#seat(s, nowMs);
    } else if (s.wanting <= 0) this.leave(s);
    else if (nowMs >= endsMs) {
      if (this.#rule.stays(s, this.free)) this.#seated.set(s, nowMs + this.#rule.leaseMs());
      else this.leave(s, nowMs + REST_MS);
    }
  }

  /** It needs none any more, or none before a time. No harm in one that has none. */
  leave(s: S, untilMs = 0): void {
    this.#restsUntil.set(s, untilMs);
    if (this.#seated.delete(s)) s.rise();
  }

  /** The task is gone. */
  forget(s: S): void {
    this.leave(s);
    this.#rule.forget?.(s);
  }

  /** About once a second. */
  tick(nowMs: number): void {
    const ranked = this.#rule.tick?.(nowMs, this.free, this.count);
    if (!ranked) return;
    for (const s of [...this.#seated.keys()]) if (!ranked.has(s)) this.leave(s);
    for (const s of ranked) if (!this.#seated.has(s)) this.#seat(s, nowMs);
  }

  #seat(s: S, nowMs: number): void {
    if (this.free <= 0) return;
    this.#seated.set(s, nowMs + this.#rule.leaseMs());
    s.sit();
  }
}
