import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskPage, TaskRowView } from '#admin/contract-tasks.ts';
import { PAGE_ROWS, TaskPages } from './task-pages.ts';

const row = (n: number) => ({ infoHash: String(n) }) as TaskRowView;
const page = (offset: number): TaskPage => ({
  rows: Array.from({ length: PAGE_ROWS }, (_, i) => row(offset + i)),
  matching: 100_000,
  total: 120_000,
});

function fakeBox() {
  const asked: { offset: number; signal: AbortSignal; answer: (ok?: boolean) => Promise<void> }[] = [];
  let drawn = 0;
  const pages = new TaskPages({
    ask: (offset, _limit, signal) => {
      const { promise, resolve } =
        Promise.withResolvers<Awaited<ReturnType<ConstructorParameters<typeof TaskPages>[0]['ask']>>>();
      asked.push({
        offset,
        signal,
        answer: async (ok = true) => {
          resolve(ok ? { ok, answer: page(offset) } : { ok, problem: { why: 'busy', text: '' } });
          await promise;
          await Promise.resolve();
        },
      });
      return promise;
    },
    changed: () => {
      drawn++;
    },
  });
  return { pages, asked, drawn: () => drawn };
}

test('only what is looked at is asked for, and it is asked for once', async () => {
  const { pages, asked, drawn } = fakeBox();
  pages.look(0, 20);
  pages.look(3, 23);
  assert.equal(asked.length, 1);
  assert.equal(pages.row(5), undefined);
  await asked[0]?.answer();
  assert.equal(pages.row(5)?.infoHash, '5');
  assert.equal(pages.matching, 100_000);
  assert.equal(drawn(), 1);
  pages.look(10, 30);
  assert.equal(asked.length, 1);
});

test('scrolling far away drops what was asked for on the way', async () => {
  const { pages, asked } = fakeBox();
  pages.look(0, 20);
  pages.look(50_000, 50_020);
  assert.equal(asked[0]?.signal.aborted, true);
  assert.equal(asked[1]?.offset, 50_000);
  await asked[0]?.answer();
  assert.equal(pages.row(5), undefined, 'an answer that was given up is not taken');
});

test('never more than two questions at a time, however much is in sight', async () => {
  const { pages, asked } = fakeBox();
  pages.look(0, PAGE_ROWS * 5);
  assert.equal(asked.length, 2);
  await asked[0]?.answer();
  assert.equal(asked.length, 3);
});

test('a refresh asks again for what is in sight and keeps it until the answer', async () => {
  const { pages, asked } = fakeBox();
  pages.look(0, 20);
  await asked[0]?.answer();
  pages.refresh();
  assert.equal(asked.length, 2);
  assert.equal(pages.row(5)?.infoHash, '5');
});

test('a failure is told, not repeated by itself, and forgotten with the next success', async () => {
  const { pages, asked, drawn } = fakeBox();
  pages.look(0, 20);
  await asked[0]?.answer(false);
  assert.equal(pages.problem?.why, 'busy');
  assert.equal(asked.length, 1);
  assert.equal(drawn(), 1);
  pages.refresh();
  await asked[1]?.answer();
  assert.equal(pages.problem, undefined);
});

test('memory has a bound: pages far away are forgotten', async () => {
  const { pages, asked } = fakeBox();
  for (let i = 0; i < 30; i++) {
    pages.look(i * PAGE_ROWS, i * PAGE_ROWS + 20);
    await asked[i]?.answer();
  }
  const kept = Array.from({ length: 30 }, (_, i) => pages.row(i * PAGE_ROWS)).filter(Boolean).length;
  assert.equal(kept, 12);
  assert.ok(pages.row(29 * PAGE_ROWS));
});

test('after the end nothing is asked and nothing is drawn', async () => {
  const { pages, asked, drawn } = fakeBox();
  pages.look(0, 20);
  pages.stop();
  await asked[0]?.answer();
  pages.refresh();
  assert.equal(drawn(), 0);
  assert.equal(asked.length, 1);
});
