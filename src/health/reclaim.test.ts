import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MIB } from '#base/units.ts';
import { keepFreedMemory } from '#kernel/libc.ts';
import { reclaim } from './reclaim.ts';

const PIECES = 1_000;
const PIECE_BYTES = MIB / 4;

/** Pieces in memory, and between them small things that stay: returns those. */
function fill(): { readonly stays: Buffer[]; readonly peakBytes: number } {
  const [pieces, stays]: [Buffer[], Buffer[]] = [[], []];
  for (let i = 0; i < PIECES; i++) {
    pieces.push(Buffer.allocUnsafeSlow(PIECE_BYTES).fill(1));
    stays.push(Buffer.allocUnsafeSlow(300).fill(2));
  }
  return { stays, peakBytes: process.memoryUsage.rss() };
}

test('the machine gets back what many pieces took, though small things lie between', async () => {
  keepFreedMemory();
  const { stays, peakBytes } = fill();
  await turn();
  reclaim();
  const backBytes = peakBytes - process.memoryUsage.rss();
  assert.ok(backBytes > (PIECES * PIECE_BYTES) / 2, `${backBytes} bytes`);
  assert.equal(stays.length, PIECES);
});
