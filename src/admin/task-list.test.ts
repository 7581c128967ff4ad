import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import { silentLog } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { fillIndex, type MadeRow, madeRow } from '#index/listing-fixtures.ts';
import { SearchThread } from '#index/search-thread.ts';
import type { TaskView } from './contract.ts';
import type { TaskQuery } from './contract-tasks.ts';
import { fakeClient, fakeTask } from './fixtures.ts';
import { TaskList } from './task-list.ts';

const COUNT = 500;
const folder = mkdtempSync(join(tmpdir(), 'swarmbox-list-'));
const path = join(folder, 'index.db');
fillIndex(path, COUNT);
const rows = Array.from({ length: COUNT }, (_, row) => madeRow(row));
const search = new SearchThread(path, silentLog);
after(async () => {
  await search.close();
  rmSync(folder, { recursive: true });
});

const hashOf = (row: number): InfoHash => (rows[row] as MadeRow).infoHash;
const rest = { clients: [], origins: [], fillRateBytesPerS: 0, serveRateBytesPerS: 0 };
const awake: TaskView[] = [
  fakeTask({ infoHash: hashOf(3), name: '', serveRateBytesPerS: 50, fillRateBytesPerS: 0, state: 'complete' }),
  fakeTask({ infoHash: hashOf(7), serveRateBytesPerS: 900, fillRateBytesPerS: 5, state: 'down' }),
  fakeTask({ ...rest, infoHash: hashOf(11), state: 'sleep', why: 'no-client', totalBytes: 0, haveBytes: 0 }),
];
const NAMELESS = 'f'.repeat(40);
const list = new TaskList({
  ask: (question) => search.ask(question),
  awake: () => awake,
  folderOn: (disk) => (disk === '/a' ? folder : undefined),
  ordered: () => [hashOf(20), hashOf(21)],
  decided: (infoHash) => ({ isPinned: infoHash === hashOf(3), isBlocked: false }),
  row: () => undefined,
});
async function pageOf(query: TaskQuery) {
  const listed = await list.page(query);
  assert.ok(listed.kind === 'ok');
  return listed.page;
}
const hashes = async (query: TaskQuery) => (await pageOf(query)).rows.map(({ infoHash }) => infoHash);

test('what is awake is shown as it is now, what rests as the index has it', async () => {
  const { rows: shown, matching, total } = await pageOf({ sort: 'added', order: 'up', limit: 12 });
  assert.deepEqual([matching, total], [COUNT, COUNT]);
  const [first, third, eleventh] = [shown[0], shown[3], shown[11]];
  const { name, totalBytes } = rows[0] as MadeRow;
  assert.deepEqual([first?.name, first?.totalBytes, first?.clients], [name, totalBytes, 0]);
  assert.equal(third?.name, rows[3]?.name, 'a task that has not read its metainfo yet');
  assert.deepEqual([third?.clients, third?.origins, third?.serveRateBytesPerS, third?.isPinned], [1, 1, 50, true]);
  assert.equal(third?.totalBytes, 3_992_977_408);
  assert.equal(eleventh?.totalBytes, rows[11]?.totalBytes);
});

test('what moves is found among those in memory, and the rest without them', async () => {
  assert.deepEqual((await hashes({ filter: 'live' })).toSorted(), [hashOf(3), hashOf(7)].toSorted());
  assert.deepEqual(await hashes({ filter: 'down' }), [hashOf(7)]);
  const idle = await pageOf({ filter: 'idle', limit: 200 });
  assert.equal(idle.matching, COUNT - 2);
  assert.deepEqual((await hashes({ filter: 'prefill' })).toSorted(), [hashOf(20), hashOf(21)].toSorted());
  assert.equal((await pageOf({ disk: '/not-ours' })).matching, 0);
});

