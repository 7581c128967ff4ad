import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { gappedMaker, hybridSampleOf, payloadOf, pieceWith } from './fixtures.ts';
import { HashPool } from './hash-pool.ts';
import { PieceProof } from './piece-proof.ts';
import type { PieceCheck, TaskShape } from './task-store.ts';

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

test('where SHA-256 is known, too, a piece must pass it besides SHA-1', async () => {
  const hashes = new HashPool({ workers: 1, log: silentLog });
  const { shape, payload, piece } = hybridSampleOf([randomBytes(BLOCK_BYTES + 7)], 2 * BLOCK_BYTES);
  const [sha1] = shape.checksOf(0);
  const kindBy = async (bytes: Uint8Array) => {
    const sha256: PieceCheck = { kind: 'sha256', digest: createHash('sha256').update(bytes).digest() };
    assert.ok(sha1?.kind === 'sha1');
    const proof = new PieceProof({ maker: gappedMaker, hashes }, { ...shape, checksOf: () => [sha1, sha256] });
    return (await proof.of(piece(0), payload(0).length)).kind;
  };
  assert.equal(await kindBy(payload(0)), 'all');
  assert.equal(await kindBy(randomBytes(9)), 'some');
  await hashes.close();
});
