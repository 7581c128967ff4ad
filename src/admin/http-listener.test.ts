import assert from 'node:assert/strict';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { selfSigned } from '#access/certificate/self-signed.ts';
import { silentLog } from '#base/log.ts';
import { HttpListener } from './http-listener.ts';
import { ADMIN_LIMITS } from './limits.ts';

const one = selfSigned('one', ['127.0.0.1'], Date.now());
const other = selfSigned('other', ['127.0.0.1'], Date.now());
let now = one;
const seen: string[] = [];

const listener = await HttpListener.start({
  listen: { host: '127.0.0.1', port: 0 },
  tls: () => now,
  log: silentLog,
  onRequest: (asked, response, door) => {
    seen.push(`${asked.method} ${asked.url} ${door.tls} ${door.trusted} ${asked.socket.remoteAddress}`);
    response.end('here');
  },
  onUpgrade: (asked, socket, _, door) => {
    seen.push(`upgrade ${asked.url} ${door.tls}`);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    if (asked.url !== '/stay') socket.end();
    // Says what it hears.
    else socket.on('error', () => {}).pipe(socket);
  },
});
const port = listener.port as number;
after(() => listener.close());

/** What comes back until the other side hangs up. */
const talk = (bytes: string | Uint8Array, socket: Socket = connect(port, '127.0.0.1')): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = '';
  socket.on('data', (data) => {
    heard += data.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(heard));
  socket.write(bytes);
  return promise;
};

const get = (ca: string, path = '/'): Promise<{ status: number | undefined; text: string }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; text: string }>();
  request({ host: '127.0.0.1', port, path, ca, agent: false }, async (answer) => {
    let text = '';
    for await (const part of answer) text += part;
    resolve({ status: answer.statusCode, text });
  })
    .on('error', reject)
    .end();
  return promise;
};

test('TLS is answered by the certificate that was asked for, and says where it came from', async () => {
  assert.deepEqual(await get(one.certificate, '/a'), { status: 200, text: 'here' });
  assert.equal(seen.pop(), 'GET /a true false 127.0.0.1');
});

test('plain HTTP on the same port is sent to TLS, and nothing of it is looked at', async () => {
  const before = seen.length;
  const answer = await talk(
    'POST /api/session?x=1 HTTP/1.1\r\nhost: box.lan:8443\r\ncontent-length: 9\r\n\r\nsecret123',
  );
  assert.match(answer, /^HTTP\/1\.1 308 /);
  assert.match(answer, /\r\nlocation: https:\/\/box\.lan:8443\/api\/session\?x=1\r\n/i);
  // Whatever the host header is, it comes back as a host or not at all.
  const odd = await talk('GET //evil.example/ HTTP/1.1\r\nhost: a/../@b\r\n\r\n');
  assert.match(odd, new RegExp(`\\r\\nlocation: https://127\\.0\\.0\\.1:${port}//evil\\.example/\\r\\n`, 'i'));
  assert.equal(
    await talk('GET /api/live HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
    '',
  );
  assert.equal(seen.length, before);
});

test('a WebSocket is upgraded over TLS', async () => {
  const socket = connectTls({ host: '127.0.0.1', port, ca: one.certificate });
  const heard = await talk(
    'GET /api/live HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    socket,
  );
  assert.match(heard, /^HTTP\/1\.1 101 /);
  assert.equal(seen.pop(), 'upgrade /api/live true');
});

test('a handshake in pieces is a handshake', async () => {
  // Through a hand that passes on one byte at a time.
  const { createServer } = await import('node:net');
  const slow = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    far.pipe(near);
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    near.on('close', () => far.destroy());
    near.on('data', async (data: Buffer) => {
      near.pause();
      for (const byte of data.subarray(0, 3)) {
        far.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      far.write(data.subarray(3));
      near.resume();
    });
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const socket = connectTls({
    host: '127.0.0.1',
    port: (slow.address() as { port: number }).port,
    ca: one.certificate,
  });
  const heard = await talk('GET /b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', socket);
  assert.match(heard, /^HTTP\/1\.1 200 /);
  slow.close();
});

test('another certificate counts for who comes from then on', async () => {
  now = other;
  listener.useCertificate();
  assert.equal((await get(other.certificate)).status, 200);
  await assert.rejects(get(one.certificate));
  now = one;
  listener.useCertificate();
});

test('garbage, half a handshake and silence are hung up on, and cost nobody else the page', async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 600 });
  const first = fc.constantFrom(0x16, 0x47, 0x00, 0x80, 0xff);
  await fc.assert(
    fc.asyncProperty(first, bytes, async (begin, rest) => {
      const socket = connect(port, '127.0.0.1');
      const heard = talk(Uint8Array.of(begin, ...rest), socket);
      socket.end();
      assert.doesNotMatch(await heard, /here/);
    }),
    { numRuns: 60 },
  );
  const upgrade = 'GET /stay HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
  const staying = connectTls({ host: '127.0.0.1', port, ca: one.certificate });
  staying.write(upgrade);
  await new Promise((resolve) => staying.once('data', resolve));
  // Each of these says too little; all of them are gone in the end though they never hang up.
  const stuck = ['', '\x16', '\x16\x03\x01\x02\x00\x01', 'GET / HTTP/1.1\r\nhost: a\r\nx-slow: '].map((said) => {
    const socket = connect(port, '127.0.0.1');
    return said === '' ? talk(new Uint8Array(), socket) : talk(Buffer.from(said, 'latin1'), socket);
  });
  assert.equal((await get(one.certificate)).status, 200);
  await Promise.all(stuck);
  // Who said enough is there still, though it was silent as long.
  staying.write('still here');
  assert.equal(String(await new Promise((resolve) => staying.once('data', resolve))), 'still here');
  staying.destroy();
  // A slow reader of headers over TLS as well.
  await talk('GET / HTTP/1.1\r\nx-slow: ', connectTls({ host: '127.0.0.1', port, ca: one.certificate }));
});

test('one sender holds only so many connections', async () => {
  const held = Array.from({ length: ADMIN_LIMITS.connectionsPerSender }, () => connect(port, '127.0.0.1'));
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  assert.equal(await talk('GET / HTTP/1.1\r\nhost: a\r\n\r\n'), '');
  for (const socket of held) socket.destroy();
  await Promise.all(held.map((socket) => socket.closed || new Promise((resolve) => socket.once('close', resolve))));
  const { promise, resolve } = Promise.withResolvers<void>();
  const again = setInterval(async () => {
    if ((await talk('GET / HTTP/1.1\r\nhost: a\r\n\r\n')) !== '') resolve();
  }, 20);
  await promise;
  clearInterval(again);
});

test('closing ends connections that are still undecided', async () => {
  const own = await HttpListener.start({
    listen: { host: '127.0.0.1', port: 0 },
    tls: () => now,
    log: silentLog,
    onRequest: () => {},
    onUpgrade: () => {},
  });
  const at = own.port as number;
  const silent = talk(new Uint8Array(), connect(at, '127.0.0.1'));
  const half = talk('\x16\x03', connect(at, '127.0.0.1'));
  const open = connectTls({ host: '127.0.0.1', port: at, ca: one.certificate });
  open.on('error', () => {});
  await new Promise((resolve) => open.once('secureConnect', resolve));
  const gone = new Promise((resolve) => open.once('close', resolve));
  await own.close();
  await Promise.all([silent, half, gone]);
});
