import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { infoHashOf } from '#base/units.ts';
import { Index } from './index.ts';

const ONE = infoHashOf(Buffer.alloc(20, 1));
const OTHER = infoHashOf(Buffer.alloc(20, 2));
const DAY_MS = 24 * 3_600_000;

test('the first client warms nothing, later ones do, and all of it cools by the day', () => {
  const index = Index.open(':memory:', silentLog);
  const heat = (atMs: number): number => index.heats.of(ONE, atMs)?.laterClients ?? Number.NaN;
  assert.equal(index.heats.of(ONE, 0), undefined);
  assert.equal(index.heats.visited(ONE, 0), 0, 'of an unknown one there is nothing to note');
  index.putTask({ infoHash: ONE, addedAtMs: 5 });
  assert.deepEqual(index.heats.of(ONE, 5), {
    laterClients: 0,
    clients: 0,
    addedAtMs: 5,
    haveCount: 0,
    doubtful: false,
  });
  assert.equal(index.heats.visited(ONE, 0), 1);
  assert.equal(heat(0), 0);
  index.heats.visited(ONE, 0);
  assert.equal(index.heats.visited(ONE, 0), 3);
  assert.equal(heat(0), 2);
  assert.ok(Math.abs(heat(DAY_MS) - 2 / Math.E) < 1e-9);
  index.setIds([ONE, OTHER]);
  index.heats.visited(OTHER, DAY_MS);
  assert.ok(Math.abs(heat(DAY_MS) - 1 - 2 / Math.E) < 1e-9, 'by its other name too');
  assert.equal(heat(0), heat(DAY_MS), 'a clock that was set back cools nothing');
  index.close();
});
