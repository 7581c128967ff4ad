import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { infoHashOf } from '#base/units.ts';
import { LIMITS } from './limits.ts';
import {
  idOf,
  type Manifest,
  openManifest,
  signingKey,
  signManifest,
  type TrustedKey,
  verifyingKey,
} from './manifest.ts';

const pair = () => generateKeyPairSync('ed25519');
const central = pair();
const vendor = pair();
const trusted: readonly TrustedKey[] = [
  { key: central.publicKey, kinds: ['files'] },
  { key: vendor.publicKey, kinds: ['firmware'] },
];
const manifest: Manifest = {
  v: 1,
  kind: 'files',
  name: '游戏补丁 7.2',
  rev: 3,
  createdMs: 1_790_000_000_000,
  sizeBytes: 1_000_000,
  fileCount: 2,
  pieceLength: 65_536,
  infoHash: infoHashOf(Buffer.alloc(20, 7)),
  seedSha256: 'ab'.repeat(32),
  seedBytes: 900,
};
const firmware: Manifest = {
  ...manifest,
  kind: 'firmware',
  firmware: { compatible: 'swarmbox-x86', version: '1.4.0' },
};

test('what was signed is read again, and its name is the hash of its bytes', () => {
  const signed = signManifest(manifest, central.privateKey);
  assert.deepEqual(openManifest(signed, trusted), { kind: 'ok', value: manifest });
  assert.match(idOf(signed.bytes), /^[0-9a-f]{64}$/);
  assert.equal(idOf(signed.bytes), idOf(signManifest(manifest, central.privateKey).bytes));
  assert.deepEqual(openManifest(signManifest(firmware, vendor.privateKey), trusted), { kind: 'ok', value: firmware });
});

test('one bit changed anywhere, and nobody that is trusted signed it', () => {
  const { bytes, signature } = signManifest(manifest, central.privateKey);
  const bits = fc.nat((bytes.length + signature.length) * 8 - 1);
  fc.assert(
    fc.property(bits, (bit) => {
      const all = Buffer.concat([bytes, signature]);
      all[bit >> 3] = (all[bit >> 3] as number) ^ (1 << (bit & 7));
      const forged = { bytes: all.subarray(0, bytes.length), signature: all.subarray(bytes.length) };
      assert.equal(openManifest(forged, trusted).kind, 'bad');
    }),
  );
});

test('a stranger’s key signs nothing, and no key signs what it is not for', () => {
  const why = (of: Manifest, key = central.privateKey): string | undefined => {
    const read = openManifest(signManifest(of, key), trusted);
    return read.kind === 'bad' ? read.why : undefined;
  };
  assert.equal(why(manifest, pair().privateKey), 'nobody that is trusted signed the manifest');
  assert.equal(why(firmware), "the manifest's key may not sign firmware");
  assert.equal(why(manifest, vendor.privateKey), "the manifest's key may not sign files");
  const { bytes, signature } = signManifest(manifest, central.privateKey);
  assert.equal(openManifest({ bytes, signature: signature.subarray(1) }, trusted).kind, 'bad');
  assert.equal(openManifest({ bytes, signature: Buffer.alloc(0) }, trusted).kind, 'bad');
});

test('a manifest that nobody would read is not signed', () => {
  const wrong: [Partial<Record<keyof Manifest, unknown>>, string][] = [
    [{ v: 2 }, 'version 2'],
    [{ kind: 'music' }, 'kind'],
    [{ name: '' }, 'name'],
    [{ name: 'a\nb' }, 'name'],
    [{ name: 'x'.repeat(LIMITS.nameChars + 1) }, 'name'],
    [{ rev: 0 }, 'rev'],
    [{ rev: 1.5 }, 'rev'],
    [{ sizeBytes: 0 }, 'sizeBytes'],
    [{ pieceLength: LIMITS.leastPieceBytes - 1 }, 'pieceLength'],
    [{ infoHash: 'zz' }, 'infoHash'],
    [{ seedSha256: 'AB'.repeat(32) }, 'seedSha256'],
    [{ seedBytes: LIMITS.seedBytes + 1 }, 'seedBytes'],
    [{ kind: 'firmware' }, 'which firmware'],
  ];
  for (const [over, what] of wrong)
    assert.throws(
      () => signManifest({ ...manifest, ...over } as Manifest, central.privateKey),
      (error: Error) => error.message.includes(what),
      what,
    );
});

test('only Ed25519 keys sign', () => {
  const pem = (key: { export(o: object): string | Buffer }, type: string): string =>
    String(key.export({ type, format: 'pem' }));
  assert.equal(signingKey(pem(central.privateKey, 'pkcs8')).asymmetricKeyType, 'ed25519');
  assert.equal(verifyingKey(pem(central.publicKey, 'spki')).asymmetricKeyType, 'ed25519');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.throws(() => signingKey(pem(other.privateKey, 'pkcs8')), /Ed25519/);
});

test('any bytes are answered, whoever signed them', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const signed = { bytes: Buffer.from(bytes), signature: Buffer.alloc(64) };
        assert.equal(openManifest(signed, trusted).kind, 'bad');
      },
    ),
  );
});
