// Runs in a worker thread: SHA-1 of the payload inside a piece buffer. The buffer travels, it is never copied.
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { KIB } from '#base/units.ts';
import type { HashAnswer, HashJob } from './hash-pool.ts';

const zeros = Buffer.alloc(16 * KIB);
/** Digest of so many zero bytes, for the last few lengths asked for: a torrent has one or two. */
const zeroDigests = new Map<number, Uint8Array>();
const ZERO_DIGESTS = 16;

function isZero(part: Buffer): boolean {
  for (let at = 0; at < part.length; at += zeros.length) {
    const slice = part.subarray(at, at + zeros.length);
    if (!slice.equals(zeros.subarray(0, slice.length))) return false;
  }
  return true;
}

function digest(parts: Buffer[]): Uint8Array<ArrayBuffer> {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

/** A hole in a sparse file reads as zeros. Seeing that costs a tenth of a hash, and real data shows itself at once. */
function digestOf(parts: Buffer[]): Uint8Array {
  if (!parts.every(isZero)) return digest(parts);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const known = zeroDigests.get(length);
  if (known) return known;
  if (zeroDigests.size >= ZERO_DIGESTS) zeroDigests.clear();
  const made = digest(parts);
  zeroDigests.set(length, made);
  return made;
}

parentPort?.on('message', ({ buffer, ranges }: HashJob) => {
  const parts: Buffer[] = [];
  for (let i = 0; i < ranges.length; i += 2) parts.push(Buffer.from(buffer, ranges[i], ranges[i + 1]));
  const answer: HashAnswer = { buffer, digest: digestOf(parts) };
  parentPort?.postMessage(answer, [buffer]);
});
