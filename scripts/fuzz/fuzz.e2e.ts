import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { targets as brokenTargets } from './broken-targets.ts';
import { fuzz, type Order, type Report } from './fuzz.ts';
import { Random } from './random.ts';
import { Inputs, seedsOf, type Target } from './target.ts';
import { targets } from './targets.ts';

const here = (file: string): string => join(import.meta.dirname, file);

/** A failure is found in 5,000 inputs or it is the long run's. */
const SHORT_INPUTS = 5_000;

test('every parser keeps its promises for the first few thousand inputs', { concurrency: 2 }, async (t) => {
  const module = here('targets.ts');
  const runs = Object.entries(targets).map(([name, target]) =>
    t.test(name, async () => {
      const inputs = target.shortInputs ?? SHORT_INPUTS;
      const { failure, ok } = await fuzz({ module, name, target, seed: 1, inputs });
      assert.ok(ok, `${name}, input ${failure?.index} ${failure?.input.toString('hex')}: ${failure?.why}`);
    }),
  );
  await Promise.all(runs);
});

const BROKEN: Readonly<Record<string, RegExp>> = {
  throws: /a broken promise/,
  rejects: /a broken promise/,
  hangs: /no end within 1500 ms/,
  dies: /the process died .*memory/s,
  exits: /the process died \(exit code 0\)/,
  leaks: /memory in use grew/,
  'leaks-buffers': /memory in use grew/,
  grows: /bytes became/,
  'depends-on-cuts': /another meaning when it comes in pieces/,
  'changes-its-input': /the input was changed/,
};

test('a target that breaks a promise is found, with the input it breaks it at', { concurrency: 2 }, async (t) => {
  assert.deepEqual(Object.keys(BROKEN), Object.keys(brokenTargets));
  const module = here('broken-targets.ts');
  const runs = Object.entries(brokenTargets).map(([name, target]) =>
    t.test(name, async () => {
      const order: Order = { module, name, target, seed: 1, inputs: 1_000, ...(name === 'hangs' && { hangMs: 1_500 }) };
      const { ok, failure }: Report = await fuzz(order);
      assert.ok(!ok && failure, 'not found');
      assert.match(failure.why, BROKEN[name] as RegExp);
      if (!/throws|rejects|grows|changes/.test(name)) return;
      await assert.rejects(
        async () => target.run(Buffer.from(failure.input), new Random(1, 0)),
        'the input is the one',
      );
    }),
  );
  await Promise.all(runs);
});

test('an input depends on the seed and its index alone, and the first are the committed seeds', () => {
  const target = targets.bencode as Target;
  const [one, other] = [new Inputs('bencode', target, 1), new Inputs('bencode', target, 2)];
  const seeds = seedsOf('bencode');
  assert.ok(seeds.length > 0);
  for (const [i, seed] of seeds.entries()) assert.deepEqual(one.at(i).input, seed);
  const far = one.at(987_654).input;
  for (let i = 0; i < 100; i++) one.at(i);
  assert.deepEqual(one.at(987_654).input, far);
  const differing = Array.from({ length: 100 }, (_, i) => i + 10).filter(
    (i) => !one.at(i).input.equals(other.at(i).input),
  );
  assert.ok(differing.length > 50);
});

test('every target has seeds', () => {
  for (const name of Object.keys(targets)) assert.ok(seedsOf(name).length > 0, name);
});
