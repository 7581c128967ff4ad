import assert from 'node:assert/strict';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { Installer } from '#fleet/node/installer.ts';
import { BundleInstaller } from './bundle-installer.ts';
import type { Slot, UpdateBackend } from './update-backend.ts';
import { Updates } from './updates.ts';

const never = new AbortController().signal;
const of = (version: string) => ({ compatible: 'box', version });

/** Two slots that play, over restarts: a bundle is the text `bundle VERSION`. */
class PlayedBox implements UpdateBackend {
  slots: { A: Slot; B: Slot } = {
    A: { name: 'A', version: '1.0.0', state: 'running' },
    B: { name: 'B', state: 'empty' },
  };
  next: 'A' | 'B' = 'A';
  breaks = false;
  isSilent = false;
  get running(): 'A' | 'B' {
    return this.slots.A.state === 'running' ? 'A' : 'B';
  }
  async view() {
    const version = this.slots[this.running].version ?? '';
    return {
      canUpdate: !this.isSilent,
      version,
      slots: Object.values(this.slots),
      needsReboot: this.next !== this.running,
    };
  }
  async inspect(path: string) {
    const version = /^bundle (\d\.\d\.\d)$/.exec(readFileSync(path, 'utf8'))?.[1];
    if (version === undefined) return { kind: 'failed' as const, why: 'its signature is wrong' };
    return { kind: 'bundle' as const, meta: { version, notes: '', isOlder: version < '1.0.0' } };
  }
  async install(path: string, progress: (share: number) => void) {
    progress(0.5);
    await nextTurn();
    if (this.breaks) return { kind: 'failed' as const, why: 'made up: the disk broke' };
    const other = this.running === 'A' ? 'B' : 'A';
    const version = readFileSync(path, 'utf8').slice('bundle '.length);
    this.slots[other] = { name: other, version, state: 'good' };
    this.next = other;
    return { kind: 'done' as const };
  }
  async rollBack() {
    return { kind: 'done' as const };
  }
  /** Into the slot that is next; `state` of the one that was left. */
  boot(state: 'good' | 'bad'): void {
    const from = this.running;
    if (this.next === from) return;
    this.slots[from] = { ...this.slots[from], state };
    this.slots[this.next] = { ...this.slots[this.next], state: 'running' };
  }
}

function bench(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'swarmbox-bundle-'));
  const box = new PlayedBox();
  const scope = new Scope(() => {});
  t.after(async () => {
    await scope.close();
    rmSync(dataDir, { recursive: true });
  });
  const it = { isGood: false, isInstalling: false, mayRestart: true, restarts: 0 };
  const updates = new Updates({ backend: box, dataDir, scope, log: silentLog });
  const installer: Installer = new BundleInstaller({
    updates,
    clock: { sleep: async () => void (await nextTurn()) },
    device: async () => ({ compatible: 'box', isGood: it.isGood, isInstalling: it.isInstalling }),
    restarts: {
      get view() {
        return { machine: it.mayRestart };
      },
      restart: () => {
        it.restarts++;
        return it.mayRestart;
      },
    },
  });
  const path = join(dataDir, 'box.raucb');
  const bundle = (text: string) => {
    writeFileSync(path, text);
    return { sizeBytes: text.length, bytes: () => createReadStream(path) };
  };
  return { box, it, installer, bundle, path, updates };
}

test('a bundle goes into the other slot, and after the restart the health gate says what it is', async (t) => {
  const { box, it, installer, bundle, path } = bench(t);
  assert.deepEqual(await installer.running(), { compatible: 'box', version: '1.0.0' });
  let reports = 0;
  const given = bundle('bundle 2.0.0');
  assert.equal(await installer.install(given, of('2.0.0'), () => void reports++, never), 'restarts');
  assert.ok(it.restarts === 1 && reports > 0);
  assert.equal(readFileSync(path, 'utf8'), 'bundle 2.0.0', 'the file it came from stays');
  assert.equal(await installer.outcome(of('2.0.0'), never), undefined);
  assert.equal(it.restarts, 2, 'only the process began anew');
  box.boot('good');
  assert.equal(await installer.outcome(of('2.0.0'), never), undefined, 'the gate has not said anything');
  it.isGood = true;
  assert.deepEqual(await installer.outcome(of('2.0.0'), never), { kind: 'healthy' });
});

test('a system that is not healthy is back on its old slot', async (t) => {
  const { box, installer, bundle } = bench(t);
  await installer.install(bundle('bundle 2.0.0'), of('2.0.0'), () => {}, never);
  box.boot('good');
  assert.equal(
    await installer.outcome(of('2.0.0'), never),
    undefined,
    'the gate has not said anything, or it is about to go back',
  );
  box.next = 'A';
  box.boot('bad');
  assert.deepEqual(await installer.outcome(of('2.0.0'), never), {
    kind: 'failed',
    code: 'rolled-back',
    detail: '1.0.0 runs again',
  });
});

test('what is no bundle, is another one, or cannot be written is a failure with a code, and restarts nothing', async (t) => {
  const { box, it, installer, bundle, updates } = bench(t);
  const code = async (text: string, version = '2.0.0') => {
    const outcome = await installer.install(bundle(text), of(version), () => {}, never);
    return typeof outcome === 'object' && outcome.kind === 'failed' ? outcome.code : outcome;
  };
  assert.equal(await code('rubbish'), 'invalid');
  assert.equal(await code('bundle 2.0.1'), 'other-version');
  assert.equal((await updates.view()).bundle, undefined);
  assert.equal(await code('bundle 0.9.0', '0.9.0'), 'conflict');
  box.breaks = true;
  assert.equal(await code('bundle 2.0.0'), 'not-installed');
  assert.equal(it.restarts, 0);
  assert.deepEqual(await installer.outcome(of('2.0.0'), never), {
    kind: 'failed',
    code: 'interrupted',
    detail: '1.0.0 runs, and 2.0.0 is in no slot',
  });
});

test('a box that may not restart its machine, or whose bundle cannot be read to its end, says so and changes nothing', async (t) => {
  const { box, it, installer, bundle } = bench(t);
  const given = bundle('bundle 2.0.0');
  it.mayRestart = false;
  const cannot = await installer.install(given, of('2.0.0'), () => {}, never);
  assert.ok(typeof cannot === 'object' && cannot.kind === 'failed' && cannot.code === 'not-available');
  it.mayRestart = true;
  const torn = async function* () {
    yield Buffer.from('bundle');
    throw new Error('piece 1 cannot be read');
  };
  assert.deepEqual(await installer.install({ ...given, bytes: torn }, of('2.0.0'), () => {}, never), {
    kind: 'failed',
    code: 'failed',
    detail: 'piece 1 cannot be read',
  });
  assert.deepEqual([box.slots.B.state, it.restarts], ['empty', 0]);
});

test('nothing is said while a slot is still written for a process that has ended, or while nobody answers', async (t) => {
  const { box, it, installer } = bench(t);
  it.isInstalling = true;
  assert.equal(await installer.outcome(of('2.0.0'), never), undefined);
  it.isInstalling = false;
  box.isSilent = true;
  assert.equal(await installer.outcome(of('2.0.0'), never), undefined);
  box.isSilent = false;
  assert.equal((await installer.outcome(of('2.0.0'), never))?.kind, 'failed');
  assert.equal(it.restarts, 0);
});
