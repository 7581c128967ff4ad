import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brokerServer, firmwareKeyAt, readConfig, signingKeyAt, trustedKeys } from './config.ts';
import { openManifest, signManifest } from './manifest.ts';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-fleet-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const broker = {
  host: 'broker.example',
  port: 5_671,
  vhost: 'fleet',
  tls: { ca: 'ca.pem', cert: 'me.pem', key: 'me.key' },
};
const terminal = {
  name: 'pc-07',
  site: 'east',
  dataDir: 'data',
  folder: '/srv/games',
  broker,
  swarm: { ip: '192.168.1.7', port: 6_881 },
  trust: [{ key: 'central.pub', kinds: ['files'] }],
};

test('paths lead from where the configuration lies', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'terminal.json');
  writeFileSync(path, JSON.stringify(terminal));
  const config = readConfig(path, 'terminal');
  assert.equal(config.dataDir, join(folder, 'data'));
  assert.equal(config.folder, '/srv/games');
  assert.equal(config.broker.tls?.key, join(folder, 'me.key'));
  assert.equal(config.trust[0]?.key, join(folder, 'central.pub'));
});

test('who only reads the log needs to know nothing but the broker', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'auditor.json');
  writeFileSync(path, JSON.stringify({ broker }));
  const { ca, cert, key } = readConfig(path, 'auditor').broker.tls ?? {};
  assert.deepEqual(
    [ca, cert, key],
    ['ca.pem', 'me.pem', 'me.key'].map((name) => join(folder, name)),
  );
  writeFileSync(path, JSON.stringify({ broker, dataDir: 'data' }));
  assert.throws(() => readConfig(path, 'auditor'), /"dataDir"/);
});

test('what installs firmware, what signs it and what is watched lie where the configuration does', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'x.json');
  const installer = { compatible: 'pc', command: ['install.sh', 'now'], check: ['/opt/check'] };
  writeFileSync(path, JSON.stringify({ ...terminal, installer }));
  const { command, check } = readConfig(path, 'terminal').installer ?? {};
  assert.deepEqual([command, check], [[join(folder, 'install.sh'), 'now'], ['/opt/check']]);
  const site = { rateBytesPerS: 1_000_000, window: { from: '23:00', until: '06:00' } };
  const central = { dataDir: 'data', broker, swarm: { ip: '10.0.0.1', port: 6_881 }, sites: { east: site } };
  const watch = { folder: 'in', orders: { sites: ['east'] } };
  writeFileSync(path, JSON.stringify({ ...central, firmwareKey: 'usb/key.pem', watch }));
  const config = readConfig(path, 'central');
  assert.deepEqual(
    [config.firmwareKey, config.watch?.folder, config.sites?.east],
    [join(folder, 'usb', 'key.pem'), join(folder, 'in'), site],
  );
  writeFileSync(path, JSON.stringify({ ...central, sites: { east: { window: { from: '7', until: '8' } } } }));
  assert.throws(() => readConfig(path, 'central'), /"sites.east.window/);
  assert.throws(() => firmwareKeyAt(join(folder, 'usb', 'key.pem')), /plugged in/);
});

test('what cannot be used is told of by its name', (t) => {
  const path = join(folderFor(t), 'x.json');
  const refused = (what: unknown, why: RegExp): void => {
    writeFileSync(path, typeof what === 'string' ? what : JSON.stringify(what));
    assert.throws(() => readConfig(path, 'terminal'), why);
  };
  assert.throws(() => readConfig(path, 'terminal'), /cannot be read/);
  refused('{', /no JSON/);
  refused({ ...terminal, name: 'PC 7' }, /"name"/);
  refused({ ...terminal, trust: [] }, /"trust"/);
  refused({ ...terminal, more: 1 }, /"more"/);
  refused({ ...terminal, broker: { ...broker, port: 70_000 } }, /"broker.port"/);
  refused({ ...terminal, broker: { ...broker, user: 'x' } }, /passwordFile/);
  refused({ ...terminal, broker: { host: 'x', port: 1, vhost: 'y' } }, /certificate/);
});

test('secrets are read from files, and a password is without its line end', (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, 'password'), 'secret\n');
  const server = brokerServer(
    { host: 'h', port: 1, vhost: 'v', user: 'u', passwordFile: join(folder, 'password') },
    'name',
  );
  assert.deepEqual(server, { host: 'h', port: 1, vhost: 'v', name: 'name', login: { user: 'u', password: 'secret' } });
});

test('a signing key is made once, for its owner alone, and nodes trust its other half', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'keys', 'signing-key.pem');
  const key = signingKeyAt(path);
  const pem = readFileSync(path, 'utf8');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  signingKeyAt(path);
  assert.equal(readFileSync(path, 'utf8'), pem);
  const manifest = {
    v: 1 as const,
    kind: 'files' as const,
    name: 'x',
    rev: 1,
    createdMs: 0,
    sizeBytes: 1,
    fileCount: 1,
    pieceLength: 65_536,
    infoHash: 'ab'.repeat(20) as never,
    seedSha256: 'ab'.repeat(32),
    seedBytes: 1,
  };
  const trust = trustedKeys([{ key: `${path}.pub`, kinds: ['files'] }]);
  assert.equal(openManifest(signManifest(manifest, key), trust).kind, 'ok');
});
