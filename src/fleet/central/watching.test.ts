import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import { temporary } from './fixtures.ts';
import { PublishError } from './publishing.ts';
import { Watching } from './watching.ts';

const SETTLE_MS = 1_000;
const never = new AbortController().signal;

function bench(t: TestContext) {
  const home = temporary(t);
  const folder = join(home, 'watched');
  mkdirSync(folder);
  const published: string[] = [];
  const failed: string[] = [];
  const it = { nowMs: 0, publish: (_name: string): void => {} };
  const scope = new Scope((error) => assert.fail(String(error)));
  t.after(() => scope.close());
  const path = join(home, 'fleet.db');
  let book = FleetBook.open(path);
  t.after(() => book[Symbol.dispose]());
  const start = () =>
    new Watching({
      folder,
      settleMs: SETTLE_MS,
      book,
      clock: { nowMs: () => it.nowMs, sleep: async () => {} },
      log: silentLog,
      scope,
      publish: async (at) => {
        const name = at.slice(folder.length + 1);
        it.publish(name);
        published.push(name);
      },
      failed: (name, why) => void failed.push(`${name}: ${why}`),
    });
  let watching = start();
  /** Looks twice, with so long between. */
  const later = async (ms = SETTLE_MS): Promise<string[]> => {
    await watching.look(never);
    it.nowMs += ms;
    await watching.look(never);
    return published.splice(0).sort();
  };
  const restart = (): void => {
    book[Symbol.dispose]();
    book = FleetBook.open(path);
    watching = start();
  };
  const at = (...parts: string[]): string => join(folder, ...parts);
  return { it, at, later, restart, failed, look: () => watching.look(never) };
}

test('what is still is published once, and again when it has changed', async (t) => {
  const { at, later } = bench(t);
  writeFileSync(at('补丁.bin'), 'one');
  mkdirSync(at('课程', 'b'), { recursive: true });
  writeFileSync(at('课程', 'b', '1'), 'x');
  assert.deepEqual(await later(SETTLE_MS - 1), [], 'it may be written on');
  assert.deepEqual(await later(1), ['补丁.bin', '课程']);
  assert.deepEqual(await later(), []);
  appendFileSync(at('补丁.bin'), 'two');
  assert.deepEqual(await later(), ['补丁.bin']);
  writeFileSync(at('课程', 'b', '2'), 'y');
  assert.deepEqual(await later(), ['课程']);
});

test('what is being written is left until it is still', async (t) => {
  const { at, later, it, look } = bench(t);
  writeFileSync(at('a'), '');
  for (let i = 0; i < 10; i++) {
    appendFileSync(at('a'), 'x');
    await look();
    it.nowMs += SETTLE_MS - 1;
  }
  assert.deepEqual(await later(0), []);
  assert.deepEqual(await later(), ['a']);
});

test('hidden and temporary names are left, at the top and within', async (t) => {
  const { at, later } = bench(t);
  for (const name of ['.hidden', '~a', 'b~', 'c.part', 'd.CRDOWNLOAD', 'e']) writeFileSync(at(name), 'x');
  mkdirSync(at('folder'));
  writeFileSync(at('folder', 'x.part'), 'x');
  assert.deepEqual(await later(), ['e']);
  renameSync(at('folder', 'x.part'), at('folder', 'x'));
  renameSync(at('c.part'), at('c'));
  assert.deepEqual(await later(), ['c', 'folder']);
});

test('a restart sends nothing again, and sees what changed meanwhile', async (t) => {
  const { at, later, restart } = bench(t);
  writeFileSync(at('a'), 'x');
  writeFileSync(at('b'), 'x');
  assert.deepEqual(await later(), ['a', 'b']);
  restart();
  assert.deepEqual(await later(), []);
  writeFileSync(at('b'), 'y');
  utimesSync(at('b'), 0, 0);
  restart();
  assert.deepEqual(await later(), ['b']);
});

test('what changes while it is read is published again', async (t) => {
  const { at, later, it } = bench(t);
  writeFileSync(at('a'), 'x');
  it.publish = () => appendFileSync(at('a'), 'y');
  assert.deepEqual(await later(), ['a']);
  it.publish = () => {};
  assert.deepEqual(await later(), ['a']);
  assert.deepEqual(await later(), []);
});

test('what cannot be published is told of once, and tried when it has changed', async (t) => {
  const { at, later, it, failed } = bench(t);
  writeFileSync(at('a'), 'x');
  it.publish = () => {
    throw new PublishError('made up');
  };
  for (let i = 0; i < 3; i++) assert.deepEqual(await later(), []);
  assert.deepEqual(failed, ['a: made up']);
  it.publish = () => {};
  assert.deepEqual(await later(), []);
  appendFileSync(at('a'), 'y');
  assert.deepEqual(await later(), ['a']);
  rmSync(at('a'));
  assert.deepEqual(await later(), []);
});
