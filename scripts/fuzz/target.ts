import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FUZZ_LIMITS } from './limits.ts';
import { mutated, type Stock } from './mutate.ts';
import { Random } from './random.ts';

/** One parser of strangers' bytes, and what must be true of it whatever it is fed. */
export type Target = {
  /** Words of the format, in latin1. */
  readonly tokens?: readonly string[];
  /** Makes an input that is well formed, or nearly. */
  readonly make?: (random: Random) => Buffer;
  readonly maxBytes?: number;
  /** Throws when a promise is broken. `random` is for ways to feed the input, such as where to cut it. */
  readonly run: (input: Buffer, random: Random) => void | Promise<void>;
  /** Inputs of the short version in `make test`, where one costs far more than a few microseconds. */
  readonly shortInputs?: number;
};

export const SEEDS: string = join(import.meta.dirname, 'seeds');

/** The seeds of a target, in the order of their names: which input is the thousandth must not depend on the disk. */
export function seedsOf(name: string): Buffer[] {
  const folder = join(SEEDS, name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)));
}

/** How inputs come about: shares of random bytes and of made ones; the rest are seeds, mutated. */
const RANDOM_SHARE = 0.1;
const MADE_SHARE = 0.35;

/** FNV-1a: which target it is decides what its inputs are. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of Buffer.from(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h;
}

/** The inputs of a target. Each depends on the seed and its index alone; the first are the seeds themselves. */
export class Inputs {
  readonly #target: Target;
  readonly #stock: Stock;
  readonly #seed: number;

  constructor(name: string, target: Target, seed: number) {
    this.#target = target;
    this.#seed = hash(`${seed} ${name}`);
    this.#stock = {
      seeds: seedsOf(name),
      tokens: (target.tokens ?? []).map((token) => Buffer.from(token, 'latin1')),
      maxBytes: target.maxBytes ?? FUZZ_LIMITS.inputBytes,
    };
  }

  /** `random` continues where the making of the input ended. */
  at(index: number): { input: Buffer; random: Random } {
    const random = new Random(this.#seed, index);
    return { input: this.#input(index, random), random };
  }

  #input(index: number, random: Random): Buffer {
    const { seeds, maxBytes } = this.#stock;
    const untouched = seeds[index];
    if (untouched) return untouched;
    if (random.chance(RANDOM_SHARE)) return random.bytes(random.size(Math.min(maxBytes, 512)));
    if (this.#target.make && (seeds.length === 0 || random.chance(MADE_SHARE))) {
      const made = this.#target.make(random).subarray(0, maxBytes);
      return random.chance(0.5) ? made : mutated(made, random, this.#stock);
    }
    return mutated(random.pick(seeds) ?? Buffer.alloc(0), random, this.#stock);
  }
}
