import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { gappedMaker, hybridSampleOf, payloadOf, pieceWith } from './fixtures.ts';
import { HashPool } from './hash-pool.ts';
import { PieceProof } from './piece-proof.ts';
import type { TaskShape } from './task-store.ts';

test('pieces are verified by all that is known, which may become more and never less', async () => {
  const hashes = new HashPool({ workers: 1, log: silentLog });
  const hybrid = hybridSampleOf([randomBytes(2 * BLOCK_BYTES)], 2 * BLOCK_BYTES);
  const only = (kind: 'sha1' | 'merkle'): TaskShape => ({
    ...hybrid.shape,
    checksOf: (index) => hybrid.shape.checksOf(index).filter((check) => check.kind === kind),
  });
  const proof = new PieceProof({ maker: gappedMaker, hashes }, only('sha1'));
  const kindOf = async (bytes: Buffer) => (await proof.of(pieceWith(0, bytes), bytes.length)).kind;
  const good = hybrid.payload(0);
  assert.equal(await kindOf(good), 'all');
  assert.equal(await kindOf(randomBytes(good.length)), 'none');
  assert.deepEqual([proof.describe(only('merkle')), proof.describe(only('sha1'))], [false, false]);
  // Layers of other bytes: the torrent contradicts itself.
  const [sha1] = hybrid.shape.checksOf(0);
  const [, merkle] = hybridSampleOf([randomBytes(good.length)], good.length).shape.checksOf(0);
  assert.ok(sha1 && merkle);
  assert.equal(proof.describe({ ...hybrid.shape, checksOf: () => [sha1, merkle] }), true);
  assert.equal(await kindOf(good), 'some');
  const whole = new PieceProof({ maker: gappedMaker, hashes }, hybrid.shape);
  const proven = await whole.of(hybrid.piece(0), good.length);
  assert.ok(proven.kind === 'all' && payloadOf(proven.piece).equals(good), 'it has come back from the worker');
  await hashes.close();
});
