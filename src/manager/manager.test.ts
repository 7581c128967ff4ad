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
import { req2Of } from '#index/req2.ts';
import { FakeStore } from '#store/fake-store.ts';
import { encode } from '#wire/bencode.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { encodeMessage } from '#wire/frames.ts';
import { newPeerId } from '#wire/handshake.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { encodeMetafileRequest } from '#wire/qvod/messages.ts';
import { parseSeed, qvodHashOf } from '#wire/qvod/seed.ts';
import { openToAll } from './fixtures.ts';
import { LIMITS } from './limits.ts';
import { type Arriving, Manager, type ManagerConfig, type ManagerWorld } from './manager.ts';

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

function setUp(
  t: TestContext,
  config: Partial<ManagerConfig> = {},
  found: readonly Found[] = [],
  over: Partial<ManagerWorld> = {},
) {
  const disk = { freeBytes: Number.MAX_SAFE_INTEGER };
  const line = {
    isFreeFor: () => true,
    isSpent: false,
    wait: () => {},
    leave: () => {},
    block: () => {},
    mayFetchAhead: true,
    untaken: () => {},
    prefilled: () => {},
  };
  const dir = mkdtempSync(join(tmpdir(), 'manager-'));
  const index = Index.open(join(dir, 'index.db'), silentLog);
  const store = new FakeStore(FramedPiece);
  const known: InfoHash[] = [];
  const dialled: number[] = [];
  const manager = new Manager(
    { ...openToAll, downloads: 1, ...config },
    {
      clock: realClock,
      store: {
        task: (shape) => store.task(shape),
        async *onDisk() {
          for (const task of found) yield { layers: undefined, ...task };
        },
        metainfo: async (infoHash) => ({
          info: found.find((task) => task.infoHash === infoHash)?.info,
          layers: undefined,
        }),
        freeBytes: async () => disk.freeBytes,
      },
      index,
      uplink: line,
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
      ...over,
    },
    silentLog,
  );
  t.after(async () => {
    await manager.close();
    index.close();
    rmSync(dir, { recursive: true });
  });
  return { manager, index, known, dialled, disk, line };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (isTrue()) return;
    await sleep(10);
  }
  assert.fail(`not within 5 s: ${what}`);
}

