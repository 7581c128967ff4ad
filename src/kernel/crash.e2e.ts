/** What the kernel keeps for a process ends with it, though programs that it started go on. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const options = { skip: process.getuid?.() === 0 ? false : 'needs root: it makes a network namespace' };

const here = (file: string): string => JSON.stringify(join(import.meta.dirname, file));
/** Has a table of rules and raw sockets, and starts a program that says what it was given and lives on. */
const OWNER = (path: string): string => `
  import { runCommand } from ${here('command.ts')};
  import { Nftables } from ${here('nftables.ts')};
  import { UdpForger } from ${here('udp-forger.ts')};
  globalThis.kept = [new Nftables(), new UdpForger([7])];
  kept[0].run('add table bridge swarmbox { flags owner; }');
  const script = 'echo $$ $(ls /proc/self/fd) >"$0.part"; mv "$0.part" "$0"; exec sleep 60';
  runCommand('sh', ['-c', script, ${JSON.stringify(path)}], { timeoutMs: 60_000, outputBytes: 1_000 }, new AbortController().signal);
`;

async function until<T>(find: () => T | undefined): Promise<T> {
  for (const endMs = Date.now() + 30_000; Date.now() < endMs; await sleep(20)) {
    const found = find();
    if (found !== undefined) return found;
  }
  return assert.fail('not in time');
}

test('a table of rules goes with its process, though a program that it started lives on', options, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-crash-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'said');
  const owner = spawn('unshare', ['-n', execPath, '--input-type=module', '-e', OWNER(path)], { stdio: 'ignore' });
  t.after(() => owner.kill('SIGKILL'));
  const said = await until(() => {
    try {
      return readFileSync(path, 'utf8').trim().split(' ');
    } catch {
      return undefined;
    }
  });
  const [child = '', ...given] = said;
  t.after(() => process.kill(Number(child), 'SIGKILL'));
  const tables = (): string =>
    execFileSync('nsenter', ['-t', child, '-n', 'nft', 'list', 'tables'], { encoding: 'utf8' }).trim();
  assert.equal(tables(), 'table bridge swarmbox');
  const exit = once(owner, 'exit');
  owner.kill('SIGKILL');
  await exit;
  await until(() => tables() === '' || undefined);
  assert.ok(readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('sleep'), 'the program lives on');
  assert.equal(given.length, 4, `standard ones, and the folder that is listed: ${given.join(' ')}`);
});
