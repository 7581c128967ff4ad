import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type LogLine, logTo, silentLog } from '#base/log.ts';
import { Index } from './index.ts';
import { INDEX_LIMITS } from './limits.ts';
import { fillIndex, madeRow } from './listing-fixtures.ts';
import { SearchThread } from './search-thread.ts';
import type { ListQuestion } from './task-search.ts';

const ALL: ListQuestion = { search: '', filter: 'all', sort: 'added', order: 'up', offset: 0, limit: 20 };

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-thread-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'index.db');
}

/** A thread that does what `script` says. */
function threadOf(t: TestContext, path: string, script?: string, withinMs?: number) {
  const lines: LogLine[] = [];
  const url = script === undefined ? undefined : new URL(`data:text/javascript,${encodeURIComponent(script)}`);
  const thread = new SearchThread(
    path,
    logTo((line) => lines.push(line)),
    url,
    withinMs,
  );
  t.after(() => thread.close());
  return { thread, lines };
}

test('what the index is told while the thread lives is found by the next question', async (t) => {
  const path = place(t);
  fillIndex(path, 50);
  const { thread } = threadOf(t, path);
  const index = Index.open(path, silentLog);
  t.after(() => index.close());
  const before = await thread.ask(ALL);
  assert.ok(before.kind === 'ok' && before.answer.total === 50);
  const infoHash = madeRow(1_000).infoHash;
  index.putTask({ infoHash, addedAtMs: 5 });
  index.setInfo(infoHash, undefined, 4);
  index.setHave(infoHash, Buffer.of(0b1010_0000));
  index.listing.describe(infoHash, '新片 One', 4_000);
  index.addTraffic(infoHash, 70, 30, 9);
  const found = await thread.ask({ ...ALL, search: 'one 新' });
  assert.ok(found.kind === 'ok' && found.answer.total === 51);
  const row = { infoHash, name: '新片 One', totalBytes: 4_000, haveBytes: 2_000, isWhole: false, isPrivate: false };
  assert.deepEqual(found.answer.rows, [{ ...row, servedBytes: 70, filledBytes: 30, addedAtMs: 5, decided: 0 }]);
});

test('a thread that ends answers who waits, and the next question has a new one', async (t) => {
  const once = `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, question }) => {
      if (question.search === 'die') throw new Error('broken');
      if (question.search === 'exit') process.exit(3);
      parentPort.postMessage({ id, answer: { rows: [], matching: 0, total: 7 } });
    });`;
  const { thread, lines } = threadOf(t, '/nowhere', once);
  for (const search of ['die', 'exit']) {
    const [dead, behind] = await Promise.all([thread.ask({ ...ALL, search }), thread.ask(ALL)]);
    assert.equal(dead.kind, 'failed');
    assert.equal(behind.kind, 'failed');
    assert.deepEqual(await thread.ask(ALL), { kind: 'ok', answer: { rows: [], matching: 0, total: 7 } });
  }
  assert.equal(lines.filter(({ event }) => event === 'task-search-ended').length, 2);
});

test('no more questions wait than may, one that is never answered is given up, and closing answers all', async (t) => {
  const deaf = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {});`;
  const { thread } = threadOf(t, '/nowhere', deaf);
  const waiting = Array.from({ length: INDEX_LIMITS.searchesWaiting }, () => thread.ask(ALL));
  assert.deepEqual(await thread.ask(ALL), { kind: 'busy' });
  await thread.close();
  for (const answer of await Promise.all(waiting)) assert.equal(answer.kind, 'failed');
  assert.equal((await thread.ask(ALL)).kind, 'failed');
  const hasty = threadOf(t, '/nowhere', deaf, 50);
  assert.deepEqual(await hasty.thread.ask(ALL), { kind: 'failed', why: 'it took too long' });
});

test('an index that cannot be read makes a question fail, not the process', async (t) => {
  const { thread } = threadOf(t, '/nowhere/index.db');
  assert.equal((await thread.ask(ALL)).kind, 'failed');
});
