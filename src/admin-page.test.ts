import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { request as ask, type IncomingMessage } from 'node:http';
import { request as askSecure } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { selfSigned } from '#access/certificate/self-signed.ts';
import { boxIn, PASSWORD, tempFolder } from '#access/fixtures.ts';
import type { CertificateView, SessionView } from '#admin/contract-access.ts';
import { emptyBox } from '#admin/fixtures.ts';
import { boxLive } from '#admin/routes/live-routes.ts';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { AdminPage } from './admin-page.ts';

/** Loopback in a spelling that is not taken for it: what another machine could reach is served so. */
const HOST = '::ffff:127.0.0.1';

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const folder = await tempFolder();
const box = await boxIn(folder.path, realClock);
const port = await freePort();
const page = await AdminPage.open(
  {
    dataDir: folder.path,
    version: '0.1.0',
    live: boxLive(
      {
        snapshot: emptyBox,
        history: () => [],
        health: () => ({ ok: true, version: '0.1.0', steering: 'armed' }),
        explain: async () => [],
        whatIf: async () => ({ kind: 'off' }),
        trace: () => undefined,
      },
      silentLog,
    ),
    access: box.access,
    routes: [],
    log: silentLog,
    names: () => ['box.lan'],
  },
  { host: HOST, port },
);
after(async () => {
  await page.close();
  await box[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

type Said<Body> = { status: number | undefined; headers: IncomingMessage['headers']; body: Body };
type Words = { body?: unknown; headers?: Record<string, string>; ca?: string };

const heard = async <Body>(answer: IncomingMessage): Promise<Said<Body>> => {
  let text = '';
  for await (const part of answer) text += part;
  return { status: answer.statusCode, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as Body };
};
const headersOf = ({ body, headers = {} }: Words) => ({
  ...(body !== undefined && { 'content-type': 'application/json' }),
  ...headers,
});

/** Over TLS, trusting what the box says it is served with. */
const overTls = <Body>(method: string, path: string, words: Words = {}): Promise<Said<Body>> => {
  const { promise, resolve, reject } = Promise.withResolvers<Said<Body>>();
  const ca = words.ca ?? box.access.certificates.current().certificate;
  const to = { host: '127.0.0.1', port, method, path, ca, servername: 'box.lan', agent: false };
  askSecure({ ...to, headers: { host: `box.lan:${port}`, ...headersOf(words) } }, (answer) => resolve(heard(answer)))
    .on('error', reject)
    .end(words.body === undefined ? undefined : JSON.stringify(words.body));
  return promise;
};
const overSocket = <Body>(method: string, path: string, words: Words = {}): Promise<Said<Body>> => {
  const { promise, resolve, reject } = Promise.withResolvers<Said<Body>>();
  const socketPath = join(folder.path, 'control.sock');
  ask({ socketPath, method, path, headers: { host: 'localhost', ...headersOf(words) } }, (answer) =>
    resolve(heard(answer)),
  )
    .on('error', reject)
    .end(words.body === undefined ? undefined : JSON.stringify(words.body));
  return promise;
};

const words: { cookie: string; csrf: string } = { cookie: '', csrf: '' };
const mine = () => ({ cookie: words.cookie, 'x-csrf-token': words.csrf });

test('where another machine can reach it the page is served over TLS, with a cookie that goes no other way', async () => {
  const first = await overTls<SessionView>('GET', '/api/session');
  assert.deepEqual(first.body, { isSetUp: false, guestsMayLook: false, via: 'tls' });
  const made = await overTls<SessionView>('POST', '/api/set-up', { body: { name: 'ada', password: PASSWORD } });
  const [cookie = ''] = made.headers['set-cookie'] ?? [];
  assert.match(cookie, /^__Host-swarmbox=[^;]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000; Secure$/);
  words.cookie = cookie.split(';')[0] as string;
  words.csrf = made.body.csrfToken as string;
  assert.equal((await overTls('GET', '/api/accounts', { headers: mine() })).status, 200);
  const renamed = words.cookie.replace('__Host-', '');
  assert.equal((await overTls('GET', '/api/accounts', { headers: { cookie: renamed } })).status, 401);
});

test('in clear it is answered nothing but where to go', async () => {
  const { promise, resolve } = Promise.withResolvers<Said<unknown>>();
  const headers = { host: `box.lan:${port}`, ...mine() };
  ask({ host: '127.0.0.1', port, path: '/api/accounts', headers }, (answer) => resolve(heard(answer))).end();
  const said = await promise;
  assert.equal(said.status, 308);
  assert.equal(said.headers.location, `https://box.lan:${port}/api/accounts`);
  assert.deepEqual(said.body, {});
});

test('through the control socket everything may be done, by nobody in particular', async () => {
  const said = await overSocket<SessionView>('GET', '/api/session');
  assert.deepEqual(said.body, { isSetUp: true, guestsMayLook: false, right: 'administer', via: 'socket' });
  const made = await overSocket('POST', '/api/tokens', { body: { name: 'script', right: 'look' } });
  assert.equal(made.status, 200);
  const { token } = made.body as { token: string };
  assert.equal((await overTls('GET', '/api/access', { headers: { authorization: `Bearer ${token}` } })).status, 200);
  assert.equal((await overSocket('POST', '/api/account/totp', { body: { password: PASSWORD } })).status, 401);
});

/** The certificate that is served now. */
const served = (): Promise<X509Certificate> => {
  const { promise, resolve, reject } = Promise.withResolvers<X509Certificate>();
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerX509Certificate() as X509Certificate);
    socket.destroy();
  });
  socket.on('error', reject);
  return promise;
};

