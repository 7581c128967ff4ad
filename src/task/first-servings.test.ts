import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FirstServings } from './first-servings.ts';

test('a piece that came in is fresh once: the second client has it from here', () => {
  const first = new FirstServings();
  first.came(3, 100);
  assert.equal(first.given(3, 60), 60);
  assert.equal(first.given(3, 60), 40);
  assert.equal(first.given(3, 60), 0);
  assert.equal(first.given(4, 60), 0, 'what never came in was here');
});

test('fresh never exceeds what came in, nor what was given', () => {
  const step = fc.record({ piece: fc.nat(3), bytes: fc.nat(50), came: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const first = new FirstServings();
      let [came, fresh] = [0, 0];
      for (const { piece, bytes, came: isNew } of steps) {
        if (isNew) {
          first.came(piece, bytes);
          came += bytes;
          continue;
        }
        const part = first.given(piece, bytes);
        assert.ok(part >= 0 && part <= bytes);
        fresh += part;
      }
      assert.ok(fresh <= came);
      for (const piece of [0, 1, 2, 3]) fresh += first.given(piece, 10_000);
      assert.equal(fresh, came, 'in the end each byte was fresh exactly once');
    }),
  );
});

test('of more pieces than it remembers the oldest count as having been here', () => {
  const first = new FirstServings();
  for (let piece = 0; piece <= 65_536; piece++) first.came(piece, 1);
  assert.deepEqual([first.given(0, 1), first.given(1, 1), first.given(65_536, 1)], [0, 1, 1]);
});
