/** The hash pool with one worker, a few pieces under way as in the daemon. argv: piece bytes, ms. Says `{"MBps":n}`. */
import { randomFillSync } from 'node:crypto';
import { argv, exit } from 'node:process';
import { silentLog } from '#base/log.ts';
import { HashPool } from '#store/hash-pool.ts';
import { FramedPiece } from '#wire/framed-piece.ts';

const UNDER_WAY = 4;

const [pieceBytes = 0, ms = 0] = argv.slice(2).map(Number);
const pool = new HashPool({ workers: 1, log: silentLog });

/** Hashes the same piece again and again: its buffer travels to the worker and back each time. */
async function hashUntil(endMs: number): Promise<number> {
  const piece = FramedPiece.allocate(0, pieceBytes);
  randomFillSync(piece.buffer);
  let memory = piece.buffer.buffer as ArrayBuffer;
  let bytes = 0;
  while (performance.now() < endMs) {
    const hashed = await pool.digest(FramedPiece.adopt(0, pieceBytes, memory));
    if (hashed.kind === 'failed') throw hashed.error;
    memory = hashed.buffer;
    bytes += pieceBytes;
  }
  return bytes;
}

await hashUntil(performance.now() + ms / 4);
const start = performance.now();
const sums = await Promise.all(Array.from({ length: UNDER_WAY }, () => hashUntil(start + ms)));
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ MBps: sums.reduce((a, b) => a + b, 0) / 1e6 / seconds }));
await pool.close();
exit(0);
