import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makePayload, type Payload, SeededBytes, wrongFiles } from './payload.ts';

const dirs: string[] = [];
after(() => Promise.all(dirs.map((d) => rm(d, { recursive: true }))));

async function made(seed: string): Promise<Payload> {
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-payload-'));
  dirs.push(dir);
  return makePayload({ dir, totalBytes: 300_000, pieceBytes: 32_768, seed, trackers: ['http://t/a', 'udp://t:1/a'] });
}

test('the same seed makes the same torrent, another seed another', async () => {
  const [a, b, c] = [await made('x'), await made('x'), await made('y')];
  assert.equal(a.infoHash, b.infoHash);
  assert.notEqual(a.infoHash, c.infoHash);
  assert.deepEqual(a.files, b.files);
});

test('the torrent file hashes the pieces of the files laid end to end', async () => {
  const p = await made('pieces');
  const all = Buffer.concat(await Promise.all(p.files.map((f) => readFile(join(p.dir, f.path)))));
  assert.equal(all.length, 300_000);
  const hashes = Array.from({ length: Math.ceil(all.length / 32_768) }, (_, i) =>
    createHash('sha1')
      .update(all.subarray(i * 32_768, (i + 1) * 32_768))
      .digest(),
  );
  const torrent = await readFile(p.torrentPath);
  assert.ok(torrent.includes(Buffer.concat([Buffer.from(`6:pieces${hashes.length * 20}:`), ...hashes])));
  const info = torrent.subarray(torrent.indexOf('4:info') + 6, torrent.length - 1);
  assert.equal(createHash('sha1').update(info).digest('hex'), p.infoHash);
  assert.match(p.magnet, new RegExp(`btih:${p.infoHash}&tr=http`));
});

test('one changed byte or an absent file is found', async () => {
  const p = await made('changed');
  assert.deepEqual(await wrongFiles(p, p.dir), []);
  const [first, second] = p.files.map((f) => f.path) as [string, string];
  await using file = await open(join(p.dir, first), 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 1000);
  await file.write(Buffer.from([(buffer[0] as number) ^ 1]), 0, 1, 1000);
  await rm(join(p.dir, second));
  assert.deepEqual(await wrongFiles(p, p.dir), [first, second]);
  await writeFile(join(p.dir, second), '');
  assert.deepEqual(await wrongFiles(p, p.dir), [first, second]);
});

test('seeded bytes do not depend on how they are taken', () => {
  const [a, b] = [new SeededBytes('s'), new SeededBytes('s')];
  assert.deepEqual(a.take(1000), Buffer.concat([b.take(1), b.take(700), b.take(299)]));
});
