import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import net, { type AddressInfo, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Clock } from '#base/clock.ts';
import { alsoTo, type LogLine, logTo, silentLog } from '#base/log.ts';
import { SYSLOG_LIMITS } from './limits.ts';
import { Syslog } from './syslog.ts';

/** Sleeps end at once, and are counted: a test waits for what happens, not for time. */
function hastyClock() {
  const slept: number[] = [];
  let nowMs = Date.UTC(2026, 0, 1);
  const clock: Clock = {
    nowMs: () => ++nowMs,
    sleep: async (ms, signal) => {
      slept.push(ms);
      nowMs += ms;
      await new Promise((resolve) => setTimeout(resolve, 5));
      signal.throwIfAborted();
    },
  };
  return { clock, slept };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const saying = (event: string, fields: LogLine['fields'] = {}): LogLine => ({ level: 'info', event, fields });

function setUp(t: TestContext, log = silentLog) {
  const { clock, slept } = hastyClock();
  const syslog = new Syslog(clock, log, { host: 'box', app: 'swarmbox', pid: 1 });
  t.after(() => syslog.close());
  return { syslog, slept };
}

/** A server that reads octet-counted messages (RFC 6587 section 3.4.1). */
async function tcpServer(t: TestContext, at: { port?: number; host?: string } = {}) {
  const messages: string[] = [];
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const space = rest.indexOf(' ');
        const length = Number(rest.toString('latin1', 0, Math.max(0, space)));
        if (space < 0 || rest.length < space + 1 + length) return;
        assert.match(rest.toString('latin1', 0, space), /^[1-9]\d*$/);
        messages.push(rest.toString('utf8', space + 1, space + 1 + length));
        rest = rest.subarray(space + 1 + length);
      }
    });
  });
  server.listen(at.port ?? 0, at.host ?? '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  t.after(stop);
  return { messages, sockets, stop, port: (server.address() as AddressInfo).port };
}

for (const [host, kind] of [
  ['127.0.0.1', 'udp4'],
  ['::1', 'udp6'],
] as const)
  test(`lines arrive over UDP, each in a datagram (${host})`, async (t) => {
    const server = dgram.createSocket(kind);
    const messages: Buffer[] = [];
    server.on('message', (bytes) => messages.push(bytes));
    server.bind(0, host);
    await once(server, 'listening');
    t.after(() => server.close());
    const { syslog } = setUp(t);
    syslog.line(saying('before it was switched on'));
    syslog.setSettings({ enabled: true, host, port: server.address().port, protocol: 'udp' });
    syslog.line(saying('ready', { name: '网吧一号' }));
    syslog.line({ level: 'error', event: 'disk failed', fields: { why: 'x'.repeat(5_000) } });
    syslog.audit({ what: 'settings-changed', ...{ who: '老板', detail: { mbps: 5 } } });
    await until(() => messages.length === 3);
    const [first, second, third] = messages.map(String);
    assert.match(first as string, /^<30>1 \S+ box swarmbox 1 ready - \ufeff\{"event":"ready","name":"网吧一号"\}$/);
    assert.match(second as string, /^<27>1 \S+ box swarmbox 1 disk-failed - /);
    assert.equal(messages[1]?.length, SYSLOG_LIMITS.udpBytes);
    assert.match(third as string, /^<109>1 .* settings-changed - .*"who":"老板"/);
  });

