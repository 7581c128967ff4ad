import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BROKER_LIMITS } from './broker-limits.ts';
import { ConfirmWindow, type Entry } from './confirm-window.ts';

const { unconfirmedMessages, unconfirmedBytes, waitingMessages, waitingBytes } = BROKER_LIMITS;

/** A window, and what it said to each message, in the order of their coming. */
function bench() {
  const window = new ConfirmWindow();
  const said: (Entry | undefined)[] = [];
  const inside: number[] = [];
  const enter = (bytes: number): void => {
    const at = said.push(undefined) - 1;
    window.enter(bytes, (entry) => {
      said[at] = entry;
      if (entry === 'go') inside.push(bytes);
    });
  };
  return { window, said, inside, enter };
}

test('what is inside and what waits each stay within their bounds, first come first served', () => {
  const bytes = fc.integer({ min: 0, max: BROKER_LIMITS.bodyBytes });
  const step = fc.oneof(
    { weight: 3, arbitrary: bytes },
    { weight: 1, arbitrary: fc.constantFrom('leave', 'hold', 'free') },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const { window, said, inside, enter } = bench();
      for (const what of steps) {
        if (typeof what === 'number') enter(what);
        else if (what !== 'leave') window.hold(what === 'hold');
        else if (inside.length > 0) window.leave(inside.shift() ?? 0);
        assert.equal(inside.length, window.unconfirmed);
        assert.ok(inside.length <= unconfirmedMessages);
        assert.ok(inside.length === 1 || inside.reduce((a, b) => a + b, 0) <= unconfirmedBytes);
        const [firstWaits, lastWent] = [said.indexOf(undefined), said.lastIndexOf('go')];
        assert.ok(firstWaits < 0 || lastWent < firstWaits, 'nobody overtakes');
      }
      window.hold(false);
      while (inside.length > 0) window.leave(inside.shift() ?? 0);
      assert.equal(window.waiting, 0);
    }),
  );
});

test('bytes and messages beyond what may wait are refused at once', () => {
  for (const [bytes, fits, waits] of [
    [0, unconfirmedMessages, waitingMessages],
    [2 ** 20, unconfirmedBytes / 2 ** 20, waitingBytes / 2 ** 20],
  ] as const) {
    const { window, said, enter } = bench();
    for (let i = 0; i < fits + waits + 1; i++) enter(bytes);
    assert.deepEqual([window.unconfirmed, window.waiting, said.at(-1)], [fits, waits, 'full']);
    window.leave(bytes);
    enter(bytes);
    assert.deepEqual([window.waiting, said.at(-1)], [waits, undefined]);
  }
});

test('when the connection goes nobody waits, and the next one starts with all its room', () => {
  const { window, said, inside, enter } = bench();
  window.hold(true);
  for (let i = 0; i < 3; i++) enter(10);
  assert.deepEqual(said, [undefined, undefined, undefined]);
  window.lose();
  assert.deepEqual(said, ['lost', 'lost', 'lost']);
  for (let i = 0; i < unconfirmedMessages; i++) enter(10);
  assert.equal(inside.length, unconfirmedMessages);
});
