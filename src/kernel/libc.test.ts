import assert from 'node:assert/strict';
import { resourceUsage } from 'node:process';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepFreedMemory } from './libc.ts';

const MIB = 1 << 20;
const PAGE_BYTES = 4096;
const ROUNDS = 6;
const PIECES = 48;

test('memory that was freed by the megabyte is had again without a page fault for each of its pages', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const faultsOfARound = (): number => {
    const before = resourceUsage().minorPageFault;
    for (let i = 0; i < PIECES; i++) Buffer.allocUnsafeSlow(MIB).fill(1);
    gc();
    return resourceUsage().minorPageFault - before;
  };
  //keep
  const faults = Array.from({ length: ROUNDS }, faultsOfARound);
  console.log(faults.join(" "));
  const pages = (PIECES * MIB) / PAGE_BYTES;
  assert.ok(Math.min(...faults) < pages / 4, `${faults.join(', ')} faults for ${pages} pages`);
});
