import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type InfoHash, infoHashOf } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { Index } from '#index/index.ts';
import { FakeStore } from '#store/fake-store.ts';
import { encode } from '#wire/bencode.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { newPeerId } from '#wire/handshake.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { encodeMetafileRequest } from '#wire/qvod/messages.ts';
import { parseSeed, qvodHashOf } from '#wire/qvod/seed.ts';
import { type Arriving, Manager, type ManagerConfig } from './manager.ts';

const infoOf = (isPrivate: boolean): Buffer =>
  encode({
    length: BLOCK_BYTES,
    name: 'file',
    'piece length': BLOCK_BYTES,
    pieces: Buffer.alloc(20),
    ...(isPrivate && { private: 1 }),
  });
const hashOf = (info: Buffer): InfoHash => infoHashOf(createHash('sha1').update(info).digest());

const BOX_IP = '192.168.1.2';
type Found = { infoHash: InfoHash; info: Buffer | undefined; layers?: Buffer };

function setUp(t: TestContext, config: Partial<ManagerConfig> = {}, found: readonly Found[] = []) {
  const disk = { freeBytes: Number.MAX_SAFE_INTEGER };
  const dir = mkdtempSync(join(tmpdir(), 'manager-'));
  const index = Index.open(join(dir, 'index.db'), silentLog);
  const store = new FakeStore(FramedPiece);
  const known: InfoHash[] = [];
  const dialled: number[] = [];
  const manager = new Manager(
    { slots: 1, servePrivate: false, block: [], allow: undefined, ...config },
    {
      clock: realClock,
      store: {
        task: (shape) => store.task(shape),
        async *onDisk() {
          for (const task of found) yield { layers: undefined, ...task };
        },
        freeBytes: async () => disk.freeBytes,
      },
      index,
      peerId: newPeerId(),
      dial: async ({ endpoint }) => {
        dialled.push(endpoint.port);
        throw new Error('nobody listens');
      },
      know: (infoHash) => void known.push(infoHash),
      steer: () => {},
      told: () => {},
      dhtNode: () => {},
      lookUp: async () => {},
      isBox: ({ ip }) => ip === BOX_IP,
    },
    silentLog,
  );
  t.after(async () => {
    await manager.close();
    index.close();
    rmSync(dir, { recursive: true });
  });
  return { manager, index, known, dialled, disk };
}

const arriving = (infoHash: InfoHash): Arriving => ({
  client: { ip: '192.168.1.5', port: 40_000 },
  endpoint: { ip: '203.0.113.1', port: 6881 },
  handshake: { infoHash, peerId: newPeerId(), extended: true, fast: true, dht: false, v2: false },
  early: Buffer.alloc(0),
  stream: new TestStream(),
});

test('clients of one torrent share one task, which dials the peer that the client wanted', async (t) => {
  const { manager, dialled, known } = setUp(t);
  const infoHash = hashOf(infoOf(false));
  assert.deepEqual(manager.claim(arriving(infoHash)), { kind: 'taken' });
  assert.deepEqual(manager.claim(arriving(infoHash)), { kind: 'taken' });
  assert.equal(manager.views().length, 1);
  assert.equal(manager.views()[0]?.clients.length, 2);
  await sleep(20);
  assert.ok(dialled.includes(6881));
  assert.deepEqual(known, [infoHash]);
});

test('peers heard of before anybody dialled are dialled when somebody does', async (t) => {
  const { manager, dialled } = setUp(t);
  const infoHash = hashOf(infoOf(false));
  manager.heard(infoHash, [{ ip: '203.0.113.7', port: 7777 }]);
  await sleep(20);
  assert.equal(dialled.length, 0, 'hearing alone costs nothing');
  manager.claim(arriving(infoHash));
  await sleep(20);
  assert.ok(dialled.includes(7777));
});

test('a private torrent passes (BEP 27) unless the operator says otherwise', async (t) => {
  const info = infoOf(true);
  const infoHash = hashOf(info);
  for (const servePrivate of [false, true]) {
    const { manager, index } = setUp(t, { servePrivate });
    index.putTask({ infoHash, addedAtMs: 1 });
    index.setInfo(infoHash, info, 1);
    const claim = manager.claim(arriving(infoHash));
    assert.deepEqual(claim, servePrivate ? { kind: 'taken' } : { kind: 'pass', why: 'private' });
    if (!servePrivate) assert.deepEqual(manager.claim(arriving(infoHash)), claim, 'and it is remembered');
  }
});

