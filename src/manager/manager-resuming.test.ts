import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES, type InfoHash } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { req2Of } from '#index/req2.ts';
import { encode } from '#wire/bencode.ts';
import { arriving, hashOf, infoOf, managerIn, until } from './fixtures.ts';
import { LIMITS } from './limits.ts';

test('with a new index, what lies on the disk is known again; pieces without their info are left alone', async (t) => {
  const info = infoOf(false);
  const stray = hashOf(Buffer.from('another'));
  const { manager, index, known } = managerIn(t, {}, [
    { infoHash: hashOf(info), info },
    { infoHash: stray, info },
  ]);
  manager.resume('first');
  await sleep(50);
  assert.deepEqual(
    index.tasks().map((row) => row.infoHash),
    [hashOf(info)],
  );
  assert.ok(known.includes(hashOf(info)));
});

test('a torrent whose metainfo lies beside its pieces is judged by its row, and greets nobody before it was read', async (t) => {
  const [open, own] = [infoOf(false), infoOf(true)].map((info) => ({ infoHash: hashOf(info), info }));
  assert.ok(open && own);
  const { manager, index } = managerIn(t, {}, [open, own]);
  manager.resume('first');
  await until('re-checked', () => manager.views().length === 1 && index.doubts.count === 1);
  assert.deepEqual([index.task(open.infoHash)?.info, index.task(open.infoHash)?.reach], [undefined, 'public']);
  for (const { infoHash } of [open, own]) index.setHave(infoHash, Buffer.from([0x80]));
  await manager.close();

  const asleep = managerIn(t, {}, [open, own]);
  for (const { infoHash } of [open, own]) {
    asleep.index.putTask({ infoHash, addedAtMs: 1 });
    asleep.index.setInfo(infoHash, undefined, 1);
    asleep.index.setHave(infoHash, Buffer.from([0x80]));
    asleep.index.setReach(infoHash, infoHash === own.infoHash ? 'private' : 'public');
  }
  asleep.manager.resume('clean');
  assert.deepEqual(
    [asleep.manager.announceable(open.infoHash), asleep.manager.announceable(own.infoHash)],
    [true, false],
  );
  assert.deepEqual(asleep.manager.claim(arriving(own.infoHash)), { kind: 'pass', why: 'private' }, 'at once');
  const { stream, ...client } = { ...arriving(open.infoHash), stream: new TestStream() };
  assert.deepEqual(asleep.manager.claim({ ...client, stream }), { kind: 'taken' });
  assert.deepEqual(stream.writes, []);
  assert.equal(asleep.manager.announceable(open.infoHash), true, 'while it is read');
  await until('greeted', () => stream.writes.length > 0);
  assert.ok(stream.take(true).some(({ kind }) => kind === 'have-all'));
  assert.deepEqual(asleep.dialled, []);
});

test('an encrypted handshake finds what rests in the index, by either name, unless it is blocked', (t) => {
  const hashes = ['a', 'b', 'c', 'd'].map((text) => hashOf(Buffer.from(text)));
  const [first, second, blocked, stranger] = hashes as [InfoHash, InfoHash, InfoHash, InfoHash];
  const { manager, index, known } = managerIn(t, { block: [blocked] });
  index.putTask({ infoHash: first, addedAtMs: 1 });
  index.setIds([first, second]);
  index.putTask({ infoHash: blocked, addedAtMs: 1 });
  manager.resume('clean');
  const found = hashes.map((hash) => manager.heldBy(req2Of(Buffer.from(hash, 'hex'))));
  assert.deepEqual(found, [first, second, undefined, undefined]);
  assert.ok(stranger && known.length === 0, 'and none of it is in memory');
});

test('a doubt that a run did not come to is left to the next, clean stop or not', async (t) => {
  const info = infoOf(false);
  const infoHash = hashOf(info);
  const { manager, index } = managerIn(t, {}, [{ infoHash, info }]);
  index.putTask({ infoHash, addedAtMs: 1, info, pieceCount: 1 });
  manager.resume('unclean');
  assert.equal(index.task(infoHash)?.doubtful, true);
  await manager.close();
  assert.equal(index.task(infoHash)?.doubtful, true, 'closed before it was over');
  const next = managerIn(t, {}, [{ infoHash, info }]);
  next.index.putTask({ infoHash, addedAtMs: 1, info, pieceCount: 1 });
  next.index.doubts.mark(infoHash);
  next.manager.resume('clean');
  await until('settled', () => next.index.task(infoHash)?.doubtful === false);
});

test('re-checking all that lies on a disk leaves no task in memory for each', async (t) => {
  const found = Array.from({ length: LIMITS.recheckedTasks + 50 }, (_, i) => {
    const info = encode({ length: 1, name: `file ${i}`, 'piece length': BLOCK_BYTES, pieces: Buffer.alloc(20) });
    return { infoHash: hashOf(info), info };
  });
  const { manager, index } = managerIn(t, {}, found);
  manager.resume('first');
  await until('re-checked', () => index.size === found.length && index.doubts.count === 0);
  await until('left', () => manager.views().length <= LIMITS.recheckedTasks);
});
