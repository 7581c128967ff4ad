import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeskBench } from './fixtures.ts';

test('a folder is adopted where it is, unless it is used or the system is in the way', async () => {
  await using bench = new DeskBench();
  const own = join(bench.dataDir, 'elsewhere');
  mkdirSync(own);
  const whyOf = async (path: string) => {
    const answer = await bench.desk.adopt({ path });
    return answer.kind === 'declined' ? answer.why : answer.path;
  };
  for (const path of ['/', '/etc', '/usr/lib', '/var', '/dev/shm', '/proc'])
    assert.equal(await whyOf(path), 'conflict', path);
  assert.equal(await whyOf(join(own, 'missing')), 'not-found');
  assert.equal(await whyOf(bench.dataDir), 'conflict', 'pieces lie there already');
  assert.equal(await whyOf(`${own}/`), own);
  assert.deepEqual(bench.disks, [bench.dataDir, own]);
  assert.equal(await whyOf(own), 'conflict');
  assert.deepEqual(readdirSync(own), [], 'the store makes what it needs');
});

test('the last disk is not removed', async () => {
  await using bench = new DeskBench();
  const answer = await bench.desk.remove(bench.dataDir);
  assert.ok(answer.kind === 'declined' && answer.why === 'conflict');
});