test('with a full disk a torrent that is not whole passes, one that is whole is served', async (t) => {
  const { manager, index, disk, dialled } = setUp(t);
  disk.freeBytes = 0;
  const info = infoOf(false);
  const whole = hashOf(info);
  index.putTask({ infoHash: whole, addedAtMs: 1 });
  index.setInfo(whole, info, 1);
  index.setHave(whole, Buffer.from([0x80]));
  const lacking = hashOf(Buffer.from('another'));
  await sleep(2_100); // it looks at the disk every other second
  assert.deepEqual(manager.claim(arriving(lacking)), { kind: 'pass', why: 'disk-full' });
  manager.expect(lacking, 'http://tracker.example/announce');
  assert.deepEqual(manager.claim(arriving(whole)), { kind: 'taken' });
  assert.deepEqual(dialled, []);
  disk.freeBytes = Number.MAX_SAFE_INTEGER;
  await sleep(2_100);
  assert.deepEqual(manager.claim(arriving(lacking)), { kind: 'taken' });
});

test('with a new index, what lies on the disk is known again; pieces without their info are left alone', async (t) => {
  const info = infoOf(false);
  const stray = hashOf(Buffer.from('another'));
  const { manager, index, known } = setUp(t, {}, [
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

test('a client that dialled the box itself leads to no origin, nor does the box to itself', async (t) => {
  const { manager, dialled } = setUp(t);
  const infoHash = hashOf(infoOf(false));
  assert.deepEqual(manager.claim({ ...arriving(infoHash), endpoint: undefined }), { kind: 'taken' });
  manager.heard(infoHash, [
    { ip: BOX_IP, port: 6881 },
    { ip: '203.0.113.7', port: 7777 },
  ]);
  await sleep(20);
  assert.deepEqual([...new Set(dialled)], [7777]);
});

test('what is blocked passes, costs no task, and is answered to nobody', async (t) => {
  const info = infoOf(false);
  const infoHash = hashOf(info);
  const { manager, index, known } = setUp(t, { block: [infoHash] });
  index.putTask({ infoHash, addedAtMs: 1 });
  index.setInfo(infoHash, info, 1);
  index.setHave(infoHash, Buffer.from([0x80]));
  manager.resume('clean');
  manager.heard(infoHash, [{ ip: '203.0.113.7', port: 7777 }]);
  manager.expect(infoHash, 'http://tracker.example/announce');
  assert.deepEqual(manager.claim(arriving(infoHash)), { kind: 'pass', why: 'blocked' });
  assert.equal(manager.announceable(infoHash), false);
  await sleep(20);
  assert.deepEqual([manager.views(), known], [[], []]);
});

test('the LAN may be told of what the box holds, asleep or in use; never of a private torrent (BEP 27)', async (t) => {
  for (const isPrivate of [false, true]) {
    const info = infoOf(isPrivate);
    const infoHash = hashOf(info);
    const { manager, index } = setUp(t, { servePrivate: true });
    assert.equal(manager.announceable(infoHash), false, 'unknown');
    index.putTask({ infoHash, addedAtMs: 1 });
    index.setInfo(infoHash, info, 1);
    assert.equal(manager.announceable(infoHash), false, 'nothing to give');
    index.setHave(infoHash, Buffer.from([0x80]));
    assert.equal(manager.announceable(infoHash), !isPrivate, 'asleep');
    assert.deepEqual(manager.hot(), []);
    assert.deepEqual(manager.claim(arriving(infoHash)), { kind: 'taken' });
    assert.equal(manager.announceable(infoHash), !isPrivate, 'in use');
    assert.deepEqual(manager.hot(), isPrivate ? [] : [infoHash]);
  }
});

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
  const { manager, index, dialled } = setUp(t);
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
  const { manager, index } = setUp(t, { servePrivate: true }, [open, own, { ...open, infoHash: PIECES_HASH }]);
  manager.resume('first');
  await sleep(50);
  assert.equal(index.tasks().length, 3);
  assert.deepEqual(
    index.byPiecesHash(PIECES_HASH).map((row) => row.infoHash),
    [open.infoHash],
  );
  for (const { infoHash } of index.tasks()) index.setHave(infoHash, Buffer.from([0x80]));
  await manager.close();
  const asleep = setUp(t, { servePrivate: true }, []);
  for (const { infoHash, info } of index.tasks()) {
    asleep.index.putTask({ infoHash, addedAtMs: 1 });
    asleep.index.setInfo(infoHash, info as Buffer, 1);
    asleep.index.setHave(infoHash, Buffer.from([0x80]));
  }
  assert.equal(asleep.manager.announceable(open.infoHash), true);
  assert.equal(asleep.manager.announceable(PIECES_HASH), false);
  assert.deepEqual(asleep.manager.claim(qvodArriving(PIECES_HASH)), { kind: 'taken' });
  assert.equal(asleep.manager.announceable(PIECES_HASH), false);
});

test('Qvod clients that hang up on the box’s handshake are let through from the third on', (t) => {
  const { manager } = setUp(t);
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
