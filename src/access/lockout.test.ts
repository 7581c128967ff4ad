import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lockout } from './lockout.ts';

/** Tries from one place, `everyMs` apart; how many were looked at. */
function hammer(lockout: Lockout, account: string, sender: string, tries: number, everyMs: number, fromMs = 0): number {
  let looked = 0;
  for (let at = 0; at < tries; at++) {
    const begun = lockout.begin(account, sender, fromMs + at * everyMs);
    if ('slowMs' in begun) looked++;
  }
  return looked;
}

test('a thousand wrong passwords lock the sender out, and nobody else', () => {
  const lockout = new Lockout();
  assert.ok(hammer(lockout, 'ada', 'a', 1000, 100) < 15);
  assert.ok('locked' in lockout.begin('ada', 'a', 100_000));
  assert.deepEqual(lockout.begin('ada', 'b', 100_000), { slowMs: 0 });
});

test('a sender who guesses at many accounts is locked out of all of them', () => {
  const lockout = new Lockout();
  let looked = 0;
  for (let at = 0; at < 1000; at++) looked += 'slowMs' in lockout.begin(`account${at}`, 'a', at * 10) ? 1 : 0;
  assert.ok(looked < 20, String(looked));
  assert.ok('locked' in lockout.begin('ada', 'a', 10_000));
});

test('many who guess at one account slow it down for strangers, never for whoever came from there before', () => {
  const lockout = new Lockout();
  const home = lockout.begin('ada', 'home', 0);
  assert.deepEqual(home, { slowMs: 0 });
  lockout.succeeded('ada', 'home');
  for (let at = 0; at < 500; at++) lockout.begin('ada', `bot${at}`, at);
  assert.deepEqual(lockout.begin('ada', 'away', 500), { slowMs: 3000 });
  assert.deepEqual(lockout.begin('ada', 'home', 500), { slowMs: 0 });
  for (let at = 0; at < 50; at++) lockout.wrongCode('ada', 500);
  assert.equal(lockout.codeWaitMs('ada', 'away', 500), 20_000);
  assert.equal(lockout.codeWaitMs('ada', 'home', 500), 0);
});

test('an account of its own washes no sender clean who guesses at another', () => {
  const lockout = new Lockout();
  let looked = 0;
  for (let at = 0; at < 1000; at++) {
    const own = lockout.begin('mallory', 'a', at * 100);
    if ('slowMs' in own) lockout.succeeded('mallory', 'a');
    looked += 'slowMs' in lockout.begin(`victim${at % 7}`, 'a', at * 100) ? 1 : 0;
  }
  assert.ok(looked < 25, String(looked));
});

test('who waits as long as was said is looked at again, and a mistake or two cost nothing', () => {
  const lockout = new Lockout();
  for (let at = 0; at < 5; at++) {
    const begun = lockout.begin('ada', 'a', at);
    assert.ok('slowMs' in begun, String(at));
  }
  assert.equal(lockout.waitMs('ada', 'a', 5), 0);
  lockout.begin('ada', 'a', 5);
  const { locked } = lockout.begin('ada', 'a', 6) as { locked: number };
  assert.ok(locked > 0 && locked <= 1000);
  assert.ok('slowMs' in lockout.begin('ada', 'a', 6 + locked));
});

test('a clock set back by years locks nobody out for years', () => {
  const lockout = new Lockout();
  const later = 50 * 365 * 86_400_000;
  hammer(lockout, 'ada', 'a', 100, 1, later);
  const begun = lockout.begin('ada', 'a', 1000) as { locked: number };
  assert.ok(begun.locked <= 900_000);
  assert.ok('slowMs' in lockout.begin('ada', 'a', 1000 + begun.locked));
});

const place = fc.record({
  account: fc.constantFrom('ada', 'bob', 'eve', 'nobody'),
  sender: fc.integer({ min: 0, max: 400 }).map(String),
  afterMs: fc.integer({ min: 0, max: 5_000 }),
  how: fc.constantFrom('wrong', 'wrong', 'wrong', 'right', 'taken-back', 'wrong-code'),
});

test('whatever others do, the right password from elsewhere waits some seconds at most, and from a known place not at all', () => {
  fc.assert(
    fc.property(fc.array(place, { maxLength: 400 }), (steps) => {
      const lockout = new Lockout();
      lockout.know('ada', 'home');
      let nowMs = 0;
      for (const { account, sender, afterMs, how } of steps) {
        nowMs += afterMs;
        const begun = lockout.begin(account, sender, nowMs);
        if ('locked' in begun) continue;
        if (how === 'right') lockout.succeeded(account, sender);
        if (how === 'taken-back') lockout.takeBack(account, sender);
        if (how === 'wrong-code') lockout.wrongCode(account, nowMs);
        assert.ok(begun.slowMs <= 3000);
      }
      const stranger = lockout.begin('ada', 'away', nowMs);
      assert.ok('slowMs' in stranger && stranger.slowMs <= 3000, JSON.stringify(stranger));
      assert.ok(lockout.codeWaitMs('ada', 'away', nowMs) <= 20_000);
      assert.deepEqual(lockout.begin('ada', 'home', nowMs), { slowMs: 0 });
      assert.equal(lockout.codeWaitMs('ada', 'home', nowMs), 0);
    }),
  );
});

test('however one sender spreads its tries over time and accounts, few are looked at', () => {
  const tries = fc.array(
    fc.record({ account: fc.constantFrom('ada', 'bob', 'eve'), afterMs: fc.integer({ min: 0, max: 20_000 }) }),
    { minLength: 200, maxLength: 600 },
  );
  fc.assert(
    fc.property(tries, (steps) => {
      const lockout = new Lockout();
      let [nowMs, looked] = [0, 0];
      for (const { account, afterMs } of steps) {
        nowMs += afterMs;
        if ('slowMs' in lockout.begin(account, 'a', nowMs)) looked++;
      }
      // Ten for nothing, some while the waits are short, and then one as one drains.
      assert.ok(looked <= 20 + nowMs / 60_000, `${looked} in ${nowMs} ms`);
    }),
  );
});

test('what is remembered of a hundred thousand senders is bounded', () => {
  const lockout = new Lockout();
  for (let at = 0; at < 100_000; at++) lockout.begin(`account${at}`, `sender${at}`, at);
  for (let at = 0; at < 2_000; at++) lockout.know('ada', `sender${at}`);
  assert.ok(lockout.size <= 10_000, String(lockout.size));
});
