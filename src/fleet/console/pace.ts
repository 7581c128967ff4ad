import { CONSOLE_LIMITS } from './limits.ts';

/** How quickly a sum of bytes grows, over the last seconds. */
export class Pace {
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  at(nowMs: number, bytes: number): void {
    const last = this.#samples.at(-1);
    // What was thrown away, or a clock that was set back, is no pace.
    if (last && (bytes < last.bytes || nowMs < last.atMs)) this.#samples.length = 0;
    if (last && nowMs === last.atMs && this.#samples.length > 0) this.#samples.pop();
    this.#samples.push({ atMs: nowMs, bytes });
    while (
      this.#samples.length > CONSOLE_LIMITS.paceSamples ||
      nowMs - (this.#samples[0]?.atMs ?? nowMs) > CONSOLE_LIMITS.paceMs
    )
      this.#samples.shift();
  }

  get bytesPerS(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.atMs === first.atMs) return 0;
    return Math.round((1_000 * (last.bytes - first.bytes)) / (last.atMs - first.atMs));
  }
}
