import { Random as Seeded } from '#base/seeded-random.ts';

/** Numbers that depend on the seed and the input's index alone, so that any input can be made again by itself. */
export class Random extends Seeded {
  /** Mostly small, sometimes up to `max`. */
  size(max: number): number {
    return this.below(1 + Math.min(max, 2 ** this.below(1 + Math.ceil(Math.log2(max + 1)))));
  }
}
