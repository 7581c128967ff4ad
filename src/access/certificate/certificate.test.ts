import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import { silentLog } from '#base/log.ts';
import { handClock, START_MS, tempFolder } from '../fixtures.ts';
import { isRefusal } from '../refusal.ts';
import { certificateFacts } from './certificate-view.ts';
import { Certificates } from './certificates.ts';
import { integer, oid, time } from './der.ts';
import { ownCertificate } from './own-certificate.ts';
import { addressBytes, type KeyAndCertificate, selfSigned, VALID_MS } from './self-signed.ts';

const NAMES = ['box.lan', '192.0.2.1', '2001:db8::1', 'no such name!', 'fe80::1%eth0', 'BOX.lan'];

test('openssl reads the certificate, and finds it to be its own authority for its names', async () => {
  await using folder = await tempFolder();
  const made = selfSigned('Swarmbox 盒子', NAMES, Date.now());
  const path = join(folder.path, 'made.pem');
  await writeFile(path, made.certificate);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8' });
  assert.match(openssl('verify', '-CAfile', path, '-purpose', 'sslserver', path), /: OK/);
  for (const [flag, name] of [
    ['-verify_hostname', 'box.lan'],
    ['-verify_ip', '192.0.2.1'],
    ['-verify_ip', '2001:db8::1'],
    ['-verify_ip', 'fe80::1'],
  ] as const)
    assert.match(openssl('verify', '-CAfile', path, flag, name, path), /: OK/);
  assert.throws(() =>
    execFileSync('openssl', ['verify', '-CAfile', path, '-verify_hostname', 'other.lan', path], { stdio: 'pipe' }),
  );
  const text = openssl('x509', '-in', path, '-noout', '-text');
  assert.match(text, /Version: 3/);
  assert.match(text, /ecdsa-with-SHA256/);
  assert.match(text, /X509v3 Basic Constraints: critical\s+CA:FALSE/);
  assert.match(text, /X509v3 Key Usage: critical\s+Digital Signature\n/);
  assert.match(text, /TLS Web Server Authentication/);
  assert.doesNotMatch(text, /no such name/);
});

test('a TLS client that trusts it is let in under its names, and under no other', async () => {
  const { key, certificate } = selfSigned('one', ['box.lan'], Date.now());
  const server = createServer({ key, cert: certificate }, (socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const greet = (servername: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', ca: certificate, servername });
      socket.once('data', (data: Buffer) => resolve(data.toString()));
      socket.once('error', reject);
    });
  assert.equal(await greet('box.lan'), 'hello');
  await assert.rejects(greet('other.lan'), /altnames/);
  server.close();
});

test('it begins before now, as clocks differ, and ends soon enough for every browser', () => {
  for (const nowMs of [0, START_MS, Date.UTC(2049, 11, 30), Date.UTC(2060, 1, 1)]) {
    const { validFromMs, validUntilMs } = certificateFacts(selfSigned('one', [], nowMs).certificate);
    assert.ok(validFromMs < nowMs && validUntilMs > nowMs);
    assert.equal(validUntilMs - validFromMs, VALID_MS);
    assert.ok(VALID_MS <= 825 * 86_400_000);
  }
});

test('numbers, names and times as DER has them', () => {
  const hex = (bytes: Buffer) => bytes.toString('hex');
  assert.equal(hex(integer(Buffer.from('00', 'hex'))), '020100');
  assert.equal(hex(integer(Buffer.from('007f', 'hex'))), '02017f');
  assert.equal(hex(integer(Buffer.from('80', 'hex'))), '02020080');
  assert.equal(hex(oid('1.2.840.113549')), '06062a864886f70d');
  assert.equal(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1', 2), '491231235959Z');
  assert.equal(time(Date.UTC(2050, 0, 1)).toString('latin1', 2), '20500101000000Z');
  assert.equal(hex(addressBytes('::ffff:192.0.2.1')), '00000000000000000000ffffc0000201');
  fc.assert(fc.property(fc.ipV6(), (ip) => addressBytes(ip).length === 16));
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.string())), (names) => {
      new X509Certificate(selfSigned('x', names, START_MS).certificate);
    }),
    { numRuns: 30 },
  );
});

const good = selfSigned('own', ['own.example'], START_MS);
const problem = (over: Partial<KeyAndCertificate>, nowMs = START_MS) => {
  const found = ownCertificate({ ...good, ...over }, nowMs);
  return isRefusal(found) ? found.fields?.map(({ path, code }) => `${path} ${code}`).join() : 'good';
};

