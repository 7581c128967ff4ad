/** A RabbitMQ of one's own lives where it is told to, and never longer than its owner. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { execPath, getuid } from 'node:process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANYONE } from '../../src/fleet/fixtures.ts';
import { PrivateBroker } from './private-broker.ts';

const options = { skip: getuid?.() === 0 ? false : 'a private RabbitMQ needs root', timeout: 120_000 };

/** Processes that were started with this folder as their home. */
function alive(folder: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`HOME=${folder}`);
    } catch {
      return false;
    }
  });
}

async function assertNobodyLeft(folder: string): Promise<void> {
  while (alive(folder).length > 0) await sleep(100);
}

test('a private broker in a network namespace is met there and nowhere else', options, async () => {
  const netns = `broker-${process.pid}`;
  const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
  ip('netns', 'add', netns);
  try {
    ip('-n', netns, 'link', 'set', 'lo', 'up');
    ip('-n', netns, 'addr', 'add', '10.9.9.1/32', 'dev', 'lo');
    const broker = await PrivateBroker.start({ vhost: 'fleet', users: [ANYONE], netns, address: '10.9.9.1' });
    const { folder } = broker;
    assert.ok(alive(folder).length > 0);
    const listening = execFileSync('ip', ['netns', 'exec', netns, 'ss', '-Htln'], { encoding: 'utf8' });
    const addresses = listening
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[3]);
    assert.ok(addresses.includes(`10.9.9.1:${broker.port}`), listening);
    assert.ok(
      addresses.every((address) => /^(10\.9\.9\.1|127\.0\.0\.1|\[::1\]):/.test(address ?? '')),
      listening,
    );
    assert.match(await broker.ctl('list_users'), /anyone/);
    assert.doesNotMatch(await broker.ctl('list_users'), /guest/);
    await broker[Symbol.asyncDispose]();
    await assertNobodyLeft(folder);
  } finally {
    ip('netns', 'del', netns);
  }
});

test('a private broker whose owner is killed is gone, with all that it had', options, async () => {
  const script = `
    import { PrivateBroker } from '${import.meta.dirname}/private-broker.ts';
    const broker = await PrivateBroker.start({ vhost: 'fleet', users: [] });
    console.log(broker.folder);
    setInterval(() => {}, 1_000);`;
  const owner = spawn(execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [folder] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
  assert.ok(alive(folder).length > 0);
  owner.kill('SIGKILL');
  await assertNobodyLeft(folder);
  assert.equal(existsSync(folder), false);
});
