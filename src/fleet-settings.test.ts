import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { holds } from '#fleet/node/fixtures.ts';
import { settingProblems } from '#settings/setting-rules.ts';
import { configOf } from './config.ts';
import { type FleetSettings, openFleet } from './fleet-section.ts';
import { joiningOf, NotJoined } from './fleet-settings.ts';

const PEM = String(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
const LINE = PEM.split('\n')[1] ?? '';
const BOX = { lan: 'lan0', wan: 'wan0', dataDir: '/data' };

function files(t: TestContext): { at(name: string): string; write(name: string, text: string): string } {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-settings-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const at = (name: string): string => join(dir, name);
  return {
    at,
    write: (name, text) => {
      writeFileSync(at(name), text);
      return at(name);
    },
  };
}

const sectionOf = (fleet: object): FleetSettings => configOf({ ...BOX, fleet }).fleet;
const whole = (passwordFile: string) => ({
  enabled: true,
  name: 'cafe-12',
  site: 'east',
  brokerHost: 'fleet.example',
  passwordFile,
  keys: [LINE],
});
const troubleOf = (fleet: object): unknown => {
  try {
    joiningOf(sectionOf(fleet));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof NotJoined);
    return [error.code, ...Object.values(error.detail)];
  }
};

test('the section is off by default, and says who the box is and whom it believes', (t) => {
  const { write } = files(t);
  assert.equal(sectionOf({}).enabled, false);
  const password = write('password', 'made up\n');
  const key = write('key.pem', PEM);
  const { name, site, trusted, server } = joiningOf(sectionOf({ ...whole(password), firmwareKeys: [key] }));
  assert.deepEqual([name, site], ['cafe-12', 'east']);
  assert.deepEqual(
    trusted.map(({ kinds }) => kinds),
    [['files'], ['firmware']],
  );
  assert.ok(trusted[0]?.key.equals(trusted[1]?.key as never), 'a line is as good as a file');
  const { host, port, login, tls } = server('control');
  assert.deepEqual([host, port, login, tls], ['fleet.example', 5671, { user: name, password: 'made up' }, undefined]);
  const authority = { caFile: write('ca', 'CA'), certFile: write('cert', 'C'), keyFile: write('own', 'K') };
  const { passwordFile: _, ...others } = whole(password);
  const certain = joiningOf(sectionOf({ ...others, ...authority })).server('data');
  assert.deepEqual([certain.login, certain.tls], ['certificate', { ca: 'CA', cert: 'C', key: 'K' }]);
});

test('what is missing, or cannot be read, is named', (t) => {
  const { write, at } = files(t);
  const good = whole(write('password', 'x'));
  assert.equal(troubleOf(good), undefined);
  for (const name of ['name', 'site', 'brokerHost', 'passwordFile'])
    assert.deepEqual(troubleOf({ ...good, [name]: undefined }), ['fleet-incomplete', `fleet.${name}`]);
  assert.deepEqual(troubleOf({ ...good, keys: [] }), ['fleet-incomplete', 'fleet.keys']);
  assert.deepEqual(troubleOf({ ...good, certFile: at('password') }), ['fleet-incomplete', 'fleet.caFile']);
  assert.deepEqual(troubleOf({ ...good, passwordFile: at('none') }), ['fleet-file', at('none')]);
  const wrong = write('rsa.pem', 'no key');
  assert.deepEqual(troubleOf({ ...good, keys: [wrong] }), ['fleet-file', wrong]);
});

test('a mistake of the section is found at its field, and two ports may not be one', () => {
  const problems = (fleet: object) => settingProblems({ ...BOX, fleet }).map(({ path, code }) => [path, code]);
  assert.deepEqual(problems({ enabled: true }), []);
  assert.deepEqual(problems({ name: 'Cafe 12' }), [['fleet.name', 'wrong-format']]);
  assert.deepEqual(problems({ keys: [LINE.slice(1)] }), [['fleet.keys.0', 'wrong-format']]);
  assert.deepEqual(problems({ port: 6881 }), [], 'nobody listens there');
  assert.deepEqual(problems({ enabled: true, port: 6881 }), [['fleet.port', 'conflict']]);
  assert.deepEqual(problems({ user: 'x' }), [['fleet.user', 'unknown-field']]);
});

test('a box whose section is of no use says why, and goes on', async (t) => {
  const { at } = files(t);
  await using scope = new Scope((error) => assert.fail(String(error)));
  const configWith = (fleet: object) => configOf({ ...BOX, dataDir: at('data'), fleet });
  assert.equal(await openFleet(configWith({}), silentLog, scope), undefined);
  const part = await openFleet(configWith({ ...whole(at('none')) }), silentLog, scope);
  assert.ok(part);
  assert.deepEqual(part.view(), {
    state: 'not-joined',
    why: 'fleet-file',
    name: 'cafe-12',
    site: 'east',
    whole: 0,
    taking: 0,
  });
  assert.deepEqual(
    part.warnings().map(({ code, severity, detail }) => [code, severity, detail]),
    [['fleet-file', 'warn', { path: at('none') }]],
  );
  const some = 'a'.repeat(40) as never;
  assert.deepEqual([part.isOwn(some), part.pieceSha256(some)], [false, undefined]);
});

test('what was put right is found, and a place that is taken is told of', async (t) => {
  const { at, write } = files(t);
  await using scope = new Scope((error) => assert.fail(String(error)));
  const taken = createServer();
  t.after(() => taken.close());
  await new Promise<void>((resolve) => taken.listen(0, '127.74.3.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const place = { ip: '127.74.3.1', port, brokerHost: '127.0.0.1', brokerPort: 1 };
  const config = configOf({ ...BOX, dataDir: at('data'), fleet: { ...whole(at('password')), ...place } });
  const part = await openFleet(config, silentLog, scope);
  assert.ok(part);
  part.start({
    version: '1.0',
    index: { task: () => undefined },
    manager: {} as never,
    store: {} as never,
    installer: undefined,
    claim: () => ({ kind: 'pass', why: 'none' }),
    held: () => undefined,
    drop: async () => {},
    room: () => 0,
    judgeAll: () => {},
  });
  const codes = () => part.warnings().map(({ code }) => code);
  await holds('the file lacks', () => codes().includes('fleet-file'));
  write('password', 'made up');
  await holds('the place is taken', () => codes().includes('fleet-place'));
  taken.close();
  await holds('it listens, and has no broker yet', () => codes().length === 0);
  assert.equal(part.state, 'not-joined');
});