test('by rate, what moves comes before all else or after it, and pages join', async () => {
  for (const order of ['down', 'up'] as const) {
    for (const sort of ['serveRate', 'fillRate'] as const) {
      const all: string[] = [];
      for (let offset = 0; offset < COUNT; offset += 70) {
        const page = await pageOf({ sort, order, offset, limit: 70 });
        assert.equal(page.matching, COUNT);
        all.push(...page.rows.map(({ infoHash }) => infoHash));
      }
      assert.equal(new Set(all).size, COUNT, `${sort} ${order}`);
      assert.equal(all.length, COUNT);
      const fast = sort === 'serveRate' ? [hashOf(7), hashOf(3)] : [hashOf(7)];
      if (order === 'down') assert.deepEqual(all.slice(0, fast.length), fast);
      else assert.deepEqual(all.slice(-fast.length), fast.toReversed());
    }
  }
  assert.deepEqual(await hashes({ sort: 'serveRate', filter: 'live' }), [hashOf(7), hashOf(3)]);
  const idle = await hashes({ sort: 'serveRate', filter: 'idle', limit: 200 });
  assert.ok(!idle.includes(hashOf(7)));
});

test('a torrent in memory that nobody has told of yet is in the list, once, at the end where it belongs', async () => {
  const nameless = fakeTask({ infoHash: NAMELESS, name: '', state: 'down', why: 'no-metainfo', totalBytes: 0 });
  awake.push(nameless);
  try {
    const page = await pageOf({ limit: 2 });
    assert.deepEqual([page.matching, page.total], [COUNT + 1, COUNT + 1]);
    assert.deepEqual([page.rows[0]?.infoHash, page.rows[0]?.why, page.rows[0]?.clients], [NAMELESS, 'no-metainfo', 1]);
    for (const sort of ['lastAsked', 'name', 'serveRate'] as const)
      for (const order of ['down', 'up'] as const) {
        const all: string[] = [];
        for (let offset = 0; offset <= COUNT; offset += 70)
          all.push(...(await hashes({ sort, order, offset, limit: 70 })));
        assert.deepEqual([all.length, new Set(all).size], [COUNT + 1, COUNT + 1], `${sort} ${order}`);
        const isFirst = (sort === 'lastAsked') === (order === 'down');
        assert.equal(all.at(isFirst ? 0 : -1), NAMELESS, `${sort} ${order}`);
      }
    const has = async (query: TaskQuery) => (await hashes(query)).includes(NAMELESS);
    assert.ok((await has({ filter: 'live' })) && (await has({ filter: 'down' })) && (await has({ search: 'ffff' })));
    for (const query of [{ search: 'ubuntu' }, { disk: '/a' }, { filter: 'idle' }, { filter: 'complete' }] as const)
      assert.ok(!(await has(query)), JSON.stringify(query));
  } finally {
    awake.pop();
  }
});

test('machines are counted, not their connections', async () => {
  const two = ['192.168.7.21:1', '192.168.7.21:2', '[fd00::7]:3'].map((endpoint) => fakeClient({ endpoint }));
  awake[1] = fakeTask({ infoHash: hashOf(7), state: 'down', clients: two });
  const { rows: shown } = await pageOf({ filter: 'down' });
  assert.equal(shown[0]?.clients, 2);
});

test('any question is answered, and no page is larger than was asked', async () => {
  const queries = fc.record(
    {
      search: fc.string({ unit: anyCharacter, maxLength: 200 }),
      filter: fc.constantFrom('all', 'live', 'down', 'complete', 'pinned', 'limited-rate', 'idle', 'prefill'),
      disk: fc.constantFrom('/a', '/b', ''),
      sort: fc.constantFrom('name', 'have', 'heat', 'serveRate', 'fillRate'),
      order: fc.constantFrom('up', 'down'),
      offset: fc.nat(10_000_000),
      limit: fc.integer({ min: 1, max: 200 }),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(queries, async (query) => {
      const page = await pageOf(query as TaskQuery);
      assert.ok(page.rows.length <= (query.limit ?? 50));
      assert.ok(page.matching >= page.rows.length && page.matching <= page.total);
    }),
    { numRuns: 100 },
  );
});