test('an own certificate is taken when it can be served, and else told what is wrong', () => {
  const other = selfSigned('other', [], START_MS);
  assert.equal(problem({}), 'good');
  assert.equal(problem({ certificate: good.certificate + other.certificate }), 'good');
  assert.equal(problem({ certificate: other.certificate + good.certificate }), 'key conflict');
  assert.equal(problem({ key: other.key }), 'key conflict');
  assert.equal(problem({}, START_MS + VALID_MS), 'certificate expired');
  assert.equal(problem({ certificate: 'x' }), 'certificate wrong-format');
  assert.equal(problem({ key: 'x' }), 'key wrong-format');
  assert.equal(problem({ certificate: good.certificate.repeat(11) }), 'certificate too-many');
  assert.equal(problem({ certificate: 'x'.repeat(65_537) }), 'certificate too-long');
  assert.equal(problem({ key: 'x'.repeat(16_385) }), 'key too-long');
  const locked = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  assert.equal(problem({ key: locked.privateKey }), 'key wrong-format');
  const ed = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.equal(problem({ key: ed }), 'key wrong-type');
});

test('no text as a certificate or a key makes it throw, however like one it looks', () => {
  const near = fc
    .tuple(fc.nat(good.certificate.length), fc.string({ unit: anyCharacter, maxLength: 4 }))
    .map(([at, what]) => good.certificate.slice(0, at) + what + good.certificate.slice(at + what.length));
  fc.assert(fc.property(near, (certificate) => typeof problem({ certificate }) === 'string'));
  fc.assert(fc.property(fc.string(), fc.string(), (certificate, key) => problem({ certificate, key }) !== 'good'));
});

test('it is made once, renewed before it ends or when the clock was wrong, and gives way to an own one', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  const open = () =>
    Certificates.open({ folder: folder.path, boxName: 'cafe', names: () => NAMES, clock, log: silentLog });
  const first = await open();
  let told = 0;
  first.onChange(() => told++);
  await first.renew();
  const made = first.current();
  assert.ok(first.madeByBox);
  assert.deepEqual(certificateFacts(made.certificate).names, ['box.lan', '192.0.2.1', '2001:db8::1', 'fe80::1']);
  assert.equal((await stat(join(folder.path, 'certificate.pem'))).mode & 0o777, 0o600);
  clock.atMs += VALID_MS / 2;
  const second = await open();
  await second.renew();
  assert.deepEqual(second.current(), made);
  clock.atMs += VALID_MS / 2 - 20 * 86_400_000;
  await second.renew();
  const renewed = second.current();
  assert.notEqual(renewed.certificate, made.certificate);
  // The box began with a clock of long ago, or of far away.
  clock.atMs = 0;
  await second.renew();
  assert.notEqual(second.current().certificate, renewed.certificate);
  clock.atMs = START_MS;
  await second.renew();
  assert.equal(told, 1);

  assert.ok(isRefusal(await second.useOwn({ ...good, key: 'x' })));
  assert.equal(await second.useOwn(good), undefined);
  assert.equal(second.current().certificate, good.certificate);
  const third = await open();
  assert.ok(!third.madeByBox);
  assert.equal(third.current().certificate, good.certificate);
  assert.equal((await stat(join(folder.path, 'own-certificate.pem'))).mode & 0o777, 0o600);
  // One that has ended is served until somebody does something about it.
  clock.atMs = START_MS + 2 * VALID_MS;
  assert.equal((await open()).current().certificate, good.certificate);
  await third.makeAnew();
  const fourth = await open();
  assert.ok(fourth.madeByBox);
  assert.deepEqual(fourth.current(), third.current());
});

test('another address makes another certificate of the same key, at once; with an own one nothing is made', async () => {
  await using folder = await tempFolder();
  let names: readonly string[] = ['box.lan', '192.0.2.1', '::ffff:192.0.2.9', 'fe80::1%eth0'];
  const clock = handClock();
  const open = () => Certificates.open({ folder: folder.path, boxName: '', names: () => names, clock, log: silentLog });
  const box = await open();
  await box.renew();
  const first = box.current();
  let told = 0;
  box.onChange(() => told++);
  await box.renew();
  names = ['192.0.2.1'];
  await box.renew();
  assert.deepEqual([told, box.current()], [0, first]);

  names = ['box.lan', '192.0.2.2'];
  await Promise.all([box.renew(), box.renew()]);
  const second = box.current();
  assert.equal(told, 1);
  assert.equal(second.key, first.key);
  assert.notEqual(second.certificate, first.certificate);
  assert.ok(new X509Certificate(second.certificate).verify(new X509Certificate(first.certificate).publicKey));
  assert.deepEqual(certificateFacts(second.certificate).names, names);
  assert.deepEqual((await open()).current(), second);

  assert.equal(await box.useOwn(good), undefined);
  names = ['192.0.2.3'];
  await box.renew();
  assert.deepEqual([told, box.current().certificate], [2, good.certificate]);
  await box.makeAnew();
  assert.notEqual(box.current().key, first.key);
  assert.deepEqual(certificateFacts(box.current().certificate).names, names);
});

test('a damaged file is no certificate: another one is made', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  const open = () => Certificates.open({ folder: folder.path, boxName: '', names: () => [], clock, log: silentLog });
  await (await open()).renew();
  const path = join(folder.path, 'certificate.pem');
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 300));
  const again = await open();
  assert.throws(() => again.current(), /bug:/);
  await again.renew();
  assert.match(again.current().certificate, /BEGIN CERTIFICATE/);
});
