import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHashOf } from '#base/units.ts';
import { LIMITS } from './limits.ts';
import { Setbacks } from './setbacks.ts';

const idOf = (n: number) => infoHashOf(Buffer.alloc(20, n));
const ID = idOf(1);

test('each setback holds twice as long as the one before, up to a bound', () => {
  const setbacks = new Setbacks();
  let nowMs = 0;
  let lastMs = 0;
  for (let i = 0; i < 20; i++) {
    const forMs = setbacks.note(ID, nowMs);
    assert.equal(forMs, Math.min(LIMITS.setbackMostMs, lastMs * 2 || LIMITS.setbackMs));
    assert.ok(setbacks.holds(ID, nowMs + forMs - 1) && !setbacks.holds(ID, nowMs + forMs));
    nowMs += forMs;
    lastMs = forMs;
  }
  assert.equal(setbacks.holds(idOf(2), nowMs), false);
});

test('an agent that lived for long after its last setback begins anew', () => {
  const setbacks = new Setbacks();
  setbacks.note(ID, 0);
  const second = setbacks.note(ID, 2_000);
  assert.equal(setbacks.note(ID, 2_000 + second + LIMITS.setbackOverMs), LIMITS.setbackMs);
});

test('only so many are remembered', () => {
  const setbacks = new Setbacks();
  const ids = Array.from({ length: LIMITS.setbacks + 1 }, (_, i) => {
    const bytes = Buffer.alloc(20);
    bytes.writeUInt32BE(i);
    return infoHashOf(bytes);
  });
  for (const id of ids) setbacks.note(id, 0);
  assert.deepEqual(
    [ids[0], ids.at(-1)].map((id) => id && setbacks.holds(id, 1)),
    [false, true],
  );
});
