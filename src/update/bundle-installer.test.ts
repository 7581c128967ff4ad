import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  get running(): 'A' | 'B' {
    return this.slots.A.state === 'running' ? 'A' : 'B';
  }
  async view() {
    const version = this.slots[this.running].version ?? '';
    return { canUpdate: true, version, slots: Object.values(this.slots), needsReboot: this.next !== this.running };
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
  const it = { health: undefined as 'good' | 'bad' | undefined, restarts: 0 };
  const updates = new Updates({ backend: box, dataDir, scope, log: silentLog });
  const installer: Installer = new BundleInstaller({
    updates,
    compatible: 'box',
    clock: { sleep: async () => void (await nextTurn()) },
    health: async () => it.health,
    restart: () => {
      it.restarts++;
    },
  });
  const path = join(dataDir, 'box.raucb');
  const bundle = (text: string): string => {
    writeFileSync(path, text);
    return path;
  };
  return { box, it, installer, bundle, updates };
}

test('a bundle goes into the other slot, and after the restart the health gate says what it is', async (t) => {
  const { box, it, installer, bundle } = bench(t);
  assert.deepEqual(await installer.running(), { compatible: 'box', version: '1.0.0' });
  let reports = 0;
  const path = bundle('bundle 2.0.0');
  assert.equal(await installer.install(path, of('2.0.0'), () => void reports++, never), 'restarts');
  assert.ok(it.restarts === 1 && reports > 0);
  assert.equal(readFileSync(path, 'utf8'), 'bundle 2.0.0', 'the file it came from stays');
  assert.equal(await installer.outcome(of('2.0.0'), never), undefined);
  assert.equal(it.restarts, 2, 'only the process began anew');
  box.boot('good');
  assert.equal(await installer.outcome(of('2.0.0'), never), undefined, 'the gate has not said anything');
  it.health = 'good';
  assert.deepEqual(await installer.outcome(of('2.0.0'), never), { kind: 'healthy' });
});

test('a system that is not healthy is back on its old slot', async (t) => {
  const { box, it, installer, bundle } = bench(t);
  await installer.install(bundle('bundle 2.0.0'), of('2.0.0'), () => {}, never);
  box.boot('good');
  it.health = 'bad';
  assert.equal(await installer.outcome(of('2.0.0'), never), undefined, 'it is about to go back');
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
