/** A log of written sectors, as QEMU's blklogwrites makes it. */
import { SECTOR } from './written-log.ts';

export const FLAGS = { flush: 1, fua: 2, discard: 4 };

export type Logged = {
  readonly sector?: number;
  readonly sectors?: number;
  readonly flags?: number;
  readonly data?: Buffer;
};

export function logBytes(entries: readonly Logged[]): Buffer {
  const head = Buffer.alloc(SECTOR);
  head.writeBigUInt64LE(0x6a736677736872n, 0);
  head.writeBigUInt64LE(1n, 8);
  head.writeBigUInt64LE(BigInt(entries.length), 16);
  head.writeUInt32LE(SECTOR, 24);
  const parts = entries.flatMap(({ sector = 0, data = Buffer.alloc(0), sectors = data.length / SECTOR, flags = 0 }) => {
    const entry = Buffer.alloc(SECTOR);
    for (const [i, number] of [sector, sectors, flags].entries()) entry.writeBigUInt64LE(BigInt(number), 8 * i);
    return [entry, data];
  });
  return Buffer.concat([head, ...parts]);
}
