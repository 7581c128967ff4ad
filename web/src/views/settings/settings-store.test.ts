import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleView } from './fixtures.ts';
import { load, settings } from './settings-store.ts';

test('of two answers that overtake each other the one that was asked for last stands', async () => {
  const waiting: ((revision: number) => void)[] = [];
  globalThis.fetch = () =>
    new Promise((resolve) =>
      waiting.push((revision) => resolve(Response.json({ ...exampleView, revision }, { status: 200 }))),
    );
  const [first, second] = [load(), load()];
  waiting[1]?.(8);
  await second;
  waiting[0]?.(7);
  await first;
  assert.equal(settings.value?.revision, 8);
});
