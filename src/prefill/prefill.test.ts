import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { InfoHash } from '#base/units.ts';
import { madeTorrent } from '#wire/made-torrent.ts';
import { at, type FakeTask, GB, NIGHT, PrefillBench } from './fixtures.ts';
import { LIMITS } from './limits.ts';

const hash = (digit: string): InfoHash => digit.repeat(40) as InfoHash;
const torrent = madeTorrent('v1', [{ path: ['补丁.bin'], bytes: Buffer.alloc(40_000, 7) }]);
const SOON = 8_000;
const LATER = LIMITS.uselessMs + SOON;

/** Links to torrents of these digits lie in the folder, and were taken. */
async function withLinks(t: TestContext, digits: string, settings = NIGHT): Promise<PrefillBench> {
  const bench = new PrefillBench(t, settings);
  await bench.prefill.look();
  bench.drop('list.magnet', [...digits].map((d) => hash(d)).join('\n'));
  await bench.pass(SOON);
  return bench;
}

const taskOf = (bench: PrefillBench, digit: string): FakeTask => bench.tasks.get(hash(digit)) as FakeTask;
const why = (bench: PrefillBench, name: string) => readFileSync(join(bench.folder, 'refused', `${name}.why`), 'utf8');

test('what is dropped by day waits for the night, is fetched two at a time in order, and stops in the morning', async (t) => {
  const bench = await withLinks(t, 'cab');
  assert.deepEqual(bench.whys(), [
    ['c', 'window-shut'],
    ['a', 'window-shut'],
    ['b', 'window-shut'],
  ]);
  assert.deepEqual(readdirSync(join(bench.folder, 'taken')), ['list.magnet']);
  await bench.goTo(at(2, 0, 2));
  assert.deepEqual(bench.fetching(), ['c', 'a']);
  assert.deepEqual(bench.whys().at(-1), ['b', 'prefill-waits']);
  taskOf(bench, 'c').whole = true;
  await bench.pass(2_000);
  assert.deepEqual(bench.fetching(), ['a', 'b']);
  await bench.goTo(at(7, 0, 2));
  assert.deepEqual(bench.fetching(), []);
  assert.deepEqual(bench.whys(), [
    ['a', 'window-shut'],
    ['b', 'window-shut'],
    ['c', 'whole'],
  ]);
});

test('the list outlives the process, and goes on where it was', async (t) => {
  const bench = await withLinks(t, 'ab', { ...NIGHT, hours: [{ from: '00:00', to: '24:00' }] });
  taskOf(bench, 'a').whole = true;
  await bench.pass(2_000);
  bench.restart();
  await bench.goTo(at(3, 0, 2));
  assert.deepEqual(bench.fetching(), ['b']);
});

test('while the day is used up, or clients need the box, nothing is fetched', async (t) => {
  const bench = await withLinks(t, 'a');
  for (const held of ['day-used-up', 'overload'] as const) {
    bench.box.held = undefined;
    await bench.goTo(at(3, 0, 2));
    assert.deepEqual(bench.fetching(), ['a']);
    bench.box.held = held;
    await bench.pass(2_000);
    assert.deepEqual([bench.fetching(), bench.whys()], [[], [['a', held]]]);
  }
});

test('other hours count at once', async (t) => {
  const bench = await withLinks(t, 'a');
  bench.prefill.setSettings({ ...NIGHT, hours: [{ from: '12:00', to: '13:00' }] });
  assert.deepEqual(bench.fetching(), ['a']);
  bench.prefill.setSettings({ ...NIGHT, hours: [] });
  assert.deepEqual(bench.fetching(), []);
});

test('what brings nothing makes way for the next, and has another turn later', async (t) => {
  const bench = await withLinks(t, 'abc');
  await bench.goTo(at(2, 0, 2));
  for (let ms = 0; ms < LIMITS.stuckMs; ms += 60_000) {
    taskOf(bench, 'b').progress = { ...taskOf(bench, 'b').progress, haveBytes: ms + 1 };
    await bench.goTo(bench.box.nowMs + 60_000);
  }
  assert.deepEqual(bench.fetching(), ['b', 'c']);
  assert.deepEqual(bench.whys().at(-1), ['a', 'no-progress']);
  taskOf(bench, 'b').whole = true;
  await bench.goTo(bench.box.nowMs + LIMITS.restMs);
  assert.deepEqual(bench.fetching(), ['a']);
});

test('what proves to be private or of no use is given up; what only failed is tried again', async (t) => {
  const bench = await withLinks(t, 'ab');
  bench.box.none = 'private';
  await bench.goTo(at(2, 0, 2));
  assert.deepEqual(bench.whys(), [
    ['a', 'private'],
    ['b', 'private'],
  ]);
  const other = await withLinks(t, 'a');
  other.box.none = 'task-failed';
  await other.goTo(at(2, 0, 2));
  assert.deepEqual(other.whys(), [['a', 'task-failed']]);
  other.box.none = undefined;
  await other.goTo(at(3, 1, 2));
  assert.deepEqual(other.whys(), [['a', 'prefill']]);
});

test('a task that is gone is asked for again', async (t) => {
  const bench = await withLinks(t, 'a');
  await bench.goTo(at(2, 0, 2));
  taskOf(bench, 'a').gone = true;
  await bench.pass(2_000);
  assert.deepEqual([bench.started.length, bench.fetching()], [2, ['a']]);
});

