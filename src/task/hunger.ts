import type { Need } from './lack-counts.ts';
import { LIMITS } from './limits.ts';

/** What one client needs, whose it is, and whether it is interested in anything that it was told of (BEP 3). */
export type IpNeed = Need & { readonly ip: string; readonly interested: boolean };

/**
 * Which clients want more than the box has, by address. A client that lacks pieces and leaves alone what lies ready for it wants none: it has what it
 * came for, or its user has lost interest, and it may stay connected for hours. Whatever it lacks is not fetched for it until it takes something. But one
 * that is not even interested in what lies ready may wait for something else: for it, nothing is ready.
 */
export class Hunger {
  /** When each client last took something, or had nothing to take. */
  readonly #tookMs = new Map<string, number>();
  #needs: readonly IpNeed[] = [];
  #hungry: ReadonlySet<string> = new Set();
  #leastReady = Number.POSITIVE_INFINITY;

  /** Clients that lack what the box lacks, and take what it has. */
  get clients(): number {
    return this.#hungry.size;
  }

  /** Pieces that lie ready for the one of them who has the fewest; infinite when there are none. */
  get leastReady(): number {
    return this.#leastReady;
  }

  /** The box has a piece more; who lacks it is counted soon. Till then it lies ready for all. */
  gained(): void {
    this.#leastReady++;
  }

  took(ip: string, nowMs: number): void {
    this.#tookMs.set(ip, nowMs);
  }

  /** What everybody needs was counted anew. */
  counted(needs: readonly IpNeed[], nowMs: number): void {
    this.#needs = needs;
    const here = new Set(needs.map(({ ip }) => ip));
    for (const ip of this.#tookMs.keys()) if (!here.has(ip)) this.#tookMs.delete(ip);
    for (const { ip, ready } of needs) if (ready === 0 || !this.#tookMs.has(ip)) this.#tookMs.set(ip, nowMs);
    this.look(nowMs);
  }

  /** Time has passed. True: others are hungry now. */
  look(nowMs: number): boolean {
    const before = this.#hungry;
    const leavesIt = ({ ip, ready }: IpNeed): boolean =>
      ready > 0 && nowMs - (this.#tookMs.get(ip) ?? nowMs) >= LIMITS.satedAfterMs;
    const hungry = this.#needs.filter((need) => need.lacked > 0 && !(need.interested && leavesIt(need)));
    this.#hungry = new Set(hungry.map(({ ip }) => ip));
    this.#leastReady = Math.min(...hungry.map((need) => (leavesIt(need) ? 0 : need.ready)));
    return before.size !== this.#hungry.size || [...before].some((ip) => !this.#hungry.has(ip));
  }
}
