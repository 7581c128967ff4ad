import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InfoHash } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { encodeMetafileRequest } from '#wire/qvod/messages.ts';
import { parseSeed, qvodHashOf } from '#wire/qvod/seed.ts';
import { arriving, hashOf, infoOf, managerIn } from './fixtures.ts';
import type { Arriving } from './manager.ts';

/** As Qvod calls every torrent of `infoOf`. */
const PIECES_HASH = qvodHashOf(Buffer.alloc(20));

function qvodArriving(infoHash: InfoHash): Arriving & { stream: TestStream } {
  const peerId = newQvodPeerId(Buffer.from('QVOD0052'));
  const { handshake, ...rest } = arriving(infoHash);
  const qvodHello = encodeQvodHandshake({ infoHash, peerId });
  return {
    ...rest,
    handshake: { ...handshake, peerId, extended: false, fast: false, qvodHello },
    stream: new TestStream(),
  };
}

test('a torrent that is held whole serves Qvod clients too, under the name that they know', async (t) => {
  const info = infoOf(false);
  const infoHash = hashOf(info);
  const { manager, index, dialled } = managerIn(t);
  index.putTask({ infoHash, addedAtMs: 1 });
  index.setInfo(infoHash, info, 1);
  index.setPiecesHash(infoHash, PIECES_HASH);
  assert.deepEqual(manager.claim(qvodArriving(PIECES_HASH)), { kind: 'taken' });
  assert.deepEqual(
    manager.views().map((view) => view.infoHash),
    [PIECES_HASH],
    'what is not whole proves nothing: it has a task of its own',
  );
  await sleep(20);
  assert.ok(dialled.splice(0).length > 0);

  index.setHave(infoHash, Buffer.from([0x80]));
  const after = qvodArriving(PIECES_HASH);
  assert.deepEqual(manager.claim(after), { kind: 'taken' });
  after.stream.data(encodeMetafileRequest(PIECES_HASH));
  await sleep(20);
  const said = Buffer.concat(after.stream.writes);
  assert.ok(said.subarray(28, 48).equals(Buffer.from(PIECES_HASH, 'hex')), 'answered under its name');
  const seed = parseSeed(said.subarray(said.indexOf('d8:encoding')));
  assert.ok(seed.kind === 'ok' && seed.value.taskHash === PIECES_HASH);
  assert.equal(manager.views().find((view) => view.infoHash === infoHash)?.clients.length, 1);
});

test('only a public torrent of BitTorrent gets Qvod’s name, and a torrent of Qvod’s is not told of in BitTorrent', async (t) => {
  const [open, own] = [infoOf(false), infoOf(true)].map((info) => ({ infoHash: hashOf(info), info }));
  assert.ok(open && own);
  const { manager, index } = managerIn(t, { servePrivate: true }, [open, own, { ...open, infoHash: PIECES_HASH }]);
  manager.resume('first');
  await sleep(50);
  assert.equal(index.tasks().length, 3);
  assert.deepEqual(
    index.byPiecesHash(PIECES_HASH).map((row) => row.infoHash),
    [open.infoHash],
  );
  for (const { infoHash } of index.tasks()) index.setHave(infoHash, Buffer.from([0x80]));
  await manager.close();
  const asleep = managerIn(t, { servePrivate: true }, []);
  // As an earlier version left it: nothing but the info dictionary tells who may be told of it.
  for (const { infoHash, info } of [open, own, { ...open, infoHash: PIECES_HASH }]) {
    asleep.index.putTask({ infoHash, addedAtMs: 1 });
    asleep.index.setInfo(infoHash, info, 1);
    asleep.index.setHave(infoHash, Buffer.from([0x80]));
  }
  assert.equal(asleep.manager.announceable(open.infoHash), true);
  assert.equal(asleep.manager.announceable(own.infoHash), false);
  assert.equal(asleep.manager.announceable(PIECES_HASH), false);
  assert.deepEqual(asleep.manager.claim(qvodArriving(PIECES_HASH)), { kind: 'taken' });
  assert.equal(asleep.manager.announceable(PIECES_HASH), false);
});

test('Qvod clients that hang up on the box’s handshake are let through from the third on', (t) => {
  const { manager } = managerIn(t);
  const infoHash = hashOf(Buffer.from('a film'));
  const talker = qvodArriving(infoHash);
  for (let i = 0; i < 2; i++) {
    const shy = qvodArriving(infoHash);
    assert.deepEqual(manager.claim(shy), { kind: 'taken' });
    shy.stream.gone();
  }
  manager.claim(talker);
  talker.stream.data(encodeMetafileRequest(infoHash));
  talker.stream.gone();
  for (let i = 0; i < 3; i++) {
    const shy = qvodArriving(infoHash);
    assert.deepEqual(manager.claim(shy), { kind: 'taken' }, `the ${i}th since one that spoke`);
    shy.stream.gone();
  }
  assert.deepEqual(manager.claim(qvodArriving(infoHash)), { kind: 'pass', why: 'unsupported' });
});
