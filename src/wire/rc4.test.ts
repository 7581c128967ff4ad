import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rc4 } from './rc4.ts';
import { borrowSlot, returnSlot, SLOT_BYTES } from './rc4-wasm.ts';

test('in place, in a slot or in ordinary memory, the bytes become what a copy would have', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: SLOT_BYTES }), { maxLength: 6 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 9 }), fc.boolean(), (cuts, offset, inSlot) => {
      const key = randomBytes(20);
      const [copying, inPlace] = [new Rc4(key, 1024), new Rc4(key, 1024)];
      const slot = borrowSlot() ?? assert.fail();
      for (const size of cuts) {
        const plain = randomBytes(Math.max(0, size - offset));
        const memory = (inSlot ? slot : Buffer.alloc(SLOT_BYTES)).subarray(offset, offset + plain.length);
        memory.set(plain);
        inPlace.applyInPlace(memory);
        assert.ok(memory.equals(copying.apply(plain)));
      }
      returnSlot(slot);
    }),
  );
});

test('a slot is lent to one at a time, and no other memory is lent as one', () => {
  const lent: Buffer[] = [];
  for (let slot = borrowSlot(); slot; slot = borrowSlot()) lent.push(slot);
  assert.equal(new Set(lent.map((slot) => slot.byteOffset)).size, lent.length);
  returnSlot(Buffer.alloc(SLOT_BYTES));
  assert.equal(borrowSlot(), undefined);
  // What others do meanwhile touches no slot.
  for (const [i, slot] of lent.entries()) slot.fill(i);
  new Rc4(randomBytes(20), 1024).apply(randomBytes(3 * SLOT_BYTES));
  for (const [i, slot] of lent.entries()) assert.ok(slot.every((byte) => byte === i));
  for (const slot of lent) returnSlot(slot);
  assert.equal(borrowSlot(), lent.at(-1), 'the one used last first');
  returnSlot(lent.at(-1) as Buffer);
});