/** It looks at the disk every other second. */
async function looked(t: TestContext): Promise<void> {
  t.mock.timers.tick(LIMITS.roomEveryMs);
  await sleep(10);
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

test('with too many clients, those of the torrent with fewest are let go, and its next one is taken like any other', async (t) => {
  const { manager } = setUp(t, { downloads: 2 });
  const [many, few] = [hashOf(infoOf(false)), hashOf(Buffer.from('another'))];
  const crowd = [1, 2, 3].map(() => arriving(many));
  const alone = arriving(few);
  for (const a of [...crowd, alone]) assert.deepEqual(manager.claim(a), { kind: 'taken' });
  const isHere = ({ stream }: Arriving): boolean => !(stream as TestStream).destroyed;
  assert.equal(manager.shed(1), 1);
  assert.deepEqual([alone, ...crowd].map(isHere), [false, true, true, true]);
  assert.equal(manager.shed(9), 3, 'there are no more');
  assert.equal(manager.shed(1), 0);
  assert.deepEqual(manager.claim(arriving(few)), { kind: 'taken' });
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

test('what the operator wants has a task whoever is here, but not against policy', (t) => {
  const [wanted, blocked, secret] = ['a', 'b', 'c'].map((digit) => digit.repeat(40) as InfoHash);
  assert.ok(wanted && blocked && secret);
  const { manager, index } = setUp(t, { block: [blocked] });
  const task = manager.order(wanted);
  assert.ok(typeof task !== 'string');
  assert.equal(manager.order(wanted), task);
  assert.equal(manager.order(blocked), 'blocked');
  index.putTask({ infoHash: secret, addedAtMs: 1 });
  index.setReach(secret, 'private');
  assert.equal(manager.order(secret), 'private');
});

test('with a full disk a torrent that is not whole passes, one that is whole is served', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { manager, index, disk, dialled } = setUp(t);
  disk.freeBytes = 0;
  const info = infoOf(false);
  const whole = hashOf(info);
  index.putTask({ infoHash: whole, addedAtMs: 1 });
  index.setInfo(whole, info, 1);
  index.setHave(whole, Buffer.from([0x80]));
  const lacking = hashOf(Buffer.from('another'));
  await looked(t);
  assert.deepEqual(manager.claim(arriving(lacking)), { kind: 'pass', why: 'disk-full' });
  manager.expect(lacking, 'http://tracker.example/announce');
  assert.deepEqual(manager.claim(arriving(whole)), { kind: 'taken' });
  assert.deepEqual(dialled, []);
  disk.freeBytes = Number.MAX_SAFE_INTEGER;
  await looked(t);
  assert.deepEqual(manager.claim(arriving(lacking)), { kind: 'taken' });
});

test('with the day used up a torrent that is not whole passes, one that is whole is served', (t) => {
  const { manager, index, line } = setUp(t);
  const info = infoOf(false);
  const whole = hashOf(info);
  index.putTask({ infoHash: whole, addedAtMs: 1 });
  index.setInfo(whole, info, 1);
  index.setHave(whole, Buffer.from([0x80]));
  const lacking = hashOf(Buffer.from('another'));
  line.isSpent = true;
  assert.deepEqual(manager.claim(arriving(lacking)), { kind: 'pass', why: 'day-used-up' });
  assert.deepEqual(manager.claim(arriving(whole)), { kind: 'taken' });
  line.isSpent = false;
  assert.deepEqual(manager.claim(arriving(lacking)), { kind: 'taken' });
});

test('with room for what is being fetched, and for no more, its clients are still taken', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const info = infoOf(false);
  const fetched = hashOf(info);
  const { manager, index, disk } = setUp(t, { downloads: 2 }, [{ infoHash: fetched, info }]);
  index.putTask({ infoHash: fetched, addedAtMs: 1 });
  index.setInfo(fetched, info, 1);
  assert.deepEqual(manager.claim(arriving(fetched)), { kind: 'taken' });
  await until('fetching', () => manager.views()[0]?.state === 'down');
  disk.freeBytes = 1 << 20;
  await looked(t);
  assert.equal(manager.wouldPass(hashOf(Buffer.from('another')), '192.168.1.6'), 'disk-full');
  assert.equal(manager.wouldPass(fetched, '192.168.1.6'), undefined);
  assert.deepEqual(manager.claim(arriving(fetched)), { kind: 'taken' });
  disk.freeBytes = 1;
  await looked(t);
  assert.equal(manager.wouldPass(fetched, '192.168.1.6'), 'disk-full');
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

test('a torrent whose metainfo lies beside its pieces is judged by its row, and greets nobody before it was read', async (t) => {
  const [open, own] = [infoOf(false), infoOf(true)].map((info) => ({ infoHash: hashOf(info), info }));
  assert.ok(open && own);
  const { manager, index } = setUp(t, {}, [open, own]);
  manager.resume('first');
  await until('re-checked', () => manager.views().length === 1 && index.doubts.count === 1);
  assert.deepEqual([index.task(open.infoHash)?.info, index.task(open.infoHash)?.reach], [undefined, 'public']);
  for (const { infoHash } of [open, own]) index.setHave(infoHash, Buffer.from([0x80]));
  await manager.close();

  const asleep = setUp(t, {}, [open, own]);
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
  const { manager, index, known } = setUp(t, { block: [blocked] });
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
  const { manager, index } = setUp(t, {}, [{ infoHash, info }]);
  index.putTask({ infoHash, addedAtMs: 1, info, pieceCount: 1 });
  manager.resume('unclean');
  assert.equal(index.task(infoHash)?.doubtful, true);
  await manager.close();
  assert.equal(index.task(infoHash)?.doubtful, true, 'closed before it was over');
  const next = setUp(t, {}, [{ infoHash, info }]);
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
  const { manager, index } = setUp(t, {}, found);
  manager.resume('first');
  await until('re-checked', () => index.size === found.length && index.doubts.count === 0);
  await until('left', () => manager.views().length <= LIMITS.recheckedTasks);
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

test('a task that throws is closed alone, passes for a while, and then begins again', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setInterval'] });
  let isBroken = true;
  const { manager } = setUp(t, { downloads: 2 }, [], {
    dhtNode: () => {
      if (isBroken) throw new Error('bug: for this test');
    },
  });
  const [broken, sound] = ['a', 'b'].map((text) => hashOf(Buffer.from(text))) as [InfoHash, InfoHash];
  const visit = (infoHash: InfoHash) => {
    const client = { ...arriving(infoHash), stream: new TestStream() };
    const claim = manager.claim(client);
    return { claim, stream: client.stream };
  };
  const [first, other, bystander] = [visit(broken), visit(broken), visit(sound)];
  first.stream.data(encodeMessage({ kind: 'port', port: 6881 }));
  assert.deepEqual([first.stream.destroyed, other.stream.destroyed, bystander.stream.destroyed], [true, true, false]);
  assert.deepEqual(
    manager.views().map(({ infoHash }) => infoHash),
    [sound],
  );
  assert.deepEqual(visit(broken).claim, { kind: 'pass', why: 'task-failed' });
  isBroken = false;
  t.mock.timers.tick(LIMITS.setbackMs);
  const again = visit(broken);
  assert.deepEqual(again.claim, { kind: 'taken' });
  again.stream.data(encodeMessage({ kind: 'port', port: 6881 }));
  assert.equal(again.stream.destroyed, false);
});

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
  const { manager, index } = setUp(t);
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
  const { manager, index } = setUp(t);
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
