import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { silentLog } from '#base/log.ts';
import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { Index } from './index.ts';
import { INDEX_LIMITS } from './limits.ts';
import { MIGRATIONS, migrate } from './migrations.ts';
import { type Due, SELECT_DUE } from './scrubs.ts';

const newHash = () => infoHashOf(randomBytes(20));

function pathFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-scrubs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'swarmbox.db');
}

/** Opens, works, closes: what follows sees only what was kept. */
function within<T>(path: string, work: (index: Index) => T): T {
  const index = Index.open(path, silentLog);
  try {
    return work(index);
  } finally {
    index.close();
  }
}

function put(index: Index, addedAtMs: number): InfoHash {
  const infoHash = newHash();
  index.putTask({ infoHash, addedAtMs, info: Buffer.from('i'), pieceCount: 9, have: Buffer.from([1, 0]) });
  return infoHash;
}

const said = (due: readonly Due[]) => due.map(({ infoHash, next }) => [infoHash, next]);

test('who was verified longest ago is first, new ones as they came, and a restart changes nothing', (t) => {
  const path = pathFor(t);
  const [b, a, c] = within(path, (index) => {
    const hashes = [put(index, 20), put(index, 10), put(index, 30)] as const;
    index.putTask({ infoHash: newHash(), addedAtMs: 1 });
    assert.deepEqual(said(index.scrubs.due(1_000)), [
      [hashes[1], 0],
      [hashes[0], 0],
      [hashes[2], 0],
    ]);
    index.scrubs.done(hashes[1], 500);
    index.scrubs.reached(hashes[0], 7);
    return hashes;
  });
  within(path, (index) => {
    assert.deepEqual(said(index.scrubs.due(1_000)), [
      [b, 7],
      [c, 0],
      [a, 0],
    ]);
    assert.deepEqual(said(index.scrubs.due(499)).length, 2, 'not before its time');
    index.scrubs.done(b, 600.5);
    assert.deepEqual(said(index.scrubs.due(1_000)).at(-1), [b, 0], 'the next time from the beginning');
  });
});

test('a torrent without pieces has no turn, until it has one', (t) => {
  within(pathFor(t), (index) => {
    const infoHash = put(index, 1);
    index.setHave(infoHash, Buffer.alloc(2));
    assert.deepEqual(index.scrubs.due(1_000), []);
    index.setHave(infoHash, Buffer.from([0, 0x80]));
    assert.deepEqual(said(index.scrubs.due(1_000)), [[infoHash, 0]]);
    index.removeTask(infoHash);
    assert.deepEqual(index.scrubs.due(1_000), []);
    index.scrubs.reached(infoHash, 1);
    index.scrubs.done(infoHash, 1);
    assert.equal(index.size, 0);
  });
});

test('page after page each has its turn once, though those that had it move to the end', (t) => {
  within(pathFor(t), (index) => {
    const all = Array.from({ length: 2 * INDEX_LIMITS.scrubPage + 1 }, (_, i) => put(index, i % 7));
    const seen: InfoHash[] = [];
    for (let last: Due | undefined; ; ) {
      const page = index.scrubs.due(100, last);
      assert.ok(page.length <= INDEX_LIMITS.scrubPage);
      for (const { infoHash } of page) {
        seen.push(infoHash);
        if (seen.length % 2 === 0) index.scrubs.done(infoHash, 200);
      }
      last = page.at(-1);
      if (!last) break;
    }
    assert.equal(seen.length, all.length);
    assert.deepEqual(new Set(seen), new Set(all));
    assert.equal(index.scrubs.due(100).length, INDEX_LIMITS.scrubPage);
  });
});

test('in an index of the version before, what was added first has the first turn', (t) => {
  const path = pathFor(t);
  const old = new Sqlite(path);
  migrate(old, MIGRATIONS.slice(0, 5));
  const [late, early, none] = [newHash(), newHash(), newHash()];
  const insert = old.prepare(
    'INSERT INTO task (info_hash, piece_count, have_count, added_at_ms, used_at_ms) VALUES (?, 9, ?, ?, 70)',
  );
  for (const [infoHash, have, atMs] of [
    [late, 9, 60],
    [early, 1, 50],
    [none, 0, 1],
  ] as const)
    insert.run(infoHashBytes(infoHash), have, atMs);
  old.close();
  within(path, (index) => {
    assert.deepEqual(said(index.scrubs.due(1_000)), [
      [early, 0],
      [late, 0],
    ]);
    assert.deepEqual([index.task(late)?.haveCount, index.task(late)?.usedAtMs, index.size], [9, 70, 3]);
  });
  const plan = new Sqlite(path);
  const steps = plan.prepare(`EXPLAIN QUERY PLAN ${SELECT_DUE}`).all(1, 0, 0) as { detail: string }[];
  plan.close();
  assert.deepEqual(
    steps.map(({ detail }) => /USING INDEX task_scrubbed/.test(detail)),
    [true],
    'no table of all torrents is read or sorted',
  );
});
