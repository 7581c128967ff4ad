/** Torrents with this many clients or more are counted as one kind. */
const KINDS = 32;
/** With nothing seen yet: of five torrents, one and a half go on. The most that is ever believed. */
const PRIOR = { reached: 5, went: 1.5 };
const MOST = 0.97;

/**
 * What all agents share, and each adds to, as ants do to a trail: how many torrents of this box ever had n clients, and how many of those then got
 * one more. Tells a cafe, where the same games come again and again, from a campus, where half of all torrents are asked for once.
 */
export class Trail {
  readonly #reached = new Float64Array(KINDS);

  /** A torrent's nth client has come, counting from 1. */
  joined(n: number): void {
    const kind = kindOf(n);
    this.#reached[kind] = (this.#reached[kind] as number) + 1;
  }

  /** The odds that a torrent that has had n clients gets another, 0 to 1. */
  another(n: number): number {
    const kind = kindOf(n);
    const reached = this.#reached[kind] as number;
    // Of the most popular every next client is of the same kind.
    const went = kind === KINDS - 1 ? reached : (this.#reached[kind + 1] as number);
    return Math.min(MOST, (went + PRIOR.went) / (reached + PRIOR.reached));
  }
}

const kindOf = (n: number): number => Math.min(KINDS - 1, Math.max(1, n));
