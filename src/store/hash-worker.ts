// Runs in a worker thread: digests of the payload inside a piece buffer. The buffer travels, it is never copied.
import { parentPort } from 'node:worker_threads';
import { KIB } from '#base/units.ts';
import { type Digests, digestsOf, type HashWork } from './digests.ts';
import type { HashAnswer, HashJob } from './hash-pool.ts';

const zeros = Buffer.alloc(16 * KIB);
/** Digests of so many zero bytes, for the last few kinds of piece asked for: a torrent has one or two. */
const zeroDigests = new Map<string, Digests>();
const ZERO_DIGESTS = 16;

function isZero(part: Buffer): boolean {
  for (let at = 0; at < part.length; at += zeros.length) {
    const slice = part.subarray(at, at + zeros.length);
    if (!slice.equals(zeros.subarray(0, slice.length))) return false;
  }
  return true;
}

/** A hole in a sparse file reads as zeros. Seeing that costs a tenth of a hash, and real data shows itself at once. */
function digest(parts: Buffer[], work: HashWork): Digests {
  if (!parts.every(isZero)) return digestsOf(parts, work);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const kind = `${length} ${work.sha1} ${work.sha256} ${work.merkle?.leaves} ${work.merkle?.dataBytes}`;
  const known = zeroDigests.get(kind);
  if (known) return known;
  if (zeroDigests.size >= ZERO_DIGESTS) zeroDigests.clear();
  const made = digestsOf(parts, work);
  zeroDigests.set(kind, made);
  return made;
}

parentPort?.on('message', ({ buffer, ranges, work }: HashJob) => {
  const parts: Buffer[] = [];
  for (let i = 0; i < ranges.length; i += 2) parts.push(Buffer.from(buffer, ranges[i], ranges[i + 1]));
  const answer: HashAnswer = { buffer, digests: digest(parts, work) };
  parentPort?.postMessage(answer, [buffer]);
});
