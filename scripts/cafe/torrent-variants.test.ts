import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseMetainfo } from '#wire/metainfo.ts';
import { makePayload } from './payload.ts';
import { magnetWith, writeVariant } from './torrent-variants.ts';

test('a torrent with other trackers is the same torrent', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'variants-'));
  try {
    const settings = { totalBytes: 100_000, pieceBytes: 16_384, seed: 'variants' };
    const payload = await makePayload({ dir, ...settings, trackers: ['http://192.0.2.1/announce'] });
    const path = join(dir, 'other.torrent');
    await writeVariant(payload.torrentPath, path, ['http://[2001:db8::1]/announce', 'udp://192.0.2.2:1']);
    const other = await readFile(path);
    const parsed = parseMetainfo(other);
    assert.equal(parsed.kind === 'ok' && parsed.value.infoHash, payload.infoHash);
    const tiers = 'll29:http://[2001:db8::1]/announceel17:udp://192.0.2.2:1ee';
    assert.ok(other.includes(`d8:announce29:http://[2001:db8::1]/announce13:announce-list${tiers}4:info`));
    await writeVariant(path, path, []);
    assert.ok((await readFile(path, 'latin1')).startsWith('d4:info'));
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a magnet link with other trackers', () => {
  const link = 'magnet:?xt=urn:btih:aa&tr=http%3A%2F%2Fa&tr=udp%3A%2F%2Fb';
  assert.equal(
    magnetWith(link, ['http://[::1]/announce']),
    'magnet:?xt=urn:btih:aa&tr=http%3A%2F%2F%5B%3A%3A1%5D%2Fannounce',
  );
  assert.equal(magnetWith(link, []), 'magnet:?xt=urn:btih:aa');
});
