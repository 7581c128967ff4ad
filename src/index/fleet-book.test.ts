import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { type LogLine, logTo } from '#base/log.ts';
import { type DistributionRow, FleetBook } from './fleet-book.ts';
import { INDEX_LIMITS } from './limits.ts';
import { NewerSchemaError } from './migrations.ts';

function fileFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-book-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'data', 'fleet.db');
}

const row = (id: string, over: Partial<DistributionRow> = {}): DistributionRow => ({
  id,
  name: '补丁',
  rev: 1,
  manifest: Buffer.from('m'),
  signature: Buffer.from('s'),
  seed: null,
  source: '/srv/补丁',
  orders: '{}',
  state: 'offered',
  why: null,
  createdMs: 5,
  changedMs: 5,
  ...over,
});
const message = {
  distribution: 'a',
  receiver: 'node.n1.offer',
  type: 'offer',
  contentType: 'x',
  body: Buffer.from('1'),
};

test('whatever was said is there after a restart', (t) => {
  const path = fileFor(t);
  {
    using book = FleetBook.open(path);
    assert.ok(book.putDistribution(row('a')));
    assert.ok(!book.putDistribution(row('a', { state: 'other' })), 'known already');
    assert.ok(book.putDistribution(row('b', { rev: 2, createdMs: 9 })));
    assert.throws(() => book.putDistribution(row('c', { rev: 2 })), /UNIQUE/);
    book.setDistribution('a', 'complete', 7, 'all-done');
    book.setSeed('a', Buffer.from('seed'));
    book.putTarget('a', 'n1', 6, { state: 'offered' });
    book.putTarget('a', 'n1', 7, { state: 'failed', why: 'disk-full', tries: 1, haveBytes: 10 });
    book.putTarget('a', 'n1', 8, { state: 'offered' });
    book.putNode('n1', '{"site":"east"}', 3);
    book.putNode('n1', '{"site":"west"}', 4);
    book.send(message);
    book.setFact('site east', '1');
    assert.ok(book.isNews('x'));
  }
  using book = FleetBook.open(path);
  assert.deepEqual(
    book.distribution('a'),
    row('a', { state: 'complete', why: 'all-done', seed: Buffer.from('seed'), changedMs: 7 }),
  );
  assert.deepEqual(
    book.distributions().map(({ id }) => id),
    ['b', 'a'],
  );
  const { seed: _, ...brief } = row('a', { state: 'complete', why: 'all-done', changedMs: 7 });
  assert.deepEqual(book.distributionBriefs()[1], brief);
  assert.equal(book.lastRev('补丁'), 2);
  assert.equal(book.lastRev('other'), 0);
  const target = {
    distribution: 'a',
    node: 'n1',
    state: 'offered',
    why: 'disk-full',
    detail: null,
    tries: 1,
    haveBytes: 10,
    changedMs: 8,
  };
  assert.deepEqual(book.targets('a'), [target]);
  assert.deepEqual(book.targetsOf('n1'), [target]);
  assert.deepEqual(book.targetsOf('n2'), []);
  assert.deepEqual(book.distributionHeads()[1], { id: 'a', name: '补丁', rev: 1, orders: '{}', state: 'complete' });
  assert.deepEqual(book.nodes(), [{ name: 'n1', said: '{"site":"west"}', seenMs: 4, away: 0 }]);
  assert.deepEqual(book.unsent(), [{ id: 1, ...message }]);
  assert.equal(book.fact('site east'), '1');
  assert.ok(book.wasHeard('x') && !book.wasHeard('y'));
  assert.ok(!book.isNews('x'));
});

test('what a message brings about is kept with it, or not at all', (t) => {
  using book = FleetBook.open(fileFor(t));
  assert.throws(() =>
    book.transaction(() => {
      book.isNews('m1');
      book.putDistribution(row('a'));
      book.transaction(() => book.send(message));
      throw new Error('on the way');
    }),
  );
  assert.equal(book.distribution('a'), undefined);
  assert.deepEqual(book.unsent(), []);
  assert.ok(book.isNews('m1'));
});

test('what is to be sent leaves in order, once, and goes with its distribution', (t) => {
  using book = FleetBook.open(fileFor(t));
  book.putDistribution(row('a'));
  for (let i = 0; i < 5; i++) book.send({ ...message, distribution: i === 3 ? null : 'a', type: `${i}` });
  assert.deepEqual(
    book.unsent(0, 2).map(({ type }) => type),
    ['0', '1'],
  );
  book.sent(1);
  assert.deepEqual(
    book.unsent(2).map(({ type }) => type),
    ['2', '3', '4'],
  );
  book.putTarget('a', 'n1', 1, {});
  book.forgetDistribution('a');
  assert.deepEqual(
    book.unsent().map(({ type }) => type),
    ['3'],
  );
  assert.deepEqual(book.targets('a'), []);
  book.send(message);
  assert.equal(book.unsent().at(-1)?.id, 6, 'an id is never used twice');
});