test('a link gets its name and size when they are known; one too large for every disk is given up', async (t) => {
  const bench = await withLinks(t, 'ab');
  await bench.goTo(at(2, 0, 2));
  taskOf(bench, 'a').progress = { name: '课程', totalBytes: 4 * GB, haveBytes: 0 };
  taskOf(bench, 'b').progress = { name: '太大', totalBytes: 900 * GB, haveBytes: 0 };
  await bench.pass(2_000);
  const [a, b] = bench.prefill.view().orders;
  assert.deepEqual([a?.name, a?.totalBytes, a?.why], ['课程', 4 * GB, 'prefill']);
  assert.deepEqual([b?.name, b?.why], ['太大', 'too-large']);
  assert.equal(taskOf(bench, 'b').ordered, false);
});

test('what is kept fills no more than a share of the disks: the next one waits until older ones may go', async (t) => {
  const bench = await withLinks(t, 'ab');
  await bench.goTo(at(2, 0, 2));
  const size = (digit: string, gigabytes: number) => {
    taskOf(bench, digit).progress = { name: digit, totalBytes: gigabytes * GB, haveBytes: 0 };
  };
  size('a', 500);
  await bench.pass(2_000);
  size('b', 400);
  await bench.pass(2_000);
  assert.deepEqual(bench.whys(), [
    ['a', 'prefill'],
    ['b', 'no-room'],
  ]);
  taskOf(bench, 'a').whole = true;
  await bench.goTo(at(4, 0, 2));
  await bench.goTo(at(4, 0, 3));
  assert.deepEqual(bench.whys()[0], ['b', 'no-room']);
  await bench.goTo(at(4, 0, 10));
  assert.deepEqual(bench.whys(), [['b', 'prefill']]);
});

test('of a torrent file all is known at once', async (t) => {
  const bench = new PrefillBench(t);
  await bench.prefill.look();
  bench.drop('补丁.torrent', torrent.torrentFile);
  await bench.pass(SOON);
  const [order] = bench.prefill.view().orders;
  assert.deepEqual([order?.infoHash, order?.totalBytes], [bench.takenIn[0]?.infoHash, bench.takenIn[0]?.totalBytes]);
});

test('what is whole already is done at once, and needs no night', async (t) => {
  const bench = new PrefillBench(t);
  await bench.prefill.look();
  bench.whole.add(hash('a'));
  bench.drop('a.magnet', hash('a'));
  await bench.pass(SOON);
  assert.deepEqual(bench.whys(), [['a', 'whole']]);
});

test('a torrent that is not served, is too large, or cannot be looked for is refused in words', async (t) => {
  const bench = new PrefillBench(t);
  await bench.prefill.look();
  const refused = async (name: string, text: string | Buffer, box: Partial<PrefillBench['box']>): Promise<string> => {
    const before = { ...bench.box };
    Object.assign(bench.box, box);
    bench.drop(name, text);
    await bench.pass(LATER);
    Object.assign(bench.box, before, { nowMs: bench.box.nowMs });
    return why(bench, name);
  };
  const { torrentFile } = torrent;
  assert.match(
    await refused('p.torrent', torrentFile, { refusal: 'private' }),
    /private torrent.+"servePrivate" is off/,
  );
  assert.match(await refused('b.torrent', torrentFile, { refusal: 'blocked' }), /"block" and "allow"/);
  assert.match(
    await refused('l.torrent', torrentFile, { room: { largest: 40_000, all: 40_000 } }),
    /too much for the largest/,
  );
  assert.match(await refused('d.magnet', hash('a'), { hasDht: false }), /names no tracker.+"dht"/);
  assert.match(await refused('q.magnet', `qvod://9|${hash('a')}|片|`, {}), /Qvod name alone/);
  assert.deepEqual(bench.whys(), []);
});

test('a Qvod link to what the box has under its BitTorrent name is that torrent', async (t) => {
  const bench = new PrefillBench(t);
  await bench.prefill.look();
  bench.box.twin = hash('b');
  bench.drop('q.magnet', `qvod://9|${hash('a')}|片|`);
  await bench.pass(SOON);
  assert.deepEqual(bench.whys(), [['b', 'window-shut']]);
});

test('of a file of links the good ones are taken, and the others told of', async (t) => {
  const bench = new PrefillBench(t);
  await bench.prefill.look();
  bench.drop('mixed.magnet', `${hash('a')}\nnonsense\n${hash('b')}`);
  await bench.pass(LATER);
  assert.equal(bench.whys().length, 2);
  assert.match(why(bench, 'mixed.magnet'), /^line 2: .+\nthe 2 others that it names are taken\n$/);
});

test('while the index cannot be written the file stays where it is, and nothing is lost by a restart', async (t) => {
  const bench = new PrefillBench(t);
  await bench.prefill.look();
  bench.box.writes = false;
  bench.drop('a.magnet', hash('a'));
  await bench.pass(SOON);
  assert.ok(readdirSync(bench.folder).includes('a.magnet'));
  bench.restart();
  bench.box.writes = true;
  await bench.pass(SOON);
  assert.deepEqual([bench.whys(), readdirSync(join(bench.folder, 'taken'))], [[['a', 'window-shut']], ['a.magnet']]);
});

test('orders of a backup that still wait come last, once; what is none is left out', async (t) => {
  const old = await withLinks(t, 'abc', { ...NIGHT, hours: [{ from: '00:00', to: '24:00' }] });
  taskOf(old, 'a').whole = true;
  await old.pass(2_000);
  const bench = await withLinks(t, 'bd');
  const orders = JSON.parse(JSON.stringify(old.prefill.orders));
  assert.equal(bench.prefill.addOrders([...orders, null, 7, { infoHash: 'x' }]), 1);
  assert.deepEqual(
    bench.whys().map(([digit]) => digit),
    ['b', 'd', 'c'],
  );
  bench.restart();
  assert.deepEqual(
    bench.whys().map(([digit]) => digit),
    ['b', 'd', 'c'],
  );
  assert.equal(bench.prefill.addOrders(orders), 0);
});
