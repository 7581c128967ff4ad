import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCommand } from '#kernel/command.ts';
import type { InstallerConfig } from '../config-types.ts';
import { CommandInstaller } from './command-installer.ts';
import { temporary } from './fixtures.ts';

const FIRMWARE = { compatible: 'pc', version: '2.0' };
const BUNDLE = { path: '/at/bundle', sizeBytes: 1, bytes: () => assert.fail('it reads the file') };
const never = new AbortController().signal;

function installerOf(t: TestContext, script: string, over: Partial<InstallerConfig> = {}, version?: string) {
  const program = join(temporary(t), 'install');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const config = { compatible: 'pc', command: [program, 'now'], ...over };
  return { program, installer: new CommandInstaller({ config, run: runCommand, version: () => version }) };
}
const install = (installer: CommandInstaller, signal = never) => installer.install(BUNDLE, FIRMWARE, () => {}, signal);

test('the program is told of the bundle, and its exit status says what became of it', async (t) => {
  const of = (script: string, over = {}) => install(installerOf(t, script, over).installer);
  assert.deepEqual(await of('[ "$*" = "now /at/bundle pc 2.0" ]'), { kind: 'healthy' });
  assert.deepEqual(await of('echo first; echo "网络不通" >&2; echo; exit 9'), {
    kind: 'failed',
    code: 'unhealthy',
    detail: '网络不通',
  });
  assert.deepEqual(await of('exit 3'), { kind: 'failed', code: 'rolled-back', detail: 'it ended with 3' });
  assert.equal((await of('seq 1 100000; exec kill -9 $$')).kind, 'failed');
  const late = await of('exec sleep 3600', { limitS: 0.05 });
  assert.ok(late.kind === 'failed' && late.code === 'late');
  const none = await install(installerOf(t, '', { command: ['/nowhere'] }).installer);
  assert.ok(none.kind === 'failed' && none.code === 'installer');
});

test('what runs is what was installed last, or what the configuration says', async (t) => {
  assert.deepEqual(await installerOf(t, '').installer.running(), { compatible: 'pc' });
  assert.deepEqual(await installerOf(t, '', { version: '1.0' }).installer.running(), {
    compatible: 'pc',
    version: '1.0',
  });
  assert.deepEqual(await installerOf(t, '', { version: '1.0' }, '2.0').installer.running(), {
    compatible: 'pc',
    version: '2.0',
  });
});

test('after a restart in the middle the check is asked; without one nobody knows', async (t) => {
  const { installer, program } = installerOf(t, '[ "$1 $2" = "pc 2.0" ]');
  const outcome = await installer.outcome(FIRMWARE, never);
  assert.ok(outcome.kind === 'failed' && outcome.code === 'interrupted');
  const checked = installerOf(t, '', { check: [program] }).installer;
  assert.deepEqual(await checked.outcome(FIRMWARE, never), { kind: 'healthy' });
});
