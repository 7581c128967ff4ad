/** Torrents with this many clients or more are counted as one kind. */
const KINDS = 32;
/** With nothing seen yet: of five torrents, one and a half go on. The most that is ever believed. */
const PRIOR = { reached: 5, went: 1.5 };
const MOST = 0.97;
/** Torrents after which all that was counted counts half: what a LAN asks for changes with the years. */
const HALVE_AT = 50_000;

/**
 * What all agents share, and each adds to, as ants do to a trail: how many torrents of this box ever had n clients, and how many of those then got
 * one more. Tells a cafe, where the same games come again and again, from a campus, where half of all torrents are asked for once.
 */
export class Trail {
  readonly #reached = new Float64Array(KINDS);

  /** `text`: what an earlier one said of itself; anything else begins a new one. */
  constructor(text?: string) {
    const counts: unknown[] = text?.split(' ').map(Number) ?? [];
    if (counts.length === KINDS && counts.every(isCount)) this.#reached.set(counts);
  }

  /** To be kept across a restart. */
  get text(): string {
    return this.#reached.join(' ');
  }

  /** A torrent's nth client has come, counting from 1. */
  joined(n: number): void {
    const kind = kindOf(n);
    this.#reached[kind] = (this.#reached[kind] as number) + 1;
    if ((this.#reached[1] as number) < HALVE_AT) return;
    for (const i of this.#reached.keys()) this.#reached[i] = (this.#reached[i] as number) / 2;
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

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && Number.isFinite(value);
const kindOf = (n: number): number => Math.min(KINDS - 1, Math.max(1, n));
