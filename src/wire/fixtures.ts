import { env } from 'node:process';
import type { InfoHash } from '#base/units.ts';

/** How many strangers' inputs each fuzz test tries; `FUZZ_RUNS` raises it. */
export const fuzzRuns = Number(env.FUZZ_RUNS ?? 2000);

/** A made-up torrent: twenty times the same byte. */
export const hashOfByte = (byte: number): InfoHash => Buffer.alloc(20, byte).toString('hex') as InfoHash;

/** Cuts `bytes` at the given places, so that a test can feed them in pieces of any size. */
export function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? bytes.length);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
