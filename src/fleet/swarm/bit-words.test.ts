import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitWords } from './bit-words.ts';

const within = (size: number, list: readonly number[]): number[] =>
  [...new Set(list)].filter((i) => i < size).sort((a, b) => a - b);

test('two sets have in common what a plain look finds, from whatever word', () => {
  const sets = fc.record({
    size: fc.integer({ min: 1, max: 130 }),
    a: fc.array(fc.nat(129)),
    b: fc.array(fc.nat(129)),
    from: fc.nat(5),
  });
  fc.assert(
    fc.property(sets, ({ size, a, b, from }) => {
      const [left, right] = [new BitWords(size), new BitWords(size)];
      for (const i of a) left.set(i);
      for (const i of b) right.set(i);
      assert.equal(left.count, within(size, a).length);
      const found: number[] = [];
      left.common(right, from, (i) => found.push(i) === 0);
      assert.deepEqual(
        found.sort((x, y) => x - y),
        within(size, a).filter((i) => b.includes(i)),
      );
    }),
  );
});

test('what is set is set once, what is cleared once, and a look ends when it is told to', () => {
  const bits = new BitWords(40, true);
  assert.equal(bits.count, 40);
  assert.deepEqual(
    [bits.set(3), bits.clear(3), bits.clear(3), bits.set(3), bits.set(40)],
    [false, true, false, true, false],
  );
  let seen = 0;
  bits.common(bits, 1, (i) => {
    if (seen === 0) assert.equal(i, 32);
    return ++seen === 10;
  });
  assert.equal(seen, 10);
});
