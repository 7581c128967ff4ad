/**
 * The hash pool with one worker, a few pieces under way as in the daemon: SHA-1 (v1) and the merkle tree (v2) by turns.
 * argv: piece bytes, ms for each. Says `{"sha1MBps":n,"merkleMBps":n}`.
 */
import { randomFillSync } from 'node:crypto';
import { argv, exit } from 'node:process';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import type { HashWork } from '#store/digests.ts';
import { HashPool } from '#store/hash-pool.ts';
import { FramedPiece } from '#wire/framed-piece.ts';

const UNDER_WAY = 4;
const TURNS = 8;

const [pieceBytes = 0, ms = 0] = argv.slice(2).map(Number);
const pool = new HashPool({ workers: 1, log: silentLog });
const SHA1: HashWork = { sha1: true, merkle: undefined };
const MERKLE: HashWork = { sha1: false, merkle: { leaves: pieceBytes / BLOCK_BYTES, dataBytes: pieceBytes } };

/** Hashes the same piece again and again: its buffer travels to the worker and back each time. */
async function hashUntil(endMs: number, work: HashWork): Promise<number> {
  const piece = FramedPiece.allocate(0, pieceBytes);
  randomFillSync(piece.buffer);
  let memory = piece.buffer.buffer as ArrayBuffer;
  let bytes = 0;
  while (performance.now() < endMs) {
    const hashed = await pool.digest(FramedPiece.adopt(0, pieceBytes, memory), work);
    if (hashed.kind === 'failed') throw hashed.error;
    memory = hashed.buffer;
    bytes += pieceBytes;
  }
  return bytes;
}

/** Bytes per microsecond (MB/s) over one turn. */
async function turn(work: HashWork, turnMs: number): Promise<number> {
  const start = performance.now();
  const sums = await Promise.all(Array.from({ length: UNDER_WAY }, () => hashUntil(start + turnMs, work)));
  return sums.reduce((a, b) => a + b, 0) / 1000 / (performance.now() - start);
}

await turn(SHA1, ms / 4);
await turn(MERKLE, ms / 4);
const sums = { sha1: 0, merkle: 0 };
for (let i = 0; i < TURNS; i++) {
  sums.sha1 += await turn(SHA1, ms / TURNS);
  sums.merkle += await turn(MERKLE, ms / TURNS);
}
console.log(JSON.stringify({ sha1MBps: sums.sha1 / TURNS, merkleMBps: sums.merkle / TURNS }));
await pool.close();
exit(0);
