import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Changes } from './changes.ts';

test('stillness waits for what changes something, and what would change something waits for its end', async () => {
  const changes = new Changes();
  const said: string[] = [];
  const [write, copy] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = changes.make(async () => {
    await write.promise;
    said.push('written');
  });
  const still = changes.still(async () => {
    said.push('still');
    await copy.promise;
    said.push('over');
  });
  const second = changes.make(async () => void said.push('written after'));
  await nextTurn();
  assert.deepEqual(said, []);
  write.resolve();
  await first;
  await nextTurn();
  assert.deepEqual(said, ['written', 'still']);
  copy.resolve();
  await Promise.all([still, second]);
  assert.deepEqual(said, ['written', 'still', 'over', 'written after']);
});

test('work that fails leaves neither stillness nor anything to wait for', async () => {
  const changes = new Changes();
  const fails = () => Promise.reject(new Error('no'));
  await assert.rejects(changes.make(fails));
  await assert.rejects(changes.still(fails));
  assert.equal(changes.stillness, undefined);
  assert.equal(await changes.still(async () => changes.stillness !== undefined), true);
  assert.equal(await changes.make(async () => 2), 2);
});
