import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKeeper, settingsFolder } from './fixtures.ts';
import type { Intent } from './settings-book.ts';
import { WINDOW_MS } from './unconfirmed.ts';

test('killed at any moment, the settings are those of the last answered change, or of the one after it', async (t) => {
  const { path, read } = settingsFolder(t);
  for (let round = 0; round < 8; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.ts'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    child.stdout.on('data', (bytes) => {
      told += bytes;
    });
    await once(child.stdout, 'data');
    await sleep(5 + 13 * round);
    child.kill('SIGKILL');
    await once(child, 'close');
    const answered = Number(told.trim().split('\n').at(-1));
    const { keeper } = await openKeeper(path);
    const seats = Number(keeper.given.seats);
    assert.ok(seats === answered || seats === answered + 1, `${seats} after ${answered}`);
    assert.deepEqual(read(), keeper.given);
    const kinds = keeper.history().map(({ kind }) => kind);
    assert.ok(!kinds.includes('file'), kinds.join(' '));
    assert.deepEqual(readdirSync(join(path, '..')).toSorted(), ['config.json', 'data']);
  }
});

/** What a kill leaves after each step of a change. */
const STEPS = ['intent', 'kept', 'file', 'history'] as const;

for (const isToConfirm of [false, true])
  for (const step of STEPS)
    test(`killed after the step "${step}" of a change that is ${isToConfirm ? 'to be confirmed' : 'not to be confirmed'}`, async (t) => {
      const { path, data, write, read, least } = settingsFolder(t);
      const { clock } = await openKeeper(path);
      const after = { ...least, admin: { host: '10.0.0.1', port: 80 } };
      const row = { revision: 2, atMs: clock.ms, who: 'root', note: 'n', kind: 'change' as const, given: after };
      const confirm = { token: 'token', untilMs: clock.ms + WINDOW_MS };
      const intent: Intent = { row, before: least, ...(isToConfirm && { confirm }) };
      const done = STEPS.slice(0, STEPS.indexOf(step) + 1) as readonly string[];
      writeFileSync(join(data, 'settings-change.json'), JSON.stringify(intent));
      if (done.includes('kept')) linkSync(path, `${path}.before`);
      if (done.includes('file')) {
        rmSync(path);
        write(after);
      }
      if (done.includes('history')) writeFileSync(join(data, 'settings-history.ndjson'), `${JSON.stringify(row)}\n`);

      const { keeper } = await openKeeper(path, clock);
      const holds = isToConfirm && done.includes('file');
      assert.deepEqual(read(), holds ? after : least);
      assert.deepEqual(keeper.given, read());
      assert.equal(keeper.unconfirmed?.token, holds ? 'token' : undefined);
      if (holds) {
        assert.deepEqual([keeper.revision, keeper.history()[0]?.who], [2, 'root']);
        clock.ms += WINDOW_MS;
        const late = await openKeeper(path, clock);
        assert.deepEqual(late.keeper.given, least);
      }
      assert.deepEqual(read(), least);
      assert.ok(!existsSync(`${path}.before`) && !existsSync(join(data, 'settings-change.json')));
    });

/** A file system of 1 MiB in a folder of its own; undefined where nobody may mount one. */
function smallDisk(t: { after(fn: () => void): void }): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'settings-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    rmSync(dir, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', [dir]);
    rmSync(dir, { recursive: true });
  });
  return dir;
}

const fill = (disk: string): void => {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize));
  assert.equal(statfsSync(disk).bavail, 0);
};

test('on a full disk a change is refused and nothing is lost', async (t) => {
  const disk = smallDisk(t);
  if (!disk) return t.skip('only root may mount a small disk');
  const home = join(disk, 'etc');
  mkdirSync(home);
  const { path, read } = settingsFolder(t, {}, home);
  const { keeper, daemon, change } = await openKeeper(path);
  await change({ seats: 5 });
  fill(disk);
  const before = read();
  const full = await change({ seats: 6 });
  assert.equal(full.kind === 'refused' && full.why, 'disk-full');
  assert.deepEqual([read(), keeper.given, keeper.revision], [before, before, 2]);
  assert.equal(daemon.applied.length, 1);
  rmSync(join(disk, 'filler'));
  const { keeper: again } = await openKeeper(path);
  assert.deepEqual([again.given, again.revision], [before, 2]);
  assert.equal((await change({ seats: 6 })).kind, 'done');
});

test('on a disk that has become full an unconfirmed change is taken back all the same', async (t) => {
  const disk = smallDisk(t);
  if (!disk) return t.skip('only root may mount a small disk');
  const home = join(disk, 'etc');
  mkdirSync(home);
  const { path, read } = settingsFolder(t, {}, home);
  const { keeper, daemon, clock, change } = await openKeeper(path);
  const before = read();
  await change({ admin: { host: '10.0.0.1', port: 80 } });
  fill(disk);
  clock.ms += WINDOW_MS;
  await keeper.look();
  assert.deepEqual([read(), keeper.given, keeper.unconfirmed], [before, before, undefined]);
  assert.deepEqual(daemon.applied.at(-1), before);
  assert.equal(keeper.revision, 3);
});
