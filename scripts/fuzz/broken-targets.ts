import assert from 'node:assert/strict';
import { assertBounded, assertSameHoweverCut, assertUntouched } from './invariants.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

/** Each breaks one promise, at inputs that a few thousand tries are sure to hold: the harness must find them all. */

const kept: number[][] = [];
const keptBuffers: Buffer[] = [];

const make = (random: Random): Buffer => random.bytes(random.size(200));

export const targets: Readonly<Record<string, Target>> = {
  throws: { make, run: (input) => assert.notEqual(input[1], 0x65, 'a broken promise') },
  rejects: { make, run: async (input) => assert.notEqual(input[1], 0x65, 'a broken promise') },
  hangs: {
    make,
    run(input) {
      while (input.length > 40 && (input[0] as number) < 64);
    },
  },
  dies: {
    make,
    run(input) {
      if (input.length <= 40) return;
      const all: number[][] = [];
      for (;;) all.push(new Array<number>(100_000).fill(all.length));
    },
  },
  exits: { make, run: (input) => void (input.length > 40 && process.exit(0)) },
  leaks: { make, run: (input) => void kept.push([...input, ...Array.from({ length: 3000 }, (_, i) => i)]) },
  'leaks-buffers': { make, run: (input) => void keptBuffers.push(Buffer.alloc(50_000 + input.length)) },
  grows: { make, run: (input) => assertBounded('x'.repeat(input.length * input.length), input) },
  'depends-on-cuts': {
    make,
    run: (input, random) =>
      void assertSameHoweverCut(input, random, (chunks) => chunks.filter((chunk) => chunk[0] === 0x65).length),
  },
  'changes-its-input': { make, run: (input) => assertUntouched(input, () => void input.reverse()) },
};
