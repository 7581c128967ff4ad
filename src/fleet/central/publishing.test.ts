import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { openManifest } from '../manifest.ts';
import { openSeed } from '../seed.ts';
import { PieceFiles } from '../swarm/piece-files.ts';
import { PublishError, readPublication } from './publishing.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const sign = { key: privateKey, rev: () => 4, nowMs: 1_790_000_000_000 };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-publish-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a folder is published as it is, signed, in an order of its own, and its originals are its pieces', async (t) => {
  const folder = folderFor(t);
  mkdirSync(join(folder, '补丁 7', 'b'), { recursive: true });
  writeFileSync(join(folder, '补丁 7', 'b', '2.bin'), Buffer.alloc(100_000, 2));
  writeFileSync(join(folder, '补丁 7', 'a.bin'), Buffer.alloc(70_000, 1));
  writeFileSync(join(folder, '补丁 7', 'empty'), '');
  const {
    id,
    manifest,
    signed,
    seed,
    seedBytes,
    folder: root,
  } = await readPublication({ path: join(folder, '补丁 7') }, sign);
  assert.deepEqual([manifest.name, manifest.rev, manifest.sizeBytes, manifest.fileCount], ['补丁 7', 4, 170_000, 3]);
  const opened = openManifest(signed, [{ key: publicKey, kinds: ['files'] }]);
  assert.deepEqual(opened, { kind: 'ok', value: manifest });
  assert.equal(openSeed(seedBytes, manifest).kind, 'ok');
  assert.deepEqual(
    seed.meta.files.map(({ path }) => path.join('/')),
    ['补丁 7/a.bin', '补丁 7/b/2.bin', '补丁 7/empty'],
  );
  await using files = await PieceFiles.open(seed, root, silentLog);
  assert.ok(files.whole);
  const again = await readPublication({ path: join(folder, '补丁 7') }, sign);
  assert.equal(again.id, id, 'the same again is the same');
});

test('a file alone keeps its name, and a bundle says what it is for', async (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, 'box.raucb'), Buffer.alloc(10, 1));
  const firmware = { compatible: 'swarmbox-x86', version: '1.5.0' };
  const { manifest, seed } = await readPublication(
    { path: join(folder, 'box.raucb'), name: 'firmware', kind: 'firmware', firmware },
    sign,
  );
  assert.deepEqual(
    [manifest.name, manifest.kind, manifest.firmware, seed.meta.name],
    ['firmware', 'firmware', firmware, 'box.raucb'],
  );
});

test('a folder with one file stays a folder', async (t) => {
  const folder = folderFor(t);
  mkdirSync(join(folder, '补丁'));
  writeFileSync(join(folder, '补丁', '更新.bin'), 'x');
  const { seed, folder: root } = await readPublication({ path: join(folder, '补丁') }, sign);
  assert.deepEqual(seed.meta.files[0]?.path, ['补丁', '更新.bin']);
  await using files = await PieceFiles.open(seed, root, silentLog);
  assert.ok(files.whole);
});

test('what cannot be distributed is told of', async (t) => {
  const folder = folderFor(t);
  const refused = (path: string, why: RegExp) =>
    assert.rejects(
      readPublication({ path: join(folder, path) }, sign),
      (error) => error instanceof PublishError && why.test(error.message),
    );
  await refused('nothing', /is not there/);
  mkdirSync(join(folder, 'empty'));
  await refused('empty', /holds no files/);
  writeFileSync(join(folder, 'empty', 'file'), '');
  await refused('empty', /holds no bytes/);
  mkdirSync(join(folder, 'links'));
  symlinkSync('/etc/passwd', join(folder, 'links', 'x'));
  await refused('links', /neither a file nor a folder/);
  mkdirSync(join(folder, 'names'));
  writeFileSync(join(folder, 'names', 'a\\b'), 'x');
  await refused('names', /not every system can keep/);
});
