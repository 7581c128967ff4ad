import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goesWith } from './giving-up.ts';

test('a segment goes with all that is had of it, unless one of those has to stay; what is not had keeps nothing', () => {
  const has = (piece: number) => piece !== 2;
  assert.deepEqual(
    goesWith([1, 2, 3], has, () => true),
    [1, 3],
  );
  assert.deepEqual(
    goesWith([1, 2, 3], has, (piece) => piece !== 3),
    [],
  );
  assert.deepEqual(
    goesWith([1, 2, 3], has, (piece) => piece !== 2),
    [1, 3],
  );
  assert.deepEqual(
    goesWith([2], has, () => true),
    [],
  );
});
