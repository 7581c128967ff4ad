import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ServiceManager } from './service-manager.ts';
import { unixAddress } from './socket-address.ts';

/** A service manager's socket, which Node itself cannot be: what is said on it, a line each. */
async function manager(t: TestContext): Promise<{ path: string; next(): Promise<string> }> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-notify-'));
  const path = join(folder, 'notify');
  const program = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(4096).decode(), flush=True)`;
  const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    child.kill();
    await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  const words: string[] = [];
  let heard = Promise.withResolvers<void>();
  child.stdout.on('data', (text: Buffer) => {
    words.push(...text.toString().split('\n').filter(Boolean));
    heard.resolve();
    heard = Promise.withResolvers<void>();
  });
  const next = async (): Promise<string> => {
    while (words.length === 0) await heard.promise;
    return words.shift() as string;
  };
  assert.equal(await next(), 'bound');
  return { path, next };
}

test('the service manager hears that the daemon is ready, that it lives, and that it stops', async (t) => {
  const { path, next } = await manager(t);
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '60000', WATCHDOG_PID: '77' };
  using service = new ServiceManager(env, 77);
  service.ready();
  assert.deepEqual([await next(), await next(), await next()], ['READY=1', 'WATCHDOG=1', 'WATCHDOG=1']);
  service[Symbol.dispose]();
  service.stopping();
  let last = await next();
  while (last === 'WATCHDOG=1') last = await next();
  assert.equal(last, 'STOPPING=1');
});

test('a watchdog that is meant for another process is not fed', async (t) => {
  const { path, next } = await manager(t);
  using service = new ServiceManager({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '30000', WATCHDOG_PID: '78' }, 77);
  service.ready();
  await new Promise((resolve) => setTimeout(resolve, 100));
  service.stopping();
  assert.deepEqual([await next(), await next()], ['READY=1', 'STOPPING=1']);
});

test('without a service manager, or with one that is gone, nothing happens', () => {
  for (const env of [
    {},
    { NOTIFY_SOCKET: '' },
    { NOTIFY_SOCKET: '/nowhere/notify' },
    { NOTIFY_SOCKET: 'x'.repeat(300) },
  ]) {
    using service = new ServiceManager({ ...env, WATCHDOG_USEC: 'never' });
    service.ready();
    service.stopping();
  }
});

test('an abstract name begins with a zero', () => {
  assert.deepEqual(unixAddress('@a'), Buffer.from([1, 0, 0, 0x61]));
  assert.deepEqual(unixAddress('/a'), Buffer.from([1, 0, 0x2f, 0x61, 0]));
  assert.throws(() => unixAddress('x'.repeat(108)), RangeError);
});