test('over TCP what was said while the server was away arrives when it is back, and it is said once that it was', async (t) => {
  const said: string[] = [];
  const log = logTo(({ event }) => said.push(event));
  const { syslog, slept } = setUp(t, log);
  const first = await tcpServer(t);
  const { port } = first;
  syslog.setSettings({ enabled: true, host: '127.0.0.1', port, protocol: 'tcp' });
  syslog.line(saying('one'));
  await until(() => first.messages.length === 1);
  await first.stop();
  // TCP takes what is said to a server that has just gone, and nobody can tell: what is said from then on waits.
  await until(() => {
    syslog.line(saying('probe'));
    return slept.length > 0;
  });
  syslog.line(saying('two'));
  await until(() => slept.length >= 5);
  syslog.line(saying('three'));
  assert.deepEqual(said, ['syslog-unreachable']);
  assert.deepEqual(slept.slice(0, 5), [1_000, 2_000, 4_000, 8_000, 16_000]);
  const again = await tcpServer(t, { port });
  await until(() => again.messages.some((m) => m.includes(' three - ')));
  assert.match(again.messages.join(), / two - .* three - /s);
  await until(() => said.length === 2);
  assert.deepEqual(said, ['syslog-unreachable', 'syslog-reached-again']);
  assert.equal(syslog.dropped, 0);
});

test('a server that does not read holds nobody up: the oldest lines go, and are counted', async (t) => {
  const { syslog } = setUp(t);
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.pause();
    t.after(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  syslog.setSettings({
    enabled: true,
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    protocol: 'tcp',
  });
  for (let i = 0; syslog.dropped === 0; i++) {
    for (let j = 0; j < 100; j++) syslog.audit({ what: `e${i}`, ...{ why: 'x'.repeat(8_000) } });
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(i < 10_000);
  }
  // And switched off it lets go of the connection that hangs.
  syslog.setSettings({ enabled: false, host: '127.0.0.1', port: 1, protocol: 'tcp' });
  await syslog.close();
});

test('it moves to another server at once', async (t) => {
  const { syslog } = setUp(t);
  const [one, other] = [await tcpServer(t), await tcpServer(t)];
  const at = (port: number) => ({ enabled: true, host: '127.0.0.1', port, protocol: 'tcp' }) as const;
  syslog.setSettings(at(one.port));
  syslog.line(saying('one'));
  await until(() => one.messages.length === 1);
  syslog.setSettings(at(other.port));
  syslog.line(saying('two'));
  await until(() => other.messages.length === 1);
  await until(() => one.sockets.size === 0);
  syslog.setSettings({ ...at(other.port), enabled: false });
  await until(() => other.sockets.size === 0);
  syslog.line(saying('three'));
  assert.deepEqual([one.messages.length, other.messages.length], [1, 1]);
});

test('what was said last arrives, and a server that is away does not hold the end up', async (t) => {
  const { syslog } = setUp(t);
  const server = await tcpServer(t);
  syslog.setSettings({ enabled: true, host: '127.0.0.1', port: server.port, protocol: 'tcp' });
  syslog.line(saying('goodbye'));
  await syslog.close();
  await until(() => server.messages.length === 1);
  const lost = setUp(t).syslog;
  await server.stop();
  lost.setSettings({ enabled: true, host: '127.0.0.1', port: server.port, protocol: 'tcp' });
  lost.line(saying('nobody hears it'));
  await lost.close();
});

test('a name server that does not answer does not hold the end up', async (t) => {
  const asked: string[] = [];
  t.mock.method(dns, 'lookup', (name: string) => {
    asked.push(name);
    return new Promise(() => {});
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const { syslog } = setUp(t);
  syslog.setSettings({ enabled: true, host: 'log.example', port: 514, protocol: 'udp' });
  syslog.line(saying('one'));
  await until(() => asked.length > 0);
  await syslog.close();
  assert.deepEqual(asked, ['log.example']);
});

test('a log can be told to another place, too, with all its fields', () => {
  const [first, second]: LogLine[][] = [[], []];
  const log = alsoTo(
    logTo((line) => first?.push(line), { box: 1 }),
    (line) => second?.push(line),
  );
  log.with({ part: 'x' }).with({ deep: 2 }).warn('hot', { c: 90 });
  assert.deepEqual(first, [{ level: 'warn', event: 'hot', fields: { box: 1, part: 'x', deep: 2, c: 90 } }]);
  assert.deepEqual(second, [{ level: 'warn', event: 'hot', fields: { part: 'x', deep: 2, c: 90 } }]);
});