test('the diary tells the newest first, of everything, one distribution or one node, and forgets the oldest', (t) => {
  using book = FleetBook.open(fileFor(t));
  const dayMs = 86_400_000;
  const nowMs = 1_000 * dayMs;
  book.note({ atMs: nowMs - (INDEX_LIMITS.noteDays + 1) * dayMs, code: 'long-ago' });
  book.note({ atMs: nowMs, distribution: 'a', code: 'published', detail: 'x'.repeat(9_999) });
  book.note({ atMs: nowMs + 1, distribution: 'a', node: 'n1', code: 'failed', why: 'disk-full' });
  book.note({ atMs: nowMs + 2, node: 'n1', code: 'node-went' });
  book.note({ atMs: nowMs + 3, distribution: 'b', node: 'n1', code: 'failed' });
  const codes = (of: Parameters<FleetBook['notes']>[0]) => book.notes(of).map(({ seq, code }) => [seq, code]);
  assert.deepEqual(codes({}), [
    [5, 'failed'],
    [4, 'node-went'],
    [3, 'failed'],
    [2, 'published'],
  ]);
  assert.deepEqual(codes({ before: 5, limit: 1 }), [[4, 'node-went']]);
  assert.deepEqual(codes({ distribution: 'a', node: 'n1' }), [[3, 'failed']]);
  assert.deepEqual(codes({ node: 'n1' }), [
    [5, 'failed'],
    [4, 'node-went'],
    [3, 'failed'],
  ]);
  assert.deepEqual(book.notes({ distribution: 'a', node: 'n1' })[0], {
    seq: 3,
    atMs: nowMs + 1,
    distribution: 'a',
    node: 'n1',
    code: 'failed',
    why: 'disk-full',
    detail: null,
  });
  assert.equal(book.notes({ before: 3 })[0]?.detail?.length, INDEX_LIMITS.noteChars);
  assert.deepEqual(
    book.notesAfter(3, 1).map(({ seq }) => seq),
    [4],
  );
  book.transaction(() => {
    for (let i = 0; i < INDEX_LIMITS.notes; i++) book.note({ atMs: nowMs + 9, code: 'more' });
  });
  assert.equal(book.notesAfter(0, 1)[0]?.seq, 6);
});

test('who went is known after a restart', (t) => {
  const path = fileFor(t);
  {
    using book = FleetBook.open(path);
    book.putNode('n1', '{}', 1);
    book.setAway('n1', true);
    book.putNode('n1', '{}', 2);
  }
  using book = FleetBook.open(path);
  assert.deepEqual(book.nodes(), [{ name: 'n1', said: '{}', seenMs: 2, away: 1 }]);
});

test('a book of a later version is refused or moved aside, whole, and one that is none is told of', (t) => {
  const path = fileFor(t);
  const put = (name: string): void => {
    using book = FleetBook.open(path);
    book.putNode(name, '{}', 1);
  };
  const leave = (change: string): void => {
    const db = new Sqlite(path);
    db.exec(change);
    db.close();
  };
  put('n1');
  leave('PRAGMA user_version = 99; UPDATE schema_use SET oldest = 98');
  assert.throws(() => FleetBook.open(path), NewerSchemaError);
  const lines: LogLine[] = [];
  const log = logTo((line) => lines.push(line));
  FleetBook.open(path, { log, tooNew: 'aside' })[Symbol.dispose]();
  put('n2');
  leave(`PRAGMA user_version = 99; ALTER TABLE node ADD COLUMN later TEXT NOT NULL DEFAULT 'x'`);
  {
    using book = FleetBook.open(path, { log });
    book.putNode('n3', '{}', 1);
    assert.deepEqual(
      book.nodes().map(({ name }) => name),
      ['n2', 'n3'],
    );
  }
  const [tooNew, newer] = lines;
  assert.deepEqual([tooNew?.event, newer?.event, lines.length], ['fleet-book-too-new', 'fleet-book-of-newer', 2]);
  const aside = new Sqlite(String(tooNew?.fields.movedTo), { readonly: true });
  assert.equal(aside.prepare('SELECT name FROM node').pluck().get(), 'n1');
  aside.close();
  rmSync(path);
  writeFileSync(path, 'no database at all, but long enough to be looked at'.repeat(50));
  assert.throws(() => FleetBook.open(path), /move it away/);
});

test('who is in which wave, and how far, is there after a restart, and goes with its distribution', (t) => {
  const path = fileFor(t);
  {
    using book = FleetBook.open(path);
    book.putDistribution(row('a'));
    book.putDistribution(row('b', { rev: 2 }));
    book.installs.putRollout('a', 5, {});
    book.installs.putRollout('a', 6, { state: 'stopped', wave: 1, why: 'silent', node: 'n1', resumedMs: 4 });
    book.installs.putRollout('b', 7, { state: 'over' });
    book.installs.put('a', 'n2', 5, { wave: 1 });
    book.installs.put('a', 'n1', 5, {});
    book.installs.put('a', 'n1', 8, { state: 'failed', why: 'silent', attempt: 2 });
    book.installs.put('b', 'n1', 6, { state: 'healthy', attempt: 1 });
  }
  using book = FleetBook.open(path);
  const install = { distribution: 'a', wave: 0, state: 'waiting', why: null, detail: null, attempt: 0, changedMs: 5 };
  const failed = { ...install, node: 'n1', state: 'failed', why: 'silent', attempt: 2, changedMs: 8 };
  assert.deepEqual(book.installs.of('a'), [failed, { ...install, node: 'n2', wave: 1 }]);
  assert.deepEqual(
    book.installs.at('n1').map(({ distribution, state }) => [distribution, state]),
    [
      ['b', 'healthy'],
      ['a', 'failed'],
    ],
  );
  const stopped = { state: 'stopped', wave: 1, why: 'silent', node: 'n1', resumedMs: 4, changedMs: 6 };
  assert.deepEqual(
    book.installs.rollouts(),
    [{ distribution: 'a', ...stopped }],
    'what is over is not looked at again',
  );
  assert.throws(() => book.installs.put('none', 'n1', 1, {}), /FOREIGN KEY/);
  book.forgetDistribution('a');
  assert.equal(book.installs.rollout('a'), undefined);
  assert.deepEqual(book.installs.of('a'), []);
});
