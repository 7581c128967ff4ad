import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodePrefix } from './bencode.ts';
import { parseMetainfo } from './metainfo.ts';
import { needsLayers } from './piece-layers.ts';

const CORPUS = new URL('../../../shared/corpus/torrents/', import.meta.url);
type Listed = {
  expect: 'valid' | 'invalid' | 'unlisted';
  v1_sha1_of_info?: string;
  sha256_of_info?: string;
  has_v1?: boolean;
  has_v2?: boolean;
  piece_length?: number;
};

/** Why each torrent that libtorrent refuses is refused here. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'bad_name.torrent': /comes twice/,
  'invalid_file_size.torrent': /no length/,
  'invalid_name.torrent': /no name/,
  'invalid_piece_len.torrent': /no piece length/,
  'invalid_symlink.torrent': /no usable path/,
  'many_pieces.torrent': /pieces are too many/,
  'missing_piece_len.torrent': /no piece length/,
  'negative_piece_len.torrent': /no piece length/,
  'no_name.torrent': /no name/,
  'string.torrent': /no info dictionary/,
  'v2-multi-piece.torrent': /ends early/,
  'v2_bad_file_alignment.torrent': /the hybrid puts test\/stress_test2 at two places/,
  'v2_invalid_pad_file.torrent': /padding/,
  'v2_invalid_piece_layer_root.torrent': /no file|does not hash/,
  // libtorrent takes this one, and fails when it checks the files; the manifest leaves it open.
  'v2_invalid_root_hash.torrent': /does not hash/,
  'v2_large_offset.torrent': /pieces are too many/,
  'v2_missing_file_root_invalid_symlink.torrent': /no pieces root/,
  'v2_no_power2_piece.torrent': /power of two/,
  'v2_piece_layer_invalid_file_hash.torrent': /belongs to no file/,
  'v2_unordered_files.torrent': /not sorted/,
  'v2_zero_root_small.torrent': /no pieces root/,
  'zero.torrent': /no bytes/,
};
/** v2 torrents whose layers must come from the swarm. */
const WITHOUT_LAYERS = new Set(['v2_incomplete_piece_layer.torrent']);

test('the corpus of real and broken torrents is judged as libtorrent judges it', (t) => {
  if (!existsSync(new URL('manifest.json', CORPUS))) return t.skip('the corpus of torrents is not here');
  const manifest = JSON.parse(readFileSync(new URL('manifest.json', CORPUS), 'utf8')) as Record<string, Listed>;
  const files = readdirSync(CORPUS).filter((file) => file.endsWith('.torrent'));
  assert.ok(files.length >= Object.keys(manifest).length);
  for (const file of files) {
    const bytes = readFileSync(new URL(file, CORPUS));
    const read = parseMetainfo(bytes);
    const refusal = REFUSED[file];
    if (refusal) {
      assert.ok(
        read.kind === 'bad' && refusal.test(read.why),
        `${file}: ${read.kind === 'bad' ? read.why : 'it is read'}`,
      );
      assert.notEqual(manifest[file]?.expect, 'valid', file);
      continue;
    }
    assert.ok(read.kind === 'ok', `${file}: ${read.kind === 'bad' ? read.why : ''}`);
    assert.notEqual(manifest[file]?.expect, 'invalid', file);
    assert.equal(needsLayers(read.value), WITHOUT_LAYERS.has(file), file);
    const listed = manifest[file];
    if (!listed) continue;
    const { version, ids, infoBytes } = read.value;
    assert.equal(version, listed.has_v2 ? (listed.has_v1 ? 'hybrid' : 'v2') : 'v1', file);
    const names = [listed.v1_sha1_of_info, listed.sha256_of_info?.slice(0, 40)];
    assert.deepEqual(ids, version === 'hybrid' ? names : [names[version === 'v1' ? 0 : 1]], file);
    assert.equal(createHash('sha256').update(infoBytes).digest('hex'), listed.sha256_of_info, file);
    assert.equal(read.value.pieceLength, listed.piece_length, file);
    assert.equal(
      read.value.files.reduce((sum, f) => sum + f.lengthBytes, 0),
      read.value.totalBytes,
      file,
    );
  }
});

test('the names of torrents that are refused are right too', (t) => {
  if (!existsSync(new URL('manifest.json', CORPUS))) return t.skip('the corpus of torrents is not here');
  const manifest = JSON.parse(readFileSync(new URL('manifest.json', CORPUS), 'utf8')) as Record<string, Listed>;
  for (const [file, listed] of Object.entries(manifest)) {
    if (!listed.sha256_of_info) continue;
    const bytes = readFileSync(new URL(file, CORPUS));
    const read = decodePrefix(bytes, { keys: 'any-order', weight: 100_000 });
    const span = read.kind === 'ok' ? read.value.spans.get('info') : undefined;
    if (!span) {
      assert.match(REFUSED[file]?.source ?? '', /comes twice/, file);
      continue;
    }
    const hex = (algorithm: string): string =>
      createHash(algorithm).update(bytes.subarray(span.start, span.end)).digest('hex');
    assert.deepEqual([hex('sha1'), hex('sha256')], [listed.v1_sha1_of_info, listed.sha256_of_info], file);
  }
});
