// Some 55,000 torrents: three seconds and more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { type InfoHash, infoHashOf } from '#base/units.ts';
import { Index } from './index.ts';
import { INDEX_LIMITS } from './limits.ts';

test('of names that anybody may say only so many stay: those asked for again, and the newest', (t) => {
  const index = Index.open(':memory:', silentLog);
  t.after(() => index.close());
  const nameOf = (n: number): InfoHash => {
    const name = Buffer.alloc(20);
    name.writeUInt32BE(n);
    return infoHashOf(name);
  };
  const [warm, known, cold] = [nameOf(0), nameOf(1), nameOf(2)];
  for (const infoHash of [warm, known, cold]) index.putTask({ infoHash, addedAtMs: 0 });
  index.setInfo(known, Buffer.from('d4:name1:ae'), 1);
  for (let i = 0; i < 2; i++) index.heats.visited(warm, i);
  for (let n = 3; n < INDEX_LIMITS.names + INDEX_LIMITS.namesEvery; n++)
    index.putTask({ infoHash: nameOf(n), addedAtMs: n });
  assert.ok(index.size <= INDEX_LIMITS.names + 1 + 1);
  assert.deepEqual(
    [warm, known, cold, nameOf(INDEX_LIMITS.names)].map((id) => index.task(id) !== undefined),
    [true, true, false, true],
  );
});
