import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Loop, noLoops, temporaryFolder } from '#machine/fixtures.ts';
import { command } from '../cafe/net.ts';

/** The settings on a stick and back, where no daemon runs. */

const root = join(import.meta.dirname, '../..');
const STICK = join(root, 'firmware/root/usr/lib/swarmbox/stick');
const options = { skip: noLoops(), timeout: 120_000 };

function box(t: TestContext) {
  const folder = temporaryFolder();
  const stick = new Loop(32 << 20).make('mkfs.ext4', '-q');
  t.after(() => {
    stick[Symbol.dispose]();
    folder[Symbol.dispose]();
  });
  const at = (...names: string[]): string => join(folder.path, ...names);
  for (const name of ['config/swarmbox', 'data/swarmbox', 'look']) mkdirSync(at(name), { recursive: true });
  const config = at('config/swarmbox/config.json');
  const program = (name: string, text: string): void =>
    writeFileSync(at(name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program('settings', `exec "${process.execPath}" "${join(root, 'src/without-daemon.ts')}" "$@"`);
  const first = { lan: 'eth0', wan: 'eth1', dataDir: at('data/swarmbox') };
  program('first-settings', `[ -e ${config} ] || echo '${JSON.stringify(first)}' >${config}`);
  const env = {
    ...process.env,
    ...{ STICK: stick.device, SETTINGS: at('settings'), CONFIG: at('config'), DATA: at('data'), AT: at('at') },
    ...{
      STOP_DEAD: 'true',
      RESTART: `touch ${at('restarted')}`,
      FIRST_SETTINGS: at('first-settings'),
      BOOT: at('none'),
      OWNER: '--owner=nobody',
    },
  };
  const run = (verb: string, typed = '', more: NodeJS.ProcessEnv = {}) =>
    new Promise<{ code: number | null; text: string }>((resolve) => {
      // What is mounted is mounted for nobody else: whoever has a copy of the mounts keeps the stick busy.
      const child = execFile(
        'unshare',
        ['-m', 'bash', STICK, verb],
        { env: { ...env, ...more } },
        (_, stdout, stderr) => resolve({ code: child.exitCode, text: stdout + stderr }),
      );
      child.stdin?.end(typed);
    });
  /** What a shell says in the folder on it. */
  const onStick = (words: string) => {
    const mounted = `mount ${stick.device} ${at('look')} && cd ${at('look')}/swarmbox-backup && ${words}`;
    return command(['unshare', '-m', 'sh', '-c', mounted]);
  };
  const write = (settings: object): void => writeFileSync(config, JSON.stringify(settings));
  return { at, config, first, write, run, onStick, read: () => JSON.parse(readFileSync(config, 'utf8')) };
}

test('settings go on a stick and come back from it', options, async (t) => {
  const { at, first, write, read, run, onStick } = box(t);
  write({ ...first, seats: 9 });
  assert.match((await run('restore', 'restore\n')).text, /no folder swarmbox-backup/);
  const made = await run('backup');
  assert.equal(made.code, 0, made.text);
  assert.match(await onStick("ls -A && echo '{}' >broken.backup"), /^\S+\.backup\n$/);
  write({ ...first, seats: 2 });
  assert.match((await run('restore', 'no\n')).text, /Nothing was changed/);
  assert.equal(read().seats, 2);
  const restored = await run('restore', 'restore\n');
  assert.equal(restored.code, 0, restored.text);
  assert.match(restored.text, /Left out, as it is no whole backup: broken\.backup/);
  assert.equal(read().seats, 9);
  assert.ok(readdirSync(at()).includes('restarted'));
});

test('settings that cannot be read do not keep a box from being restored, and are kept', options, async (t) => {
  const { at, config, first, write, read, run } = box(t);
  write({ ...first, seats: 9 });
  const made = await run('backup');
  assert.equal(made.code, 0, made.text);
  writeFileSync(config, '{"lan": "eth');
  const { code, text } = await run('restore', 'restore\n');
  assert.equal(code, 0, text);
  assert.equal(read().seats, 9);
  const aside = readdirSync(at('config/swarmbox')).find((name) => name.includes('.unusable-')) ?? '';
  assert.equal(readFileSync(at('config/swarmbox', aside), 'utf8'), '{"lan": "eth');
});

test('without a stick, or settings that can be read, nothing is said to be done', options, async (t) => {
  const { config, run, onStick } = box(t);
  const none = await run('backup', '', { STICK: '' });
  assert.equal(none.code, 1);
  assert.match(none.text, /no USB stick/);
  writeFileSync(config, '{');
  const { code, text } = await run('backup');
  assert.equal(code, 1);
  assert.match(text, /not JSON.*No backup was made/s);
  assert.equal(await onStick('ls -A'), '');
});
