import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES } from '#base/units.ts';
import type { TestStream } from '#client/fixtures.ts';
import { encode } from '#wire/bencode.ts';
import { arriving, hashOf, infoOf, managerIn } from './fixtures.ts';
import type { Arriving } from './manager.ts';

const SERVED = {
  seats: 4,
  seatRule: 'priced' as const,
  spareFlash: false,
  servePrivate: false,
  block: [],
  allow: undefined,
};
const isLetGo = ({ stream }: Arriving): boolean => (stream as TestStream).destroyed;

test('what is blocked while it is served lets its clients go, and is served again when it is blocked no more', async (t) => {
  const [info, other] = [
    infoOf(false),
    encode({ length: 1, name: 'other', 'piece length': BLOCK_BYTES, pieces: Buffer.alloc(20) }),
  ];
  const [infoHash, otherHash] = [hashOf(info), hashOf(other)];
  const { manager, index } = managerIn(t);
  for (const [id, text] of [
    [infoHash, info],
    [otherHash, other],
  ] as const) {
    index.putTask({ infoHash: id, addedAtMs: 1 });
    index.setInfo(id, text, 1);
  }
  const [guest, stays] = [arriving(infoHash), arriving(otherHash)];
  assert.deepEqual([manager.claim(guest), manager.claim(stays)], [{ kind: 'taken' }, { kind: 'taken' }]);
  manager.change({ ...SERVED, block: [infoHash] });
  await sleep(20);
  assert.deepEqual(
    manager.views().map((view) => view.infoHash),
    [otherHash],
  );
  assert.deepEqual([isLetGo(guest), isLetGo(stays)], [true, false]);
  assert.deepEqual(manager.claim(arriving(infoHash)), { kind: 'pass', why: 'blocked' });
  assert.equal(manager.refusal([infoHash], false), 'blocked');
  manager.change({ ...SERVED, allow: [infoHash] });
  await sleep(20);
  assert.deepEqual(manager.claim(arriving(infoHash)), { kind: 'taken' }, 'nor is it remembered that it was refused');
  assert.equal(isLetGo(stays), true, 'what is not on the list is let go, too');
});

test('private torrents are served, or let go, from the moment that the operator says so', async (t) => {
  const info = infoOf(true);
  const infoHash = hashOf(info);
  const { manager, index } = managerIn(t);
  index.putTask({ infoHash, addedAtMs: 1 });
  index.setInfo(infoHash, info, 1);
  assert.deepEqual(manager.claim(arriving(infoHash)), { kind: 'pass', why: 'private' });
  manager.change({ ...SERVED, servePrivate: true, seats: 9 });
  assert.equal(manager.seats.count, 9);
  const guest = arriving(infoHash);
  assert.deepEqual(manager.claim(guest), { kind: 'taken' });
  manager.change(SERVED);
  await sleep(20);
  assert.deepEqual([manager.views(), isLetGo(guest)], [[], true]);
});
