import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InfoHash } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { encodeMessage } from '#wire/frames.ts';
import { arriving, BOX_IP, hashOf, infoOf, looked, managerIn, until } from './fixtures.ts';
import { LIMITS } from './limits.ts';
import type { Arriving } from './manager.ts';

test('clients of one torrent share one task, which dials the peer that the client wanted', async (t) => {
  const { manager, dialled, known } = managerIn(t);
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
  const { manager } = managerIn(t, { downloads: 2 });
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
  const { manager, dialled } = managerIn(t);
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
    const { manager, index } = managerIn(t, { servePrivate });
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
  const { manager, index } = managerIn(t, { block: [blocked] });
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
  const { manager, index, disk, dialled } = managerIn(t);
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
  const { manager, index, line } = managerIn(t);
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
  const { manager, index, disk } = managerIn(t, { downloads: 2 }, [{ infoHash: fetched, info }]);
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

test('a client that dialled the box itself leads to no origin, nor does the box to itself', async (t) => {
  const { manager, dialled } = managerIn(t);
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
  const { manager, index, known } = managerIn(t, { block: [infoHash] });
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
    const { manager, index } = managerIn(t, { servePrivate: true });
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

test('a task that throws is closed alone, passes for a while, and then begins again', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setInterval'] });
  let isBroken = true;
  const { manager } = managerIn(t, { downloads: 2 }, [], {
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