test('an own certificate counts from the next connection on, and the one of the box comes back', async () => {
  const before = await overTls<CertificateView>('GET', '/api/certificate', { headers: mine() });
  assert.ok(before.body.inUse && before.body.madeByBox);
  assert.equal(before.body.fingerprint, (await served()).fingerprint256);
  const ca = box.access.certificates.current().certificate;
  const own = selfSigned('own', ['box.lan'], Date.now());
  await overTls('PUT', '/api/certificate', { headers: mine(), body: own, ca });
  assert.equal((await served()).fingerprint256, new X509Certificate(own.certificate).fingerprint256);
  await overTls('DELETE', '/api/certificate', { headers: mine(), ca: own.certificate });
  assert.notEqual((await served()).fingerprint256, new X509Certificate(own.certificate).fingerprint256);
});

test('a new address is in the certificate from the next connection on, under the same key', async () => {
  const before = await served();
  assert.equal(before.checkIP('192.0.2.77'), undefined);
  box.names.push('192.0.2.77');
  await box.access.certificates.renew();
  const now = await served();
  assert.equal(now.checkIP('192.0.2.77'), '192.0.2.77');
  assert.ok(now.publicKey.equals(before.publicKey));
});

test('who listens is let go when the session ends, and another site may not listen', async () => {
  const listen = (headers: Record<string, string>) =>
    new WebSocket(`wss://127.0.0.1:${port}/api/live`, { headers, rejectUnauthorized: false });
  const refused = async (headers: Record<string, string>): Promise<number | undefined> => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const socket = listen(headers);
    socket.on('unexpected-response', (_, answer) => resolve(answer.statusCode));
    socket.on('error', () => resolve(undefined));
    socket.on('open', () => resolve(101));
    return promise;
  };
  assert.equal(await refused({}), 401);
  assert.equal(await refused({ cookie: words.cookie, origin: 'https://evil.example' }), 403);
  const socket = listen({ cookie: words.cookie, origin: `https://127.0.0.1:${port}` });
  await new Promise((resolve) => socket.once('message', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  assert.equal((await overTls('DELETE', '/api/session', { headers: mine() })).status, 200);
  await closed;
  assert.equal(await refused({ cookie: words.cookie }), 401);
});
