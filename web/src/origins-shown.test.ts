import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeTask } from '#admin/fixtures.ts';
import { originsShown } from './origins-shown.ts';

const origin = (state: 'up' | 'failed' | 'dialling' | 'banned') => ({
  endpoint: `${state}:1`,
  state,
  rateBytesPerS: 0,
  pieces: 0,
});
const origins = [origin('up'), origin('failed'), origin('dialling'), origin('banned')];

test('a task that rests does not blame the peers it has left', () => {
  assert.equal(originsShown(fakeTask({ state: 'down', origins })).length, 4);
  const resting = originsShown(fakeTask({ state: 'complete', origins }));
  assert.deepEqual(
    resting.map((o) => o.state),
    ['up', 'banned'],
  );
});
